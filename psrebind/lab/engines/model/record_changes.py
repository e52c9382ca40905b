"""How an http.sys record gets its options back, or comes back at all, without PowerShell.

The twin of ``_http_options``.
"""

from __future__ import annotations

import time
import uuid

from psrebind.lab.engines.model.operations import Refused, native
from psrebind.lab.engines.model.registry_operations import Memory, Row, record_of
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.model import IIS_APPLICATION_ID

_NETSH_UPDATE = 17763
_NOT_COMPARED = ("SslCertHash", "SslCertStoreName", "HostnamePort")


def again(host: Host, memory: Memory, one: Row) -> Row | None:
    """Return a record as it is now, None where it is gone."""
    return record_of(host, memory, one["kind"], one["endpoint"])


def record_name(record: Row) -> str:
    """Return a record as netsh names it."""
    return f"{record['kind']}={record['endpoint']}"


def restore(
    host: Host, memory: Memory, wanted: Row, new: str, store: str, options: list[str]
) -> None:
    """Give a record its options back; by delete and add where netsh has no update."""
    after = again(host, memory, wanted)
    if after is None:
        raise Refused(f"The record {record_name(wanted)} is gone after the rebind.")
    if not lost_options(wanted, after):
        return
    words = _record_words(wanted, new, store)
    done = native(host, "netsh.exe", "http", "update", "sslcert", *words, *options)["exit"] == 0
    if done or host.facts.build >= _NETSH_UPDATE:
        return
    native(host, "netsh.exe", "http", "delete", "sslcert", record_name(wanted))
    _add_record(host, memory, wanted, words, options)


def repair(
    host: Host,
    memory: Memory,
    wanted: Row | None,
    new: str,
    store: str,
    options: list[str],
    *,
    ended: bool,
) -> str:
    """Do after a failed change what its template does, and say what a person must know of it."""
    if wanted is None:
        return ""
    name = record_name(wanted)
    try:
        now = again(host, memory, wanted)
        if ended and now:
            return ""
        if now and now["thumbprint"] == new:
            restore(host, memory, wanted, new, store, options)
            now = again(host, memory, wanted)
        gone = now is None
        if gone and wanted["thumbprint"]:
            words = _record_words(wanted, wanted["thumbprint"], wanted["store"])
            _add_record(host, memory, wanted, words, options)
            now = again(host, memory, wanted)
    except (HostFault, Refused) as fault:
        return f" What the record {name} has now is unknown: {fault}"
    if now is None:
        return f" The record {name} is gone."
    lost = ", ".join(lost_options(wanted, now))
    without = f", without {lost}" if lost else ""
    if gone:
        return (
            f" The record {name} was gone after that: {now['thumbprint']} is on it again{without}."
        )
    return f" The record {name} has {now['thumbprint']}{without}." if without else ""


def _record_words(before: Row, thumbprint: str, store: str) -> list[str]:
    application = before["binary"].get("AppId")
    appid = uuid.UUID(bytes_le=application) if application else uuid.UUID(IIS_APPLICATION_ID)
    return [
        record_name(before),
        f"certhash={thumbprint}",
        f"certstorename={store}",
        f"appid={{{appid}}}",
    ]


def _add_record(
    host: Host, memory: Memory, before: Row, words: list[str], options: list[str]
) -> None:
    native(host, "netsh.exe", "http", "add", "sslcert", *words, *options)
    for attempt in range(3):
        if again(host, memory, before) is not None:
            return
        time.sleep(min(attempt, 1))
        native(host, "netsh.exe", "http", "add", "sslcert", *words)


def lost_options(before: Row, after: Row) -> list[str]:
    """Return the names of the values that differ."""
    found = []
    for part in ("values", "binary"):
        names = sorted({*before[part], *after[part]}.difference(_NOT_COMPARED), key=str.casefold)
        found += [
            name
            for name in names
            # Absent, empty and 0 mean the same.
            if (before[part].get(name) or None) != (after[part].get(name) or None)
            and (name != "AppId" or before[part].get(name))
        ]
    return found
