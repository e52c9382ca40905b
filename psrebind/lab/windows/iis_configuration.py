"""IIS's configuration beside sites and bindings, and what IIS 6's mapper does by it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from psrebind.lab.windows import system_errors
from psrebind.lab.windows.certificate_stores import find
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.http_sys import (
    CENTRAL_STORE,
    Record,
    drop_record,
    put_record,
    record_place,
)
from psrebind.lab.windows.state import HostState, Metadata

ROOT = "MACHINE/WEBROOT/APPHOST"
HASHES = "/system.applicationHost/customMetadata/key/property[@id='5506']"
FTP_SITES = "/system.applicationHost/sites/site/ftpServer/security/ssl"
FTP_DEFAULTS = "/system.applicationHost/sites/siteDefaults/ftpServer/security/ssl"
HASH, STORE = 5506, 5511
Row = dict[str, object]


def configuration(host: Host, arguments: Mapping[str, object]) -> list[Row]:
    """Return the elements at a filter."""
    wanted = str(arguments["filter"])
    if str(arguments["path"]) != ROOT or wanted not in READERS:
        raise system_errors.not_simulated(f"Get-WebConfiguration {wanted}")
    return READERS[wanted](host.state)


def legacy_properties(site_id: int, thumbprint: str, store: str) -> tuple[Metadata, ...]:
    """Return what a program that speaks IIS 6 leaves for a certificate on a site."""
    key = f"LM/W3SVC/{site_id}"
    value = base64.b64encode(bytes.fromhex(thumbprint)).decode("ascii")
    return Metadata(key=key, id=HASH, value=value), Metadata(key=key, id=STORE, value=store)


def start_mapper(state: HostState) -> HostState:
    """Let the mapper delete the records of sites with a left-over hash, and bind that one again.

    A certificate that is gone is not bound, and the records stay away.
    """
    for one in state.metadata:
        found = re.fullmatch(r"LM/W3SVC/(\d+)", one.key)
        if one.id == HASH and found:
            state = replace(state, records=_mapped(state, int(found[1]), one))
    return state


def _mapped(state: HostState, site_id: int, left: Metadata) -> tuple[Record, ...]:
    stores = [one.value for one in state.metadata if (one.key, one.id) == (left.key, STORE)]
    store = stores[0] if stores else "MY"
    thumbprint = _thumbprint(left.value)
    certificate = find(state.certificates, store, thumbprint)
    records = state.records
    for site, binding in state.https_bindings:
        if site.id != site_id or binding.flags & CENTRAL_STORE:
            continue
        kind, key = record_place(binding.information, binding.flags)
        records = drop_record(records, kind, key)
        if certificate is not None:
            record = Record(kind=kind, key=key, thumbprint=thumbprint, store=store)
            records = put_record(records, record)
    return records


def _thumbprint(value: str) -> str:
    try:
        return base64.b64decode(value).hex().upper()
    except binascii.Error:
        return ""


def _hashes(state: HostState) -> list[Row]:
    keys = "/system.applicationHost/customMetadata/key"
    return [
        {
            "id": one.id,
            "value": one.value,
            "ItemXPath": f"{keys}[@path='{one.key}']/property[@id='{one.id}']",
        }
        for one in state.metadata
        if one.id == HASH
    ]


def _ftp_sites(state: HostState) -> list[Row]:
    # A web site, too, shows the defaults [K].
    return [
        _ftp(one.ftp_hash or state.ftp_hash, f"site[@name='{one.name}' and @id='{one.id}']")
        for one in state.sites
    ]


def _ftp(thumbprint: str, place: str) -> Row:
    path = f"/system.applicationHost/sites/{place}/ftpServer/security/ssl"
    return {"serverCertHash": thumbprint, "serverCertStoreName": "MY", "ItemXPath": path}


READERS: Mapping[str, Callable[[HostState], list[Row]]] = {
    HASHES: _hashes,
    FTP_SITES: _ftp_sites,
    FTP_DEFAULTS: lambda state: [_ftp(state.ftp_hash, "siteDefaults")],
}
