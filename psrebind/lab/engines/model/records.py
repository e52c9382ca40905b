"""http.sys records as the templates read them from the registry."""

from __future__ import annotations

import re
from typing import Any

from psrebind.lab.windows.commands import meet_faults
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.http_sys import RecordKind
from psrebind.lab.windows.names import same_name
from psrebind.lab.windows.registry import record_keys

Row = dict[str, Any]
_KINDS = list(RecordKind)
_NOTE = re.compile("PS(Path|ParentPath|ChildName|Drive|Provider)", re.IGNORECASE)


def all_records(host: Host) -> list[Row]:
    """Return all records of http.sys, by their kind."""
    meet_faults(host, "registry.exists", "registry.keys", "registry.values")
    listed = sorted(record_keys(host.state), key=lambda one: _KINDS.index(one[0].kind))
    return [as_record(record.kind, name, values) for record, name, values in listed]


def find_record(host: Host, kind: str, endpoint: str) -> Row | None:
    """Return one record, None where there is none."""
    if kind == RecordKind.HOSTNAMEPORT:
        # Its key is a number, which is searched first.
        meet_faults(host, "registry.exists", "registry.keys")
    meet_faults(host, "registry.key", "registry.values")
    for record, name, values in record_keys(host.state):
        found = as_record(record.kind, name, values)
        if record.kind == kind and same_name(found["endpoint"], endpoint):
            return found if kind == RecordKind.HOSTNAMEPORT else found | {"endpoint": endpoint}
    return None


def as_record(kind: str, name: str, values: Row) -> Row:
    """Return a key's values as a record."""
    # A name with a backslash is a key below; PowerShell's own notes hide values of their names.
    shown = {
        key: "a key" if key.endswith("\\") else "a value" if _NOTE.fullmatch(key) else value
        for key, value in values.items()
    }
    binary = {key: value for key, value in shown.items() if isinstance(value, bytes)}
    hashed = binary.get("SslCertHash")
    named = shown.get("HostnamePort") if kind == "hostnameport" else None
    return {
        "kind": str(kind),
        "endpoint": named or name,
        "thumbprint": hashed.hex().upper() if hashed else None,
        "store": shown.get("SslCertStoreName") or "My",
        "binary": binary,
        "values": {key: value for key, value in shown.items() if key not in binary},
    }


def record_name(record: Row) -> str:
    """Return a record as netsh names it."""
    return f"{record['kind']}={record['endpoint']}"
