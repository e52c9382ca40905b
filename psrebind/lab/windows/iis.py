"""IIS: sites, bindings, and the three methods that put certificates on bindings.

The methods write http.sys records only; like IIS, bindings hold no certificate themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from re import fullmatch

from psrebind.lab.windows import system_errors
from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.certificate_stores import find
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.http_sys import (
    CENTRAL_STORE,
    USE_DS_MAPPER,
    Options,
    Record,
    RecordKind,
    drop_record,
    find_record,
    put_record,
    record_place,
    split_information,
)
from psrebind.lab.windows.names import folded, same_name
from psrebind.lab.windows.state import Binding, HostState, Site

# sslFlags of a binding and the DefaultFlags of a record that mean the same.
FLAG_PAIRS = ((4, 16), (8, 128), (16, 32), (32, 64), (64, 1024), (128, 2))


@dataclass(frozen=True, kw_only=True)
class BindingMethod:
    """How one binding method treats an existing record."""

    name: str
    deletes_first: bool
    resets_options: bool


def sites(state: HostState) -> list[dict[str, object]]:
    """Return what Get-Website shows; asking for a state that is None fails."""
    return [{"id": one.id, "name": one.name, "state": _state(state, one)} for one in state.sites]


def _state(state: HostState, site: Site) -> str | None:
    served = any(binding.protocol.startswith("http") for binding in site.bindings)
    return site.state if served or not state.assumptions.site_state_needs_http_binding else None


def bindings(state: HostState, wanted: Mapping[str, object]) -> list[dict[str, object]]:
    """Return what Get-WebBinding shows for its filters name, protocol, port, ip and host."""
    return [
        describe(state, site, binding)
        for site in state.sites
        for binding in site.bindings
        if _named(site, str(wanted.get("name") or ""), state.assumptions)
        and _wanted(binding, wanted)
    ]


def describe(state: HostState, site: Site, binding: Binding) -> dict[str, object]:
    """Return one binding with the certificate looked up in http.sys."""
    record = find_record(state.records, *record_place(binding.information, binding.flags))
    if binding.protocol != "https" or (record is not None and record.kind is RecordKind.CCS):
        record = None
    mapper = record is not None and bool(record.options.flags & USE_DS_MAPPER)
    return {
        "protocol": binding.protocol,
        "bindingInformation": binding.information,
        "sslFlags": binding.flags,
        "certificateHash": (record.thumbprint or "") if record else "",
        "certificateStoreName": (record.store or "") if record else "",
        "isDsMapperEnabled": mapper,
        "ItemXPath": f"/system.applicationHost/sites/site[@name='{site.name}' and @id='{site.id}']",
    }


def add_ssl_certificate(host: Host, arguments: Mapping[str, object]) -> None:
    """Carry out AddSslCertificate."""
    assumptions = host.state.assumptions
    method = BindingMethod(
        name="AddSslCertificate",
        deletes_first=assumptions.add_ssl_certificate_deletes_first,
        resets_options=assumptions.add_resets_options,
    )
    _bind(host, arguments, method)


def rebind_ssl_certificate(host: Host, arguments: Mapping[str, object]) -> None:
    """Carry out RebindSslCertificate."""
    assumptions = host.state.assumptions
    method = BindingMethod(
        name="RebindSslCertificate",
        deletes_first=assumptions.rebind_ssl_certificate_deletes_first,
        resets_options=assumptions.rebind_resets_options,
    )
    _bind(host, arguments, method)


def remove_ssl_certificate(host: Host, arguments: Mapping[str, object]) -> None:
    """Carry out RemoveSslCertificate."""
    state = host.state
    host.require_administrator()
    binding = _find_binding(state, arguments)
    kind, key = record_place(binding.information, binding.flags)
    if find_record(state.records, kind, key) is None:
        if state.assumptions.removing_missing_record_fails:
            raise system_errors.system_fault(system_errors.FILE_NOT_FOUND, german=state.german)
        return
    host.change(lambda now: replace(now, records=drop_record(now.records, kind, key)))


def check_certificate(state: HostState, store: str, thumbprint: str) -> None:
    """Raise what Windows raises for a certificate that cannot be bound."""
    if fullmatch("[0-9A-Fa-f]{40}", thumbprint) is None:
        raise system_errors.system_fault(system_errors.INVALID_ARGUMENT, german=state.german)
    certificate = find(state.certificates, store, thumbprint)
    hidden = certificate is not None and certificate.archived
    if certificate is None or (hidden and state.assumptions.archived_counts_as_missing):
        hresult = state.assumptions.missing_certificate_hresult
        raise system_errors.system_fault(hresult, german=state.german)
    if not certificate.key_linked or certificate.key is None or certificate.locked:
        raise system_errors.system_fault(system_errors.NO_LOGON_SESSION, german=state.german)


def _bind(host: Host, arguments: Mapping[str, object], method: BindingMethod) -> None:
    state = host.state
    host.require_administrator()
    binding = _find_binding(state, arguments)
    if binding.flags & CENTRAL_STORE:
        raise system_errors.system_fault(system_errors.INVALID_ARGUMENT, german=state.german)
    thumbprint, store = str(arguments["hash"]), str(arguments["store"])
    kind, key = record_place(binding.information, binding.flags)
    before = find_record(state.records, kind, key)
    is_late = before is not None and state.assumptions.binding_checks_key_last
    if not is_late:
        check_certificate(state, store, thumbprint)
    record = Record(kind=kind, key=key, options=_options(state, binding))
    if before is not None and not method.resets_options:
        record = before
    record = replace(record, thumbprint=thumbprint.upper(), store=store)
    if before is not None and (method.deletes_first or is_late):
        host.change(lambda now: replace(now, records=drop_record(now.records, kind, key)))
        host.sleep(state.assumptions.gap_milliseconds / 1000)
    if is_late:
        check_certificate(state, store, thumbprint)
    host.change(lambda now: replace(now, records=put_record(now.records, record)))


def _options(state: HostState, binding: Binding) -> Options:
    if not state.assumptions.record_flags_follow_ssl_flags:
        return Options()
    flags = sum(mine for theirs, mine in FLAG_PAIRS if binding.flags & theirs)
    return Options(flags=flags)


def _find_binding(state: HostState, arguments: Mapping[str, object]) -> Binding:
    for site in state.sites:
        for binding in site.bindings:
            if (
                site.id == arguments["site_id"]
                and binding.protocol == "https"
                and binding.information == arguments["bindingInformation"]
            ):
                return binding
    # The binding went away between the look and the call.
    raise system_errors.system_fault(system_errors.ELEMENT_NOT_FOUND, german=state.german)


def _named(site: Site, name: str, assumptions: Assumptions) -> bool:
    if not name:
        return True
    if not assumptions.binding_name_is_a_pattern:
        return same_name(site.name, name)
    return "'" not in name and fnmatchcase(folded(site.name), folded(name))


def _wanted(binding: Binding, wanted: Mapping[str, object]) -> bool:
    if binding.protocol == "ftp":
        return not wanted.get("protocol") or _like("ftp", str(wanted["protocol"]))
    address, port, host = split_information(binding.information)
    found = {"protocol": binding.protocol, "ip": address, "host": host}
    for word, value in found.items():
        pattern = wanted.get(word)
        if pattern and not _like(value, str(pattern)):
            return False
    return not wanted.get("port") or str(wanted["port"]) == str(port)


def _like(value: str, pattern: str) -> bool:
    # `*` alone is also the literal address of most bindings, which the pattern matches anyway.
    literal = folded(pattern.replace("[", "[[]"))
    return fnmatchcase(folded(value), literal)
