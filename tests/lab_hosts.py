"""Small hosts for the lab's tests: one certificate pair, one binding, what the test adds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.certificate_authority import Authority, CertificateRequest
from psrebind.lab.windows.certificate_stores import StoredCertificate, stored
from psrebind.lab.windows.commands import create_host
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.http_sys import Options, Record, RecordKind
from psrebind.lab.windows.state import Binding, Facts, HostState, Site

PRODUCT_APPID = "{11111111-2222-3333-4444-555555555555}"
SPECIAL = Options(check_mode=1, ctl_store_name="ClientAuthIssuer", flags=3, extra={"New": b"\x01"})


def issue(
    folder: Path, names: Sequence[str] = ("www.example",), *, store: str = "My"
) -> StoredCertificate:
    """Return a new certificate of the folder's CA, as it lies in a store."""
    now = datetime.now(UTC)
    request = CertificateRequest(
        subject=names[0],
        names=tuple(names),
        not_before=now - timedelta(days=1),
        not_after=now + timedelta(days=90),
    )
    return stored(Authority.load_or_create(folder / "authority").issue(request), store)


def site(information: str, flags: int = 0, *, number: int = 1) -> Site:
    """Return a site with one https binding."""
    binding = Binding(protocol="https", information=information, flags=flags)
    return Site(id=number, name=f"Site {number}", bindings=(binding,))


def host(
    folder: Path,
    state: HostState | None = None,
    *,
    sleep: Callable[[float], None] = lambda _: None,
    **fields: Any,
) -> Host:
    """Return a host with some fields of its state set."""
    base = state or HostState(facts=Facts(name="web01"))
    return create_host(folder / "host", replace(base, **fields), sleep=sleep)


def bind(where: Host, certificate: StoredCertificate, method: str = "Add", number: int = 1) -> None:
    """Put a certificate on the only binding of a site."""
    binding = where.state.sites[number - 1].bindings[0]
    where.call(
        f"binding.{method}SslCertificate",
        {
            "site_id": number,
            "bindingInformation": binding.information,
            "hash": certificate.thumbprint,
            "store": certificate.store,
        },
    )


def only_record(where: Host) -> Record:
    """Return the host's one record."""
    (record,) = where.state.records
    return record


def special_host(folder: Path, **assumptions: Any) -> tuple[Host, StoredCertificate]:
    """Return a host whose one record has options and a foreign appid, and a new certificate."""
    old, new = issue(folder), issue(folder)
    record = Record(
        kind=RecordKind.IPPORT,
        key="0.0.0.0:8443",
        thumbprint=old.thumbprint,
        store="My",
        appid=PRODUCT_APPID,
        options=SPECIAL,
    )
    where = host(
        folder,
        sites=(site("*:8443:"),),
        records=(record,),
        certificates=(old, new),
        assumptions=Assumptions(**assumptions),
    )
    return where, new


def run(where: Host, program: str, *arguments: str) -> tuple[int, str]:
    """Run a program; returns its exit status and output as one text."""
    found = where.call("native", {"program": program, "arguments": list(arguments)})
    return found["exit"], "\n".join(found["output"])


def sslcert(where: Host, verb: str, certificate: StoredCertificate, *more: str) -> tuple[int, str]:
    """Run netsh for the record 0.0.0.0:8443."""
    words = ["ipport=0.0.0.0:8443"]
    if verb != "delete":
        words += [f"certhash={certificate.thumbprint.lower()}", f"appid={PRODUCT_APPID}"]
    return run(where, "netsh.exe", "http", verb, "sslcert", *words, *more)
