"""What the operations that put certificates on bindings do on the model, without PowerShell.

The twin of ``operations`` for set_iis_binding and invoke_iis_renewal.
"""

from __future__ import annotations

from collections.abc import Iterator

from psrebind.lab.engines.model.operations import Operation, Refused, native
from psrebind.lab.engines.model.record_changes import (
    again,
    lost_options,
    record_name,
    repair,
    restore,
)
from psrebind.lab.engines.model.registry_operations import (
    Memory,
    Row,
    as_record,
    record_of,
    records,
)
from psrebind.lab.engines.model.script import Asked
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.names import folded

_NO_CERTIFICATE = "no certificate"
METHOD_FAILED = "ScriptMethodRuntimeException"


def _set_binding(host: Host, asked: Asked) -> Iterator[Row]:
    memory = asked.memory
    kind, endpoint, store = (asked.value(name) for name in ("kind", "endpoint", "store"))
    new, options, values = (asked.value(name) for name in ("thumbprint", "options", "values"))
    name = f"'{asked.value('information')}' of '{asked.value('site')}'"
    binding = _binding(host, asked)
    before = record_of(host, memory, kind, endpoint)
    wanted = before if values is None else as_record(kind, endpoint, values)
    is_set = _holds(before, new, store)
    is_whole = is_set and not (wanted and before and lost_options(wanted, before))
    rescue = ""
    if not is_whole:
        promised = asked.value("expected") or _NO_CERTIFICATE
        if not is_set and _thumbprint(before) != promised:
            raise Refused(f"Binding {name} has {_thumbprint(before)}, not {promised}.")
        if not is_set:
            _require_key(host, new, store)
        add = {"site_id": _site_id(binding), "hash": new, "store": store}
        add |= {"bindingInformation": binding["bindingInformation"]}
        try:
            if not is_set:
                _add(host, add)
            if wanted:
                restore(host, memory, wanted, new, store, options)
                if record_of(host, memory, kind, endpoint) is None:
                    _add(host, add)
        except (HostFault, Refused) as fault:
            _tell(fault, repair(host, memory, wanted, new, store, options, ended=False))
            raise
        rescue = repair(host, memory, wanted, new, store, options, ended=True)
    after = record_of(host, memory, kind, endpoint)
    if after is None or not _holds(after, new, store):
        raise Refused(f"Binding {name} has {_holding(after)}, not {new} in {store}.{rescue}")
    yield {
        "site": asked.value("site"),
        "information": asked.value("information"),
        "flags": binding["sslFlags"],
        "before": before,
        "after": after,
        "lost": lost_options(wanted, after) if wanted else [],
        "changed": not is_whole,
    }


def _require_key(host: Host, thumbprint: str, store: str) -> None:
    place = {"store": store, "thumbprint": thumbprint}
    reason = "there is none"
    try:
        found = host.call("store.certificates", place)
        if not found:
            return
        key = host.call("store.key", place)
    except HostFault:
        return
    if key["hresult"]:
        reason = f"0x{key['hresult']:08X}: {key['message']}"
    elif found[0]["has_private_key"]:
        return
    name = f"{thumbprint} in the store {store}"
    raise Refused(f"The private key of {name} does not open ({reason}).")


def _tell(fault: HostFault | Refused, text: str) -> None:
    if isinstance(fault, HostFault):
        fault.message += text
    else:
        fault.told = text


def _add(host: Host, given: Row) -> None:
    try:
        host.call("binding.AddSslCertificate", given)
    except HostFault as fault:
        # As PowerShell names what a method throws.
        fault.error_id = METHOD_FAILED
        raise


def _renewal(host: Host, asked: Asked) -> Iterator[Row | str]:
    memory = asked.memory
    old, new, options = (asked.value(name) for name in ("old", "new", "options"))
    before = [one for one in records(host, memory) if one["thumbprint"] == old]
    for store in dict.fromkeys(folded(one["store"]) for one in before):
        _require_key(host, new, next(o["store"] for o in before if folded(o["store"]) == store))
    words = ("renew", "binding", f"/oldcert:{old}", f"/newcert:{new}")
    try:
        appcmd = native(host, r"C:\Windows\System32\inetsrv\appcmd.exe", *words)
        for one in before:
            now = again(host, memory, one)
            if now and now["thumbprint"] == new:
                restore(host, memory, one, new, now["store"], _given(options, one))
    except (HostFault, Refused) as fault:
        _tell(fault, _repaired(host, memory, before, new, options, ended=False))
        raise
    told = _repaired(host, memory, before, new, options, ended=True)
    if told:
        yield told.strip()
    after = [again(host, memory, one) for one in before]
    pairs = [(one, now) for one, now in zip(before, after, strict=True) if now]
    lost = [f"{record_name(one)}: {name}" for one, now in pairs for name in lost_options(one, now)]
    changed = any(_thumbprint(one) == new for one in after)
    rows = {"before": before, "after": [one for one in after if one]}
    yield rows | {"lost": lost, "changed": changed} | appcmd


def _repaired(
    host: Host, memory: Memory, before: list[Row], new: str, options: list[Row], *, ended: bool
) -> str:
    return "".join(
        repair(host, memory, one, new, one["store"], _given(options, one), ended=ended)
        for one in before
    )


def _given(options: list[Row], one: Row) -> list[str]:
    name = folded(record_name(one))
    found = [given for given in options if folded(given["record"]) == name]
    return [argument for given in found for argument in given["arguments"]]


def _binding(host: Host, asked: Asked) -> Row:
    site, information = asked.value("site"), asked.value("information")
    found = _received(asked)
    if not found:
        asked.memory["bindings"] = host.call("iis.bindings", {"protocol": "https"})
        found = _received(asked)
    if not found:
        named = host.call("iis.bindings", {"name": site, "protocol": "https"})
        found = [one for one in named if _same(one["bindingInformation"], information)]
    if len(found) != 1:
        raise Refused(f"Site '{site}' has {len(found)} HTTPS bindings '{information}', not one.")
    return found[0]


def _received(asked: Asked) -> list[Row]:
    """What was read of one place and site, once."""
    path = folded(f"[@name='{asked.value('site')}' and @id=")
    kept: list[Row] = asked.memory.get("bindings", [])
    found = [
        one
        for one in kept
        if path in folded(one["ItemXPath"])
        and _same(one["bindingInformation"], asked.value("information"))
    ]
    asked.memory["bindings"] = [one for one in kept if one not in found]
    return found


def _same(one: str, other: str) -> bool:
    return folded(one) == folded(other)


def _site_id(binding: Row) -> int:
    return int(binding["ItemXPath"].rpartition("@id='")[2].rstrip("']"))


def _thumbprint(record: Row | None) -> str:
    return (record and record["thumbprint"]) or _NO_CERTIFICATE


def _holding(record: Row | None) -> str:
    return f"{_thumbprint(record)} in {record['store']}" if record else _NO_CERTIFICATE


def _holds(record: Row | None, thumbprint: str, store: str) -> bool:
    if record is None:
        return False
    return bool(record["thumbprint"] == thumbprint and folded(record["store"]) == folded(store))


OPERATIONS: dict[str, Operation] = {
    "set_iis_binding": _set_binding,
    "invoke_iis_renewal": _renewal,
}
