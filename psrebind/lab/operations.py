"""What each operation's script finds and does on the model of a host, without PowerShell.

One function per operation, in the words of its template. Reaches the host by the same commands as
the stubs of the other engine.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from psrebind.lab.host import Host
from psrebind.lab.hostfault import HostFault
from psrebind.lab.persistence import plain
from psrebind.lab.reading import Asked
from psrebind.model import IIS_APPLICATION_ID

Row = dict[str, Any]
# A text among the rows is a warning.
Operation = Callable[[Host, Asked], Iterator[Row | str]]

_HTTP = r"HKLM:\SYSTEM\CurrentControlSet\Services\HTTP\Parameters"
_FOLDERS = {
    "ipport": "SslBindingInfo",
    "hostnameport": "SslSniBindingInfo",
    "ccs": "SslCcsBindingInfo",
}
_NO_CERTIFICATE = "no certificate"
_NETSH_UPDATE = 17763
METHOD_FAILED = "ScriptMethodRuntimeException"
_NOT_COMPARED = ("SslCertHash", "SslCertStoreName")


class Refused(Exception):
    """What a template throws of its own accord."""


def _values(host: Host, path: str) -> Row:
    if not host.call("registry.exists", {"path": path}):
        return {}
    found: Row = plain(host.call("registry.values", {"path": path}))
    return found


def children(host: Host, path: str) -> list[str]:
    if not host.call("registry.exists", {"path": path}):
        return []
    found: list[str] = host.call("registry.children", {"path": path})
    return found


def native(host: Host, program: str, *arguments: str) -> Row:
    found: Row = host.call("native", {"program": program, "arguments": list(arguments)})
    return found


def _host(host: Host, asked: Asked) -> Iterator[Row]:
    windows = _values(host, r"HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion")
    network = _values(host, r"HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters")
    groups = native(host, "whoami.exe", "/groups", "/fo", "csv", "/nh")
    high = any("S-1-16-12288" in one or "S-1-16-16384" in one for one in groups["output"])
    yield {
        "name": network["Hostname"],
        "domain": network["Domain"],
        "windows": windows["ProductName"],
        "build": windows["CurrentBuildNumber"],
        "revision": windows["UBR"],
        "iis": _values(host, r"HKLM:\SOFTWARE\Microsoft\InetStp").get("VersionString"),
        "elevated": high if groups["exit"] == 0 else None,
        "execution_policy": host.facts.execution_policy,
        "script_block_logging": host.facts.script_block_logging,
        "modules": sorted(set(asked.value("wanted")) & set(host.facts.modules)),
    }


def _certificates(host: Host, asked: Asked) -> Iterator[Row]:
    for store in asked.value("stores"):
        path = rf"HKLM:\SOFTWARE\Microsoft\SystemCertificates\{store}\Certificates"
        for name in children(host, path):
            blob = _values(host, rf"{path}\{name}").get("Blob")
            yield {"store": store, "thumbprint": name, "blob": blob}


def records(host: Host) -> Iterator[Row]:
    for kind, folder in _FOLDERS.items():
        for name in children(host, rf"{_HTTP}\{folder}"):
            path = rf"{_HTTP}\{folder}\{name}"
            values = _values(host, path)
            values |= {f"{child}\\": "a key" for child in children(host, path)}
            binary = {key: value for key, value in values.items() if isinstance(value, bytes)}
            yield {
                "kind": kind,
                "endpoint": values.get("HostnamePort") or name,
                "thumbprint": binary["SslCertHash"].hex().upper()
                if "SslCertHash" in binary
                else None,
                "store": values.get("SslCertStoreName") or "My",
                "binary": binary,
                "values": {key: value for key, value in values.items() if key not in binary},
            }


def _record(host: Host, kind: str, endpoint: str) -> Row | None:
    named = (kind, endpoint.casefold())
    return next((r for r in records(host) if (r["kind"], r["endpoint"].casefold()) == named), None)


def _set_binding(host: Host, asked: Asked) -> Iterator[Row]:
    kind, endpoint, store = (asked.value(name) for name in ("kind", "endpoint", "store"))
    wanted = asked.value("thumbprint")
    name = f"'{asked.value('information')}' of '{asked.value('site')}'"
    binding = _binding(host, asked)
    before = _record(host, kind, endpoint)
    changed = not _holds(before, wanted, store)
    if changed:
        promised = asked.value("expected") or _NO_CERTIFICATE
        if _thumbprint(before) != promised:
            raise Refused(f"Binding {name} has {_thumbprint(before)}, not {promised}.")
        add = {"site_id": _site_id(binding), "hash": wanted, "store": store}
        place = {"bindingInformation": binding["bindingInformation"]}
        try:
            _add(host, add | place)
            if before:
                _restore(host, before, store, asked.value("options"))
                if _record(host, kind, endpoint) is None:
                    _add(host, add | place)
        except (HostFault, Refused) as fault:
            if not _rescued(host, before, asked.value("options")):
                raise
            gone = f"The record of '{asked.value('information')}' was gone after that"
            raise Refused(f"{fault} {gone}: {promised} is on it again.") from fault
    after = _record(host, kind, endpoint)
    if not _holds(after, wanted, store):
        raise Refused(f"Binding {name} has {_holding(after)}, not {wanted} in {store}.")
    flags, now = binding["sslFlags"], _binding(host, asked)["sslFlags"]
    if now != flags:
        raise Refused(f"Binding {name} had sslFlags {flags} and has {now}.")
    yield {
        "site": asked.value("site"),
        "information": asked.value("information"),
        "flags": flags,
        "before": before,
        "after": after,
        "lost": _lost(before, after) if before and after else [],
        "changed": changed,
    }


def _add(host: Host, given: Row) -> None:
    try:
        host.call("binding.AddSslCertificate", given)
    except HostFault as fault:
        # As PowerShell names what a method throws.
        fault.error_id = METHOD_FAILED
        raise


def _renewal(host: Host, asked: Asked) -> Iterator[Row]:
    old, new = asked.value("old"), asked.value("new")
    before = [record for record in records(host) if record["thumbprint"] == old]
    words = ("renew", "binding", f"/oldcert:{old}", f"/newcert:{new}")
    appcmd = native(host, r"C:\Windows\System32\inetsrv\appcmd.exe", *words)
    lost = []
    for record in before:
        now = _record(host, record["kind"], record["endpoint"])
        if now and now["thumbprint"] == new:
            name = _name(record)
            options = asked.value("options").get(name, [])
            _restore(host, record, now["store"], options)
            now = _record(host, record["kind"], record["endpoint"])
            if now is None:
                raise Refused(f"The record {name} is gone after netsh.")
            lost += [f"{name}: {one}" for one in _lost(record, now)]
    for record in before:
        _rescued(host, record, asked.value("options").get(_name(record), []))
    after = [_record(host, record["kind"], record["endpoint"]) for record in before]
    changed = any(_thumbprint(record) == new for record in after)
    rows = {"before": before, "after": [record for record in after if record]}
    yield rows | {"lost": lost, "changed": changed} | appcmd


def _binding(host: Host, asked: Asked) -> Row:
    site, information = asked.value("site"), asked.value("information")
    found = host.call("iis.bindings", {"name": site, "protocol": "https"})
    exact = [one for one in found if one["bindingInformation"] == information]
    if not exact:
        found = host.call("iis.bindings", {"protocol": "https"})
        here = [one for one in found if f"[@name='{site}' and @id=" in one["ItemXPath"]]
        exact = [one for one in here if one["bindingInformation"] == information]
    if len(exact) != 1:
        raise Refused(f"Site '{site}' has {len(exact)} HTTPS bindings '{information}', not one.")
    binding: Row = exact[0]
    return binding


def _site_id(binding: Row) -> int:
    return int(binding["ItemXPath"].rpartition("@id='")[2].rstrip("']"))


def _name(record: Row) -> str:
    return f"{record['kind']}={record['endpoint']}"


def _thumbprint(record: Row | None) -> str:
    return (record and record["thumbprint"]) or _NO_CERTIFICATE


def _holding(record: Row | None) -> str:
    return f"{_thumbprint(record)} in {record['store']}" if record else _NO_CERTIFICATE


def _holds(record: Row | None, thumbprint: str, store: str) -> bool:
    if record is None:
        return False
    return bool(
        record["thumbprint"] == thumbprint and record["store"].casefold() == store.casefold()
    )


def _restore(host: Host, before: Row, store: str, options: list[str]) -> None:
    kind, endpoint = before["kind"], before["endpoint"]
    after = _record(host, kind, endpoint)
    if after is None:
        raise Refused(f"The record {kind}={endpoint} is gone after the rebind.")
    if not _lost(before, after):
        return
    place = f"{kind}={endpoint}"
    words = _record_words(before, after["thumbprint"], store)
    done = native(host, "netsh.exe", "http", "update", "sslcert", *words, *options)["exit"] == 0
    if done or host.facts.build >= _NETSH_UPDATE:
        return
    native(host, "netsh.exe", "http", "delete", "sslcert", place)
    _add_record(host, before, words, options)


def _rescued(host: Host, before: Row | None, options: list[str]) -> bool:
    if not before or not before["thumbprint"]:
        return False
    if _record(host, before["kind"], before["endpoint"]) is not None:
        return False
    words = _record_words(before, before["thumbprint"], before["store"])
    _add_record(host, before, words, options)
    return _record(host, before["kind"], before["endpoint"]) is not None


def _record_words(before: Row, thumbprint: str, store: str) -> list[str]:
    application = before["binary"].get("AppId")
    appid = uuid.UUID(bytes_le=application) if application else uuid.UUID(IIS_APPLICATION_ID)
    return [_name(before), f"certhash={thumbprint}", f"certstorename={store}", f"appid={{{appid}}}"]


def _add_record(host: Host, before: Row, words: list[str], options: list[str]) -> None:
    native(host, "netsh.exe", "http", "add", "sslcert", *words, *options)
    for attempt in range(3):
        if _record(host, before["kind"], before["endpoint"]) is not None:
            return
        time.sleep(min(attempt, 1))
        native(host, "netsh.exe", "http", "add", "sslcert", *words)


def _lost(before: Row, after: Row) -> list[str]:
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


OPERATIONS: dict[str, Operation] = {
    "get_host": _host,
    "get_certificate": _certificates,
    "set_iis_binding": _set_binding,
    "invoke_iis_renewal": _renewal,
}
