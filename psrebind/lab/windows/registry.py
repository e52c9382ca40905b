"""A host's registry as psrebind may read it, made afresh from the state at each look."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from psrebind.lab.windows import system_errors
from psrebind.lab.windows.certificate_stores import STORES, blob
from psrebind.lab.windows.http_sys import Record, RecordKind
from psrebind.lab.windows.names import folded
from psrebind.lab.windows.state import Facts, HostState

HTTP = r"SYSTEM\CurrentControlSet\Services\HTTP\Parameters"
TCPIP = r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
SERVICES = r"SYSTEM\CurrentControlSet\Services"
INETSTP = r"SOFTWARE\Microsoft\InetStp"
LOGGING = r"SOFTWARE\Policies\Microsoft\Windows\PowerShell\ScriptBlockLogging"
ENROLLMENT = r"SOFTWARE\Policies\Microsoft\Cryptography\AutoEnrollment"
STORE = r"SOFTWARE\Microsoft\SystemCertificates"

KEYS = {
    RecordKind.IPPORT: "SslBindingInfo",
    RecordKind.HOSTNAMEPORT: "SslSniBindingInfo",
    RecordKind.CCS: "SslCcsBindingInfo",
}
PREFIXES = ("microsoft.powershell.core\\", "registry::")
HIVES = ("hklm:", "hkey_local_machine")

Value = object


@dataclass
class Key:
    """One registry key: its name as Windows writes it, values, and subkeys by folded name."""

    name: str
    values: dict[str, Value] = field(default_factory=dict)
    children: dict[str, Key] = field(default_factory=dict)

    def child(self, path: str) -> Key:
        """Return the subkey at a path; what is missing on the way is made."""
        current = self
        for name in path.split("\\"):
            current = current.children.setdefault(folded(name), Key(name))
        return current


def values(state: HostState, path: str) -> dict[str, Value]:
    """Return a key's values by name."""
    return dict(_existing(state, path, "GetItemPropertyCommand").values)


def children(state: HostState, path: str) -> list[str]:
    """Return the names of a key's subkeys."""
    key = _existing(state, path, "GetChildItemCommand")
    return [child.name for child in key.children.values()]


def keys(state: HostState, path: str, *, recurse: bool = False) -> list[dict[str, object]]:
    """Return the keys below a key as Get-ChildItem shows them, each before those below it; they
    are named by their way from the key.
    """
    return list(_below(_existing(state, path, "GetChildItemCommand"), "", recurse))


def _below(key: Key, way: str, recurse: bool) -> Iterator[dict[str, object]]:
    for child in key.children.values():
        yield _shown(child) | {"name": way + child.name}
        if recurse:
            yield from _below(child, f"{way}{child.name}\\", recurse)


def key(state: HostState, path: str) -> dict[str, object]:
    """Return one key as Get-Item shows it."""
    return _shown(_existing(state, path, "GetItemCommand"))


def _shown(key: Key) -> dict[str, object]:
    return {"name": key.name, "values": list(key.values), "keys": len(key.children)}


def exists(state: HostState, path: str) -> bool:
    """Tell whether a key exists."""
    return _find(tree(state), path) is not None


def tree(state: HostState) -> Key:
    """Return HKEY_LOCAL_MACHINE."""
    root = Key("HKEY_LOCAL_MACHINE")
    facts = state.facts
    root.child(VERSION).values.update(_version(facts))
    root.child(TCPIP).values.update(
        {"Hostname": facts.name, "NV Hostname": facts.name}
        | {"Domain": facts.domain, "NV Domain": facts.domain}
    )
    if facts.script_block_logging:
        root.child(LOGGING).values["EnableScriptBlockLogging"] = 1
    if facts.autoenrollment is not None:
        root.child(ENROLLMENT).values["AEPolicy"] = facts.autoenrollment
    if facts.iis_version is not None:
        major, minor = (int(number) for number in facts.iis_version.split("."))
        root.child(INETSTP).values.update(
            {"MajorVersion": major, "MinorVersion": minor}
            | {"VersionString": f"Version {facts.iis_version}"}
        )
    for name, start in facts.services.items():
        root.child(f"{SERVICES}\\{name}").values["Start"] = start
    root.child(HTTP)
    for record, name, values in record_keys(state):
        key = root.child(f"{HTTP}\\{KEYS[record.kind]}\\{name}")
        for name, value in values.items():
            if name.endswith("\\"):
                key.child(name.rstrip("\\"))
            else:
                key.values[name] = value
    for store in STORES:
        root.child(f"{STORE}\\{store}\\Certificates")
    for certificate in state.certificates:
        key = root.child(f"{STORE}\\{certificate.store}\\Certificates\\{certificate.thumbprint}")
        key.values["Blob"] = blob(certificate, state.assumptions)
    return root


def record_keys(state: HostState) -> Iterator[tuple[Record, str, dict[str, Value]]]:
    """Yield each http.sys record with the name of its key and its values."""
    for number, record in enumerate(state.records):
        # The keys of SNI records are numbered; their value HostnamePort says what they are for.
        name = f"{number:08d}" if record.kind is RecordKind.HOSTNAMEPORT else record.key
        yield record, name, record_values(record, state.assumptions.empty_ctl_values_present)


def record_values(record: Record, empty_present: bool) -> dict[str, Value]:
    """Return the registry values of one http.sys record."""
    options = record.options
    found: dict[str, Value] = {"AppId": uuid.UUID(record.appid).bytes_le}
    if record.kind is RecordKind.HOSTNAMEPORT:
        found["HostnamePort"] = record.key
    if record.thumbprint is not None:
        found["SslCertHash"] = bytes.fromhex(record.thumbprint)
        found["SslCertStoreName"] = record.store or "MY"
    found["DefaultSslCertCheckMode"] = options.check_mode
    found["DefaultSslRevocationFreshnessTime"] = options.revocation_freshness_time
    found["DefaultSslRevocationUrlRetrievalTimeout"] = options.revocation_url_retrieval_timeout
    found["DefaultFlags"] = options.flags
    names = {
        "DefaultSslCtlIdentifier": options.ctl_identifier,
        "DefaultSslCtlStoreName": options.ctl_store_name,
    }
    found |= {name: text or "" for name, text in names.items() if text or empty_present}
    return {name: v for name, v in (found | dict(options.extra)).items() if v is not None}


def _version(facts: Facts) -> Mapping[str, Value]:
    found: dict[str, Value] = {
        "ProductName": facts.os_name,
        "CurrentBuildNumber": str(facts.build),
        "CurrentBuild": str(facts.build),
        "UBR": facts.ubr,
        "CurrentVersion": "6.3",
        "InstallationType": "Server",
    }
    # Server 2012 R2 (build 9600) does not know these two.
    if facts.build >= 10240:
        found |= {"CurrentMajorVersionNumber": 10, "CurrentMinorVersionNumber": 0}
    return found


def _existing(state: HostState, path: str, command: str) -> Key:
    key = _find(tree(state), path)
    if key is None:
        raise system_errors.path_fault(path, command, german=state.german)
    return key


def _find(root: Key, path: str) -> Key | None:
    rest = path
    for prefix in PREFIXES:
        if rest.casefold().startswith(prefix):
            rest = rest[len(prefix) :]
    hive, _, rest = rest.replace("/", "\\").partition("\\")
    if hive.casefold() not in HIVES:
        return None
    current: Key | None = root
    for name in rest.strip("\\").split("\\") if rest.strip("\\") else ():
        current = current.children.get(folded(name)) if current is not None else None
    return current
