"""What an operation is: a frozen value that names a template and carries its parameters.

One name everywhere: ``SetIisBinding`` lives in ``set_iis_binding.py`` and renders
``set_iis_binding.ps1.j2``. How it reaches a host is in ``script_runner``.
"""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from psrebind.errors import ReplyError
from psrebind.model import Thumbprint
from psrebind.replies import Body, rows
from psrebind.script import Script
from psrebind.templates import Call, Library

Row = TypeVar("Row")


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[Row]):
    """A question or an order for one host; its fields are the template's parameters."""

    effect: ClassVar[str] = ""

    @classmethod
    def name(cls) -> str:
        """The operation's one name, made from the class: SetIisBinding → set_iis_binding."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def row_type(cls) -> type[Any]:
        """The dataclass of one row, from the class's own base: ``Query[HostFacts]``."""
        for base in getattr(cls, "__orig_bases__", ()):
            if arguments := typing.get_args(base):
                return typing.cast("type[Any]", arguments[0])
        raise TypeError(f"{cls.__name__} does not say what its rows are")

    def call(self) -> Call:
        """The template's name and parameters of this operation."""
        values = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        return Call(self.name(), values, self.effect == "change", self.effect == "query")

    def rows(self, body: Body) -> tuple[Row, ...]:
        """The rows of this operation's answer; raises its error."""
        return rows(body, self.row_type())

    def row(self, body: Body) -> Row:
        """The one row of an operation that promises one; raises its error, or ReplyError."""
        found = self.rows(body)
        if len(found) != 1:
            raise ReplyError(f"{self.name()}: one row was promised, not {len(found)}")
        return found[0]

    def result(self, body: Body) -> Sequence[Any]:
        """What a person wants to see: the rows, or what is decoded from them."""
        return self.rows(body)


class Query(Operation[Row]):
    """Reads, and changes nothing."""

    effect = "query"


class Change(Operation[Row]):
    """Brings the host to a state: run twice, it changes once. Its rows have ``changed``."""

    effect = "change"

    def state(self) -> Query[Any]:
        """The query that reads what this is about to change."""
        raise NotImplementedError

    def replaced(self, body: Body) -> Iterable[tuple[Any, Thumbprint, Thumbprint]]:
        """What its service keeps (a record, a place) of what ``state`` read, where this changes
        it: with the certificate that it takes from there, and the one that it puts there.
        """
        return ()

    def problem(self, row: Row) -> str | None:
        """The reason why a row without an error is a failure all the same, or None."""
        lost = getattr(row, "lost", ())
        return f"these options were lost: {', '.join(lost)}" if lost else None


class Notice(Operation[Row]):
    """Raises an event: run twice, it raises two."""

    effect = "notice"


def render(operations: Sequence[Operation[Any]], library: Library | None = None) -> Script:
    """Compose the one script of several operations."""
    return (library or Library()).render([operation.call() for operation in operations])
