"""Run appcmd renew binding, as the rebind task of Windows does, and say what it changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from psrebind.decode.records import RawRecord
from psrebind.iis_model import Record
from psrebind.model import Thumbprint
from psrebind.operations.base import Change
from psrebind.operations.get_iis_binding import GetIisBinding
from psrebind.replies import Body
from psrebind.templates import Call


@dataclass(frozen=True)
class IisRenewal:
    """One row: the records that had the old certificate, before and after; what appcmd said."""

    exit: int
    output: tuple[str, ...]
    before: tuple[RawRecord, ...]
    after: tuple[RawRecord, ...]
    lost: tuple[str, ...]
    changed: bool


@dataclass(frozen=True, kw_only=True)
class InvokeIisRenewal(Change[IisRenewal]):
    """Run appcmd renew binding, as the rebind task of Windows does, and say what it changed.

    ``options`` has, by ``kind=endpoint``, the netsh arguments that put a record's options back.
    It asks nothing: names, keys and stores are for the caller to check.
    """

    old: Thumbprint
    new: Thumbprint
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def call(self) -> Call:
        """The options as a list: a hashtable's keys are compared by language on the host."""
        found = super().call()
        pairs = [{"record": name, "arguments": given} for name, given in self.options.items()]
        return replace(found, values={**found.values, "options": pairs})

    def state(self) -> GetIisBinding:
        """The bindings and their records."""
        return GetIisBinding()

    def replaced(self, body: Body) -> Iterator[tuple[Record, Thumbprint, Thumbprint]]:
        """The records that have the old certificate."""
        for raw in self.state().row(body).records:
            if raw.record.thumbprint == self.old:
                yield raw.record, self.old, self.new

    def problem(self, row: IisRenewal) -> str | None:
        """A record that is gone, an error of appcmd, or options that were lost."""
        if gone := {one.endpoint for one in row.before} - {one.endpoint for one in row.after}:
            return f"these records are gone: {', '.join(sorted(gone))}"
        if row.exit:
            return f"appcmd ended with {row.exit}"
        return super().problem(row)
