"""Read all HTTPS bindings and the http.sys records that hold their certificates."""

from __future__ import annotations

from dataclasses import dataclass

from psrebind.decode.bindings import IisBindings, IisState, join_records
from psrebind.decode.iis_settings import FtpCertificate
from psrebind.decode.owners import SERVICES
from psrebind.decode.records import RawRecord
from psrebind.iis_model import Binding, Record, UnreadableBinding
from psrebind.operations.base import Query
from psrebind.replies import Body

__all__ = ["GetIisBinding", "IisBindings", "IisState", "RawRecord"]


@dataclass(frozen=True, kw_only=True)
class GetIisBinding(Query[IisState]):
    """Read all HTTPS bindings and the http.sys records that hold their certificates."""

    services: tuple[str, ...] = SERVICES

    def result(
        self, body: Body
    ) -> tuple[Binding | UnreadableBinding | FtpCertificate | Record, ...]:
        """The bindings, then the certificates of FTP, then the records without a binding."""
        found = self.bindings(body)
        return (*found.bindings, *found.unreadable, *found.ftp, *found.orphan_records)

    def bindings(self, body: Body) -> IisBindings:
        """The bindings and the stray records, apart."""
        return join_records(self.row(body))
