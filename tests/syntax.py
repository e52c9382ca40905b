"""What PowerShell's own parser sees in scripts: commands, members, types, later syntax.

One engine call reads many scripts and runs none of them. This module knows the parser's words and
no rule about them: what is allowed, a test says.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PARSER = Path(__file__).with_name("syntax.ps1")
_SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class Command:
    """One call: `head` is the first element's text, `name` empty where it is no constant.

    `positional` leaves out a value right after `-Name`, which may be a switch's neighbour;
    `constants` are the constant strings among all arguments, array members included.
    """

    name: str
    head: str
    operator: str
    parameters: tuple[str, ...]
    positional: int
    splats: tuple[str, ...]
    constants: tuple[str, ...]
    line: int


@dataclass(frozen=True, kw_only=True)
class Member:
    """One `[Type]::name`, `.name` or `.name()`; `type` is empty without a type literal.

    `given` are the texts of its arguments.
    """

    name: str
    type: str
    target: str
    static: bool
    invoked: bool
    arguments: int
    given: tuple[str, ...]
    line: int


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One operator, and what its sides mention: `.field` and `$variable`.

    `kind` is the parser's word for the operator (`Ieq`, `Format`), `Switch`, `Index` for
    `left[right]`, or `Given` for a variable that was given a text, a field or a variable as it is.
    """

    kind: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    text: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Text:
    """One string: `kind` is SingleQuoted, DoubleQuoted, BareWord or a here-string."""

    value: str
    kind: str
    expandable: bool
    line: int


@dataclass(frozen=True, kw_only=True)
class Place:
    """Something at a line: a parse error, or syntax that an older PowerShell lacks."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Syntax:
    """One script as the parser sees it.

    `later` is what 5.1 lacks, `five` what 4.0 lacks; `tables` are the keys of variables that were
    given a hashtable, for splats; `shape` lists depth and kind of every node, names and texts too.
    """

    errors: tuple[Place, ...]
    commands: tuple[Command, ...]
    members: tuple[Member, ...]
    comparisons: tuple[Comparison, ...]
    variables: tuple[str, ...]
    tables: Mapping[str, tuple[str, ...]]
    texts: tuple[Text, ...]
    functions: tuple[str, ...]
    types: tuple[str, ...]
    later: tuple[Place, ...]
    five: tuple[Place, ...]
    shape: tuple[str, ...]
    modules: tuple[str, ...]
    synopsis: str
    outputs: tuple[str, ...]


def parse(executable: Path, scripts: Mapping[str, str]) -> dict[str, Syntax]:
    """Return the syntax of each script by its name, from one call of the engine."""
    given = [{"name": name, "text": text} for name, text in scripts.items()]
    finished = subprocess.run(
        [str(executable), "-NoProfile", "-NonInteractive", "-File", str(_PARSER)],
        input=json.dumps(given).encode("ascii"),
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    if finished.returncode != 0:
        raise RuntimeError(finished.stderr.decode("utf-8", "replace"))
    return {one["name"]: _syntax(one) for one in json.loads(finished.stdout)}


def normalise_tree(
    executable: Path, script: bytes, encodings: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Return, per code page, the shape of the tree that the same bytes make when read in it."""
    # What a code page leaves undefined becomes U+FFFD, as Windows does it.
    texts = {encoding: script.decode(encoding, "replace") for encoding in encodings}
    return {name: found.shape for name, found in parse(executable, texts).items()}


def _syntax(found: dict[str, Any]) -> Syntax:
    return Syntax(
        errors=tuple(Place(**one) for one in found["errors"]),
        commands=tuple(_command(one) for one in found["commands"]),
        members=tuple(Member(**one | {"given": tuple(one["given"])}) for one in found["members"]),
        comparisons=tuple(_comparison(one) for one in found["comparisons"]),
        variables=tuple(found["variables"]),
        tables={one["variable"]: tuple(one["keys"]) for one in found["tables"]},
        texts=tuple(Text(**one) for one in found["texts"]),
        functions=tuple(found["functions"]),
        types=tuple(found["types"]),
        later=tuple(Place(**one) for one in found["later"]),
        five=tuple(Place(**one) for one in found["five"]),
        shape=tuple(found["shape"]),
        modules=tuple(found["modules"]),
        synopsis=found["synopsis"],
        outputs=tuple(found["outputs"]),
    )


def _command(found: dict[str, Any]) -> Command:
    lists = ("parameters", "splats", "constants")
    return Command(**(found | {name: tuple(found[name]) for name in lists}))


def _comparison(found: dict[str, Any]) -> Comparison:
    return Comparison(**(found | {name: tuple(found[name]) for name in ("left", "right")}))
