"""Read the certificates of the machine's stores, archived ones included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psrebind.decode.certificates import stored_certificate
from psrebind.model import STORES, Certificate, UnreadableCertificate
from psrebind.operations.base import Query
from psrebind.replies import Body


@dataclass(frozen=True)
class CertificateBlob:
    """One row: the store entry's own bytes (field notes B6), None where the value is missing."""

    store: str
    thumbprint: str
    blob: bytes | None


@dataclass(frozen=True, kw_only=True)
class GetCertificate(Query[CertificateBlob]):
    """Read the certificates of the machine's stores, archived ones included."""

    stores: tuple[str, ...] = STORES

    def result(self, body: Body) -> Sequence[Certificate | UnreadableCertificate]:
        """The certificates, decoded here: no word of the host's language is read."""
        return [stored_certificate(row.store, row.thumbprint, row.blob) for row in self.rows(body)]
