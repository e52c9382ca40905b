"""What the templates' registry pieces find on the model of a host, without PowerShell.

The twin of ``_registry`` and ``_http_record``. ``memory`` is what one script has found so far.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.names import folded
from psrebind.lab.windows.persistence import plain

Row = dict[str, Any]
Memory = dict[Any, Any]

_HTTP = r"HKLM:\SYSTEM\CurrentControlSet\Services\HTTP\Parameters"
_FOLDERS = {
    "ipport": "SslBindingInfo",
    "hostnameport": "SslSniBindingInfo",
    "ccs": "SslCcsBindingInfo",
}
_NOTE = re.compile("PS(Path|ParentPath|ChildName|Drive|Provider)", re.IGNORECASE)


@dataclass(frozen=True)
class FoundKey:
    """A key: its name, its values, and the names of the keys below it."""

    name: str
    values: Row
    below: list[str]


def values(host: Host, path: str) -> Row:
    """Return the values of a key; none where it is missing."""
    return _values(host, path) if _found(host, path) else {}


def _found(host: Host, path: str) -> Row | None:
    try:
        found: Row = host.call("registry.key", {"path": path})
    except HostFault:
        if not host.call("registry.exists", {"path": path}):
            return None
        found = host.call("registry.key", {"path": path})
    return found


def _values(host: Host, path: str) -> Row:
    found: Row = plain(host.call("registry.values", {"path": path}))
    # PowerShell's own notes hide values of their names.
    return found | {name: "a value" for name in found if _NOTE.fullmatch(name)}


def children(host: Host, path: str) -> list[str]:
    """Return the names of the keys below one; none where it is missing."""
    if not host.call("registry.exists", {"path": path}):
        return []
    return [one["name"] for one in host.call("registry.keys", {"path": path})]


def keys(host: Host, path: str) -> Iterator[FoundKey]:
    """Give the keys below one with all that is known of them."""
    if not host.call("registry.exists", {"path": path}):
        return
    rows = host.call("registry.keys", {"path": path})
    deep = []
    if any(row["keys"] for row in rows):
        found = host.call("registry.keys", {"path": path, "recurse": True})
        deep = [one["name"].split("\\") for one in found]
    for row in rows:
        name = row["name"]
        below = [way[1] for way in deep if len(way) == 2 and way[0] == name]
        yield FoundKey(name, _values(host, rf"{path}\{name}"), below)


def records(host: Host, memory: Memory) -> Iterator[Row]:
    """Give all records of http.sys."""
    for kind in _FOLDERS:
        yield from _records(host, memory, kind)


def record_of(host: Host, memory: Memory, kind: str, endpoint: str) -> Row | None:
    """Return one record, None where there is none."""
    name = endpoint if kind != "hostnameport" else memory.get((kind, folded(endpoint)))
    if name:
        path = rf"{_HTTP}\{_FOLDERS[kind]}\{name}"
        key = _found(host, path)
        if key:
            held = _values(host, path)
            below = children(host, path) if key["keys"] else []
            found = _record(kind, FoundKey(name, held, below))
            if held and folded(found["endpoint"]) == folded(endpoint):
                return found
    listed = _records(host, memory, kind) if kind == "hostnameport" else []
    return next((one for one in listed if folded(one["endpoint"]) == folded(endpoint)), None)


def _records(host: Host, memory: Memory, kind: str) -> list[Row]:
    if not memory["reading"] or ("records", kind) not in memory:
        found = list(keys(host, rf"{_HTTP}\{_FOLDERS[kind]}"))
        memory["records", kind] = listed = [_record(kind, key) for key in found]
        named = zip(listed, found, strict=True)
        memory.update({(kind, folded(one["endpoint"])): key.name for one, key in named})
    kept: list[Row] = memory["records", kind]
    return kept


def _record(kind: str, key: FoundKey) -> Row:
    below = {f"{name}\\": "a key" for name in key.below}
    return as_record(kind, key.name, key.values | below)


def as_record(kind: str, name: str, held: Row) -> Row:
    """Return registry values as a record."""
    binary = {key: value for key, value in held.items() if isinstance(value, bytes)}
    hashed = binary.get("SslCertHash")
    named = held.get("HostnamePort") if kind == "hostnameport" else None
    return {
        "kind": kind,
        "endpoint": named or name,
        "thumbprint": hashed.hex().upper() if hashed else None,
        "store": held.get("SslCertStoreName") or "My",
        "binary": binary,
        "values": {key: value for key, value in held.items() if key not in binary},
    }
