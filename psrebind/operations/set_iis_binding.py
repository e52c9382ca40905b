"""Put a certificate on one HTTPS binding of a site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psrebind.decode.bindings import record_key
from psrebind.decode.records import RawRecord
from psrebind.iis_model import BindingInfo, Record, RecordKind
from psrebind.model import Thumbprint
from psrebind.operations.base import Change
from psrebind.operations.get_iis_binding import GetIisBinding
from psrebind.replies import Body


@dataclass(frozen=True)
class BindingChange:
    """One row: ``lost`` names the options of the record that could not be put back."""

    site: str
    information: BindingInfo
    flags: int
    before: RawRecord | None
    after: RawRecord
    lost: tuple[str, ...]
    changed: bool


@dataclass(frozen=True, kw_only=True)
class SetIisBinding(Change[BindingChange]):
    """Put a certificate on one HTTPS binding of a site.

    ``options`` are the netsh arguments that put the record's options back. ``values`` has the
    registry values of the record as it shall be again; None takes them from the record itself.
    """

    site: str
    information: BindingInfo
    kind: RecordKind
    endpoint: str
    expected: Thumbprint | None
    thumbprint: Thumbprint
    store: str = "My"
    options: tuple[str, ...] = ()
    values: Mapping[str, Any] | None = None

    def state(self) -> GetIisBinding:
        """The bindings and their records."""
        return GetIisBinding()

    def replaced(self, body: Body) -> Iterator[tuple[Record, Thumbprint, Thumbprint]]:
        """The binding's own record, where it has a certificate or is expected to."""
        named = record_key(self.kind, self.endpoint)
        for raw in self.state().row(body).records:
            record = raw.record
            before = self.expected or record.thumbprint
            if record_key(record.kind, record.endpoint) == named and before:
                yield record, before, self.thumbprint
