"""What reading IIS's bindings finds on the model of a host: their records, and what is around.

In the words of its template, as operations.py.
"""

from __future__ import annotations

import uuid
from collections.abc import Generator, Iterator, Sequence

from psrebind.lab.engines.model.operations import Operation
from psrebind.lab.engines.model.registry_operations import Row, records, values
from psrebind.lab.engines.model.script import Asked
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.iis_configuration import FTP_DEFAULTS, FTP_SITES, HASHES, ROOT
from psrebind.model import IIS_APPLICATION_ID

_SERVICES = r"HKLM:\SYSTEM\CurrentControlSet\Services"
_DISABLED = 4
_IIS = uuid.UUID(IIS_APPLICATION_ID).bytes_le


def _bindings(host: Host, asked: Asked) -> Iterator[Row | str]:
    # In the template's order: what fails first is what is told.
    sites = [
        one | {"state": "Unknown" if one["state"] is None else one["state"]}
        for one in host.call("iis.sites", {})
    ]
    bindings = [
        {
            "path": one["ItemXPath"],
            "information": one["bindingInformation"],
            "flags": one["sslFlags"],
        }
        for one in host.call("iis.bindings", {"protocol": "https"})
    ]
    found = list(records(host, asked.memory))
    foreign = any(one["binary"].get("AppId") != _IIS for one in found)
    wanted_services = asked.value("services") if foreign else []
    services = [name for name in wanted_services if _has_service(host, name)]
    legacy = yield from _configured(host, (HASHES,), "customMetadata")
    has_ftp = host.call("registry.exists", {"path": rf"{_SERVICES}\ftpsvc"})
    wanted = (FTP_SITES, FTP_DEFAULTS) if has_ftp else ()
    ftp = yield from _configured(host, wanted, "The certificates of FTP")
    ftp_bindings = host.call("iis.bindings", {"protocol": "ftp"}) if has_ftp else []
    yield {
        "sites": sites,
        "bindings": bindings,
        "records": found,
        "legacy": [{"path": one["ItemXPath"], "value": one["value"]} for one in legacy],
        "ftp": [
            {
                "path": one["ItemXPath"],
                "thumbprint": one["serverCertHash"],
                "store": one["serverCertStoreName"],
            }
            for one in ftp
            if one["serverCertHash"]
        ],
        "ftp_bindings": [
            {"path": one["ItemXPath"], "information": one["bindingInformation"]}
            for one in ftp_bindings
        ],
        "services": services,
    }


def _configured(host: Host, filters: Sequence[str], what: str) -> Generator[str, None, list[Row]]:
    """The elements at some filters; a warning, and none, where they cannot be read."""
    found: list[Row] = []
    for wanted in filters:
        where = {"filter": wanted, "path": ROOT}
        try:
            found += host.call("iis.configuration", where)
        except HostFault as fault:
            yield f"{what} cannot be read: {fault}"
            return found
    return found


def _has_service(host: Host, name: str) -> bool:
    found = values(host, rf"{_SERVICES}\{name}")
    return bool(found) and found.get("Start") != _DISABLED


READING: dict[str, Operation] = {"get_iis_binding": _bindings}
