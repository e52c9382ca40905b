"""A host that lies: its true replies, with one value after the other replaced by nonsense."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fakes import FakeSession

from psrebind.errors import SessionLost
from psrebind.replies import Reply, parse
from psrebind.script import Script

Place = tuple[str | int, ...]


def _deep(levels: int = 400) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"deep": [value]}
    return value


# What a value is replaced by; a lie must go through JSON, and nothing more is asked of it.
LIES: dict[str, Any] = {
    "nothing": None,
    "a number": 7,
    "a huge number": -(10**4000),
    "a long text": "x1.é-" * 4_000,
    "a list": [],
    "a list of lists": [[], {"a": None}],
    "an object": {},
    "control characters": "\0\x1b[2J\u202e\ud800\r\n*:443:\0",
    "a deep value": _deep(),
    "a moment before all": "0001-01-01T00:00:00+14:00",
    "digits": "9" * 5000,
    "a binding": "*:65535:\u0131\u0307.\xad..*",
    "bytes": "AAAA",
}


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    """Every value in a reply, its containers too; of a list the first and the last stand for all.

    A list of one kind of object says the same of each.
    """
    if path:
        yield path
    inner: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = [(at, value[at]) for at in sorted({0, len(value) - 1}) if value]
    for key, one in inner:
        yield from places(one, (*path, key))


def replaced(value: Any, path: Place, lie: Any) -> Any:
    """A reply with one value replaced; all others are its own."""
    if not path:
        return lie
    key, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = replaced(copy[key], tuple(rest), lie)
    return copy


class Told:
    """The replies of a host in their order, and a session that gives them again."""

    def __init__(self, replies: Sequence[str]) -> None:
        self.replies = list(replies)

    def session(self, name: str) -> FakeSession:
        """Whoever asks more than there was asked then meets a host that is gone."""
        waiting = iter(self.replies)

        def answer(script: Script) -> Reply:
            for text in waiting:
                return parse(text)
            raise SessionLost(name, "it was never asked this")

        return FakeSession(answer, name)

    def lies(self, lies: Mapping[str, Any], first: int = 0) -> Iterator[Lie]:
        """The same host as one liar for each value and each lie, from one of the replies on."""
        for number, text in enumerate(self.replies[first:], first):
            whole = json.loads(text)
            for path in places(whole):
                for name, lie in lies.items():
                    other = json.dumps(replaced(whole, path, lie))
                    said = [*self.replies[:number], other, *self.replies[number + 1 :]]
                    where = ".".join(map(str, path))
                    yield Lie(f"{name} for {where} of reply {number}", Told(said))


@dataclass(frozen=True)
class Lie:
    """A host that lies once, and in what."""

    name: str
    host: Told


class Recorded:
    """A session with the lab's engine without PowerShell, and what it answered."""

    def __init__(self, answer: Callable[[str, dict[str, object]], str]) -> None:
        self._answer = answer
        self.replies: list[str] = []

    def session(self, name: str) -> FakeSession:
        """Ask the host, and remember what it said."""

        def answer(script: Script) -> Reply:
            self.replies.append(self._answer(script.text, {}))
            return parse(self.replies[-1])

        return FakeSession(answer, name)
