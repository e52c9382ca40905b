"""The part of XPath 1.0 that the Windows event log takes, by recursive descent.

Names match without namespaces, as there. What Windows takes and this file does not is Unsupported
by its name, so that no query is ever true by accident.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from psrebind.lab.windows.event_values import (
    OPERATORS,
    TIME,
    InvalidXPath,
    Node,
    TooComplex,
    Unsupported,
    attributes,
    children,
    compare_number,
    compare_text,
    number,
    parse_time,
    text,
)

Matcher = Callable[[Element, datetime], bool]
_Test = Callable[[Node, datetime], bool]
_Path = Callable[[Sequence[Node], datetime], Sequence[Node]]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'[^']*'|\"[^\"]*\")|(?P<number>0[xX][0-9a-fA-F]+|-?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_][\w.-]*)|(?P<sign><=|>=|!=|//|::|\.\.|[=<>()\[\]/@*|,.:$+-]))"
)
# Enough for any sensible query, and far from the end of the stack.
_MAXIMUM_DEPTH = 50


def parse_event(xml: str) -> Element:
    """Return an event's tree with namespaces taken off."""
    root = ElementTree.fromstring(xml)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def compile_xpath(xpath: str, *, limit: int) -> Matcher:
    """Return a function that tells whether an event matches; at most `limit` comparisons."""
    if xpath.strip() == "*":
        return lambda event, now: True
    parser = _Parser(_tokens(xpath), limit)
    test = parser.expression()
    parser.finish()

    def matches(event: Element, now: datetime) -> bool:
        root = Element("")
        root.append(event)
        return test(root, now)

    return matches


def value_of(event: Element, path: str) -> str | None:
    """Return the text that a task's value query finds in an event."""
    parser = _Parser(_tokens(path), 1)
    steps = parser.path()
    parser.finish()
    root = Element("")
    root.append(event)
    found = steps([root], datetime.now(UTC))
    return text(found[0]) if found else None


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def _tokens(xpath: str) -> list[_Token]:
    found: list[_Token] = []
    position = 0
    written = xpath.rstrip()
    while position < len(written):
        match = _TOKEN.match(written, position)
        if match is None:
            raise InvalidXPath(f"character {written[position:].lstrip()[:1]!r}")
        found.append(_Token(str(match.lastgroup), match[str(match.lastgroup)]))
        position = match.end()
    return found


class _Parser:
    """One level of the grammar per method: or, and, comparison, path, step."""

    def __init__(self, tokens: list[_Token], limit: int) -> None:
        self._tokens = tokens
        self._place = 0
        self._left = limit
        self._last_step = ""
        self._depth = 0

    def finish(self) -> None:
        """Raise when something is left over."""
        if self._peek():
            raise self._stray()

    def expression(self) -> _Test:
        """Read terms joined by `or`."""
        self._depth += 1
        if self._depth > _MAXIMUM_DEPTH:
            raise TooComplex("too deep")
        tests = [self._conjunction()]
        while self._take("or"):
            tests.append(self._conjunction())
        self._depth -= 1
        return lambda node, now: any(test(node, now) for test in tests)

    def _conjunction(self) -> _Test:
        tests = [self._term()]
        while self._take("and"):
            tests.append(self._term())
        return lambda node, now: all(test(node, now) for test in tests)

    def _term(self) -> _Test:
        if self._take("("):
            inner = self.expression()
            self._expect(")")
            return inner
        if self._peek(1) == "(":
            return self._function()
        path = self.path()
        if self._peek() not in OPERATORS:
            return lambda node, now: bool(path([node], now))
        sign, literal = self._comparison()
        check = self._check(sign, literal)
        return lambda node, now: any(check(one) for one in path([node], now))

    def _check(self, sign: str, literal: _Token) -> Callable[[Node], bool]:
        if literal.kind == "number":
            limit = number(literal.text)
            return lambda node: compare_number(node, sign, limit)
        wanted = literal.text[1:-1]
        if self._last_step == TIME:
            parse_time(wanted)
        elif sign not in ("=", "!="):
            raise Unsupported(f"order of texts ({sign} {literal.text})")
        return lambda node: compare_text(node, sign, wanted)

    def _function(self) -> _Test:
        name = self._next().text
        if name != "timediff":
            raise Unsupported(f"function {name}()")
        self._expect("(")
        path = self.path()
        if self._peek() == ",":
            raise Unsupported("timediff() with two arguments")
        self._expect(")")
        sign, literal = self._comparison()
        if literal.kind != "number":
            raise InvalidXPath(f"timediff() compared with {literal.text}")
        limit = number(literal.text)

        def test(node: Node, now: datetime) -> bool:
            ages = [
                (now - parse_time(text(one))).total_seconds() * 1000 for one in path([node], now)
            ]
            return any(OPERATORS[sign](age, limit) for age in ages)

        return test

    def _comparison(self) -> tuple[str, _Token]:
        sign, literal = self._next().text, self._next()
        if sign not in OPERATORS or literal.kind not in ("text", "number"):
            raise InvalidXPath(f"{sign} {literal.text}")
        self._left -= 1
        if self._left < 0:
            raise TooComplex("too many comparisons")
        return sign, literal

    def path(self) -> _Path:
        """Read steps joined by `/`."""
        if self._peek() in ("/", "//"):
            raise Unsupported(f"absolute path {self._peek()}")
        steps = [self._step()]
        while self._take("/"):
            steps.append(self._step())
        if self._peek() in ("//", "|", "::", ":", "+", "-"):
            raise Unsupported(f"operator {self._peek()}")

        def walk(nodes: Sequence[Node], now: datetime) -> Sequence[Node]:
            for step in steps:
                nodes = step(nodes, now)
            return nodes

        return walk

    def _step(self) -> _Path:
        if self._peek() in (".", "..", "$"):
            raise Unsupported(f"step {self._peek()}")
        attribute = self._take("@")
        token = self._next()
        if token.kind != "name" and token.text != "*":
            raise InvalidXPath(token.text or "end of text")
        if attribute and token.text == "*":
            raise Unsupported("step @*")
        filters: list[_Test] = []
        while self._take("["):
            if self._kind() == "number":
                raise Unsupported(f"position [{self._peek()}]")
            filters.append(self.expression())
            self._expect("]")
        self._last_step = token.text

        def walk(nodes: Sequence[Node], now: datetime) -> Sequence[Node]:
            found = attributes(nodes, token.text) if attribute else children(nodes, token.text)
            return [one for one in found if all(test(one, now) for test in filters)]

        return walk

    def _peek(self, ahead: int = 0) -> str:
        place = self._place + ahead
        return self._tokens[place].text if place < len(self._tokens) else ""

    def _kind(self) -> str:
        return self._tokens[self._place].kind if self._place < len(self._tokens) else ""

    def _next(self) -> _Token:
        token = _Token(self._kind(), self._peek())
        self._place += 1
        return token

    def _take(self, text: str) -> bool:
        if self._peek() != text or self._kind() == "text":
            return False
        self._place += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self._stray()

    def _stray(self) -> InvalidXPath:
        return InvalidXPath(self._peek() or "end of text")
