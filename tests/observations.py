"""Small observations for the plan's tests: rows as the host would give them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from certificates import NOW, Made, blob

from psrebind.decode.bindings import IisState, RawBinding, RawSite, join_records
from psrebind.decode.certificates import stored_certificate
from psrebind.decode.iis_settings import RawFtpBinding, RawFtpCertificate, RawLegacyHash
from psrebind.decode.records import RawRecord
from psrebind.iis_model import IIS_APPLICATION_ID, RecordKind
from psrebind.model import Certificate, Renewal, Thumbprint, UnreadableCertificate
from psrebind.operations.get_host import Host
from psrebind.services.observation import Observation

HOST = Host(
    name="web01",
    domain="",
    windows="Windows Server 2022",
    build="20348.1",
    powershell="5.1.20348.1",
    iis="Version 10.0",
    language_mode="FullLanguage",
    process_bits=64,
    elevated=True,
    execution_policy="RemoteSigned",
    ui_culture="en-US",
    clock_difference=timedelta(0),
    script_block_logging=False,
    modules=("WebAdministration",),
    lacks=(),
)
Entry = Certificate | UnreadableCertificate


def stored(made: Made, store: str = "My", **options: Any) -> Entry:
    """A certificate as it lies in a store; options are those of ``blob``."""
    return stored_certificate(store, made.thumbprint, blob(made, **options))


def record(
    endpoint: str,
    made: Made | None,
    store: str = "My",
    *,
    application: str = IIS_APPLICATION_ID,
    **values: Any,
) -> RawRecord:
    """A record as a script reports it; its kind follows from the endpoint's form."""
    address, _, _ = endpoint.rpartition(":")
    numeric = address.replace(".", "").isdecimal() or address.startswith("[")
    kind = RecordKind.IP if numeric else RecordKind.SNI if address else RecordKind.CCS
    binary = {"AppId": UUID(application).bytes_le}
    thumbprint = made.thumbprint if made else None
    return RawRecord(kind, endpoint, thumbprint, store, binary, values)


def state(
    bindings: Sequence[str],
    records: Sequence[RawRecord],
    services: Sequence[str] = (),
    legacy: Sequence[RawLegacyHash] = (),
    ftp: str = "",
) -> IisState:
    """Sites A, B, C …, one for each binding, written ``*:443:name`` or ``*:443:name 1``.

    ``ftp`` is the certificate that FTP has on A.
    """
    sites, rows = [], []
    for number, text in enumerate(bindings, 1):
        information, _, flags = text.partition(" ")
        name = chr(ord("A") + number - 1)
        sites.append(RawSite(number, name, "Started"))
        path = f"/sites/site[@name='{name}' and @id='{number}']"
        rows.append(RawBinding(path, information, int(flags or 0)))
    path = "/sites/site[@name='A' and @id='1']"
    settings = (RawFtpCertificate(f"{path}/ftpServer/security/ssl", ftp, "MY"),) if ftp else ()
    return IisState(
        tuple(sites),
        tuple(rows),
        tuple(records),
        tuple(services),
        tuple(legacy),
        settings,
        (RawFtpBinding(path, "*:21:"),) if ftp else (),
    )


def observed(
    bindings: Sequence[str],
    records: Sequence[RawRecord],
    entries: Sequence[Entry],
    *,
    clock: datetime = NOW,
    services: Sequence[str] = (),
    legacy: Sequence[RawLegacyHash] = (),
    ftp: str = "",
) -> Observation:
    """What observe gives for these rows."""
    return Observation(
        host=HOST,
        clock=clock,
        certificates=tuple(one for one in entries if isinstance(one, Certificate)),
        unreadable=tuple(one for one in entries if isinstance(one, UnreadableCertificate)),
        readings={"iis": join_records(state(bindings, records, services, legacy, ftp))},
    )


def renewal(old: Made | Thumbprint, new: Made | Thumbprint) -> Renewal:
    """Old to new."""
    return Renewal(
        old.thumbprint if isinstance(old, Made) else old,
        new.thumbprint if isinstance(new, Made) else new,
    )
