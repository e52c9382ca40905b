"""What a host shows in its registry and on its Cert: drive."""

from __future__ import annotations

import base64
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lab_hosts import bind, host, issue, site, special_host

from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.certificate_stores import blob
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.state import Facts, HostState

HTTP = r"HKLM:\SYSTEM\CurrentControlSet\Services\HTTP\Parameters"


def bytes_of(value: Any) -> bytes:
    """Return the bytes of a JSON value."""
    return base64.b64decode(value["$bytes"])


def properties(data: bytes) -> dict[int, bytes]:
    """Read a certificate blob by property number."""
    found, offset = {}, 0
    while offset < len(data):
        number, one, length = struct.unpack_from("<III", data, offset)
        assert one == 1
        found[number] = data[offset + 12 : offset + 12 + length]
        offset += 12 + length
    return found


def test_registry_shows_an_address_record(tmp_path: Path) -> None:
    """An ip:port record is a key named by it, with every value, unknown ones too."""
    where, _ = special_host(tmp_path)
    assert where.call("registry.children", {"path": HTTP + r"\SslBindingInfo"}) == ["0.0.0.0:8443"]
    found = where.call("registry.values", {"path": HTTP + r"\sslbindinginfo\0.0.0.0:8443"})
    assert bytes_of(found["SslCertHash"]).hex().upper() == where.state.records[0].thumbprint
    assert bytes_of(found["AppId"])[:4] == b"\x11\x11\x11\x11"
    assert bytes_of(found["AppId"])[8:10] == b"\x44\x44"
    assert bytes_of(found["New"]) == b"\x01"
    assert (found["DefaultFlags"], found["DefaultSslCertCheckMode"]) == (3, 1)
    assert found["DefaultSslCtlStoreName"] == "ClientAuthIssuer"
    assert "DefaultSslCtlIdentifier" not in found


def test_registry_names_a_host_record_by_value(tmp_path: Path) -> None:
    """A host:port record's key is a number; its value HostnamePort says what it is for."""
    certificate = issue(tmp_path)
    where = host(tmp_path, sites=(site("*:8443:ü.example", 1),), certificates=(certificate,))
    bind(where, certificate)
    (key,) = where.call("registry.children", {"path": HTTP + r"\SslSniBindingInfo"})
    found = where.call("registry.values", {"path": rf"{HTTP}\SslSniBindingInfo\{key}"})
    assert key.isdecimal()
    assert found["HostnamePort"] == "ü.example:8443"


def test_empty_ctl_values_follow_the_assumption(tmp_path: Path) -> None:
    """On assumption, a record without a CTL has both values, empty."""
    where, _ = special_host(tmp_path, empty_ctl_values_present=True)
    found = where.call("registry.values", {"path": HTTP + r"\SslBindingInfo\0.0.0.0:8443"})
    assert found["DefaultSslCtlIdentifier"] == ""


@pytest.mark.parametrize("prefix", ["HKLM:", "Registry::HKEY_LOCAL_MACHINE", "hklm:"])
def test_registry_takes_each_way_to_write_a_path(tmp_path: Path, prefix: str) -> None:
    """A drive, a provider path and any case name the same key."""
    where = host(tmp_path)
    path = prefix + r"\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
    found = where.call("registry.values", {"path": path})
    assert (found["CurrentBuildNumber"], found["CurrentMajorVersionNumber"]) == ("20348", 10)


def test_old_windows_lacks_the_major_version(tmp_path: Path) -> None:
    """Server 2012 R2 has no CurrentMajorVersionNumber."""
    where = host(tmp_path, HostState(facts=Facts(name="old", build=9600)))
    path = r"HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
    assert "CurrentMajorVersionNumber" not in where.call("registry.values", {"path": path})


def test_facts_show_in_the_registry(tmp_path: Path) -> None:
    """Name, domain, IIS version and script-block logging stand where Windows keeps them."""
    where = host(tmp_path, HostState(facts=Facts(name="web09", script_block_logging=True)))
    services = r"HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
    logging = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\PowerShell\ScriptBlockLogging"
    assert where.call("registry.values", {"path": services})["Hostname"] == "web09"
    iis = where.call("registry.values", {"path": r"HKLM:\SOFTWARE\Microsoft\InetStp"})
    assert (iis["MajorVersion"], iis["VersionString"]) == (10, "Version 10.0")
    assert where.call("registry.values", {"path": logging})["EnableScriptBlockLogging"] == 1
    assert not host(tmp_path).call("registry.exists", {"path": logging})
    assert where.call("host.facts", {})["name"] == "web09"


def test_missing_key_is_not_found(tmp_path: Path) -> None:
    """A missing key raises the provider's own error id."""
    with pytest.raises(HostFault) as caught:
        host(tmp_path).call("registry.values", {"path": r"HKLM:\SOFTWARE\Nothing"})
    expected = "PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand"
    assert (caught.value.error_id, caught.value.category) == (expected, "ObjectNotFound")


def test_blob_carries_the_properties(tmp_path: Path) -> None:
    """The blob in the registry holds certificate, hash, name, key, archive mark and link."""
    new = issue(tmp_path)
    old = replace(issue(tmp_path), archived=True, renewed_by=new.thumbprint, friendly_name="Größe")
    where = host(tmp_path, certificates=(old, new))
    path = rf"HKLM:\SOFTWARE\Microsoft\SystemCertificates\My\Certificates\{old.thumbprint}"
    found = properties(bytes_of(where.call("registry.values", {"path": path})["Blob"]))
    assert found[32] == old.der
    assert found[3].hex().upper() == old.thumbprint
    assert found[11] == "Größe\0".encode("utf-16-le")
    assert found[64].hex().upper() == new.thumbprint
    assert (19 in found, 2 in found) == (True, True)


def test_blob_leaves_out_what_is_not(tmp_path: Path) -> None:
    """Without key, name, archive mark and link, their properties are absent."""
    bare = replace(issue(tmp_path), key=None, key_linked=False)
    assert set(properties(blob(bare, Assumptions()))) == {3, 20, 32}


def test_certificate_drive_hides_archived(tmp_path: Path) -> None:
    """The Cert: drive shows one store without its archived certificates."""
    shown, archived = issue(tmp_path), replace(issue(tmp_path), archived=True)
    where = host(tmp_path, certificates=(shown, archived))
    (found,) = where.call("store.certificates", {"store": "MY"})
    assert found["thumbprint"] == shown.thumbprint
    assert bytes_of(found["der"]) == shown.der
    assert found["has_private_key"] is True
    assert where.call("store.certificates", {"store": "WebHosting"}) == []
