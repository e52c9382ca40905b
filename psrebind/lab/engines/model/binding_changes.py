"""The changes that put certificates on bindings, in the words of their templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from psrebind.lab.engines.model.record_options import WantedRecord, lost_options
from psrebind.lab.engines.model.records import (
    Row,
    all_records,
    as_record,
    find_record,
    record_name,
)
from psrebind.lab.engines.model.request import Answer, OperationRequest, Refused, native
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.names import folded, same_name

_NO_CERTIFICATE = "no certificate"
METHOD_FAILED = "ScriptMethodRuntimeException"


def _set_binding(host: Host, request: OperationRequest) -> Iterator[Row]:
    kind, endpoint, store = (request.value(name) for name in ("kind", "endpoint", "store"))
    new, values = request.value("thumbprint"), request.value("values")
    name = f"'{request.value('information')}' of '{request.value('site')}'"
    binding = _binding(host, request)
    before = find_record(host, kind, endpoint)
    record = before if values is None else as_record(kind, endpoint, values)
    wanted = WantedRecord(host, record, request.value("options")) if record else None
    is_set = _holds(before, new, store)
    is_whole = is_set and not (record and before and lost_options(record, before))
    remark = ""
    if not is_whole:
        promised = request.value("expected") or _NO_CERTIFICATE
        if not is_set and _thumbprint(before) != promised:
            raise Refused(f"Binding {name} has {_thumbprint(before)}, not {promised}.")
        if not is_set:
            _require_key(host, new, store)
        try:
            if not is_set:
                _add(host, binding, new, store)
            if wanted:
                wanted.restore(new, store)
                if wanted.now() is None:
                    _add(host, binding, new, store)
        except (HostFault, Refused) as fault:
            _append(fault, wanted.repair(new, store, ended=False) if wanted else "")
            raise
        remark = wanted.repair(new, store, ended=True) if wanted else ""
    after = find_record(host, kind, endpoint)
    if after is None or not _holds(after, new, store):
        holding = f"{_thumbprint(after)} in {after['store']}" if after else _NO_CERTIFICATE
        raise Refused(f"Binding {name} has {holding}, not {new} in {store}.{remark}")
    yield {
        "site": request.value("site"),
        "information": request.value("information"),
        "flags": binding["sslFlags"],
        "before": before,
        "after": after,
        "lost": lost_options(record, after) if record else [],
        "changed": not is_whole,
    }


def _renew(host: Host, request: OperationRequest) -> Iterator[Row | str]:
    old, new = request.value("old"), request.value("new")
    before = [one for one in all_records(host) if one["thumbprint"] == old]
    arguments: dict[str, list[str]] = {}
    for given in request.value("options"):
        arguments.setdefault(folded(given["record"]), []).extend(given["arguments"])
    wanted = [
        WantedRecord(host, one, arguments.get(folded(record_name(one)), [])) for one in before
    ]
    stores: dict[str, str] = {}
    for record in before:
        stores.setdefault(folded(record["store"]), record["store"])
    for store in stores.values():
        _require_key(host, new, store)
    words = ("renew", "binding", f"/oldcert:{old}", f"/newcert:{new}")

    def repaired(*, ended: bool) -> str:
        return "".join(one.repair(new, one.record["store"], ended=ended) for one in wanted)

    try:
        appcmd = native(host, r"C:\Windows\System32\inetsrv\appcmd.exe", *words)
        for one in wanted:
            now = one.now()
            if now and now["thumbprint"] == new:
                one.restore(new, now["store"])
    except (HostFault, Refused) as fault:
        _append(fault, repaired(ended=False))
        raise
    if remark := repaired(ended=True):
        yield remark.strip()
    pairs = [(one.record, now) for one in wanted if (now := one.now())]
    lost = [f"{record_name(one)}: {name}" for one, now in pairs for name in lost_options(one, now)]
    after = [now for _, now in pairs]
    changed = any(one["thumbprint"] == new for one in after)
    yield {"before": before, "after": after, "lost": lost, "changed": changed} | appcmd


def _binding(host: Host, request: OperationRequest) -> Row:
    site, information = request.value("site"), request.value("information")
    path = folded(f"[@name='{site}' and @id=")
    found: list[Row] = [
        one
        for one in host.call("iis.bindings", {"protocol": "https"})
        if path in folded(one["ItemXPath"]) and same_name(one["bindingInformation"], information)
    ]
    if len(found) != 1:
        raise Refused(f"Site '{site}' has {len(found)} HTTPS bindings '{information}', not one.")
    return found[0]


def _require_key(host: Host, thumbprint: str, store: str) -> None:
    place = {"store": store, "thumbprint": thumbprint}
    try:
        found = host.call("store.certificates", place)
        if not found:
            return
        key = host.call("store.key", place)
    except HostFault:
        return
    if not key["hresult"] and found[0]["has_private_key"]:
        return
    reason = f"0x{key['hresult']:08X}: {key['message']}" if key["hresult"] else "there is none"
    name = f"{thumbprint} in the store {store}"
    raise Refused(f"The private key of {name} does not open ({reason}).")


def _add(host: Host, binding: Row, thumbprint: str, store: str) -> None:
    site = int(binding["ItemXPath"].rpartition("@id='")[2].rstrip("']"))
    information = binding["bindingInformation"]
    given = {"site_id": site, "bindingInformation": information, "hash": thumbprint, "store": store}
    try:
        host.call("binding.AddSslCertificate", given)
    except HostFault as fault:
        # As PowerShell names what a method throws.
        fault.error_id = METHOD_FAILED
        raise


def _append(fault: HostFault | Refused, remark: str) -> None:
    if isinstance(fault, HostFault):
        fault.message += remark
    else:
        fault.remark = remark


def _thumbprint(record: Row | None) -> str:
    return (record and record["thumbprint"]) or _NO_CERTIFICATE


def _holds(record: Row | None, thumbprint: str, store: str) -> bool:
    return (
        record is not None
        and record["thumbprint"] == thumbprint
        and same_name(record["store"], store)
    )


BINDING_CHANGES: Mapping[str, Answer] = {
    "set_iis_binding": _set_binding,
    "invoke_iis_renewal": _renew,
}
