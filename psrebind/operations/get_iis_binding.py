"""Read all HTTPS bindings and the http.sys records that hold their certificates."""

from __future__ import annotations

from dataclasses import dataclass

from psrebind.decode.bindings import IisState, joined
from psrebind.decode.records import RawRecord
from psrebind.model import Binding, Record
from psrebind.operations.base import Query
from psrebind.replies import Body

__all__ = ["GetIisBinding", "IisBindings", "IisState", "RawRecord"]


@dataclass(frozen=True)
class IisBindings:
    """Bindings joined with their records, and the records that belong to none."""

    bindings: tuple[Binding, ...]
    strays: tuple[Record, ...]


@dataclass(frozen=True, kw_only=True)
class GetIisBinding(Query[IisState]):
    """Read all HTTPS bindings and the http.sys records that hold their certificates."""

    def result(self, body: Body) -> tuple[Binding | Record, ...]:
        """The bindings, then the records without a binding."""
        found = self.bindings(body)
        return (*found.bindings, *found.strays)

    def bindings(self, body: Body) -> IisBindings:
        """The bindings and the stray records, apart."""
        return IisBindings(*joined(self.rows(body)[0]))
