"""http.sys records from the registry, and the netsh arguments that restore their options."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from psrebind.decode.records import FLAG_PARAMETERS, RawRecord, netsh_options, unknown_options
from psrebind.iis_model import IIS_APPLICATION_ID, Record, RecordKind
from psrebind.model import Thumbprint

IIS = UUID(IIS_APPLICATION_ID)
THUMBPRINT = Thumbprint("AB" * 20)


def raw(binary: dict[str, bytes] | None = None, **values: Any) -> RawRecord:
    """A record as a script reports it."""
    everything = {"SslCertHash": b"\xab" * 20, "AppId": IIS.bytes_le} | (binary or {})
    return RawRecord(RecordKind.IP, "0.0.0.0:443", THUMBPRINT, "My", everything, values)


def record(**values: Any) -> Record:
    """A record with these registry values."""
    return raw(**values).record


def test_record() -> None:
    """The certificate's own values are fields; every other one is kept by name."""
    found = raw({"New": b"\x01\xff"}, SslCertStoreName="My", DefaultFlags=2).record
    assert found.application_id == IIS_APPLICATION_ID
    assert found.values == {"DefaultFlags": 2, "New": "01ff"}
    assert found.flags == 2


@pytest.mark.parametrize("data", [b"", b"short", b"x" * 17])
def test_odd_application(data: bytes) -> None:
    """An AppId that is no GUID is unknown, not an error."""
    assert raw({"AppId": data}).record.application_id is None


def test_defaults_name_nothing() -> None:
    """A record without options asks for nothing: netsh may not know more."""
    found = record(DefaultFlags=0, DefaultSslCertCheckMode=0, DefaultSslCtlStoreName="")
    assert netsh_options(found) == ()


def test_all_options() -> None:
    """Every option that is set is named as netsh names it."""
    found = record(
        DefaultFlags=0x3,
        DefaultSslCertCheckMode=0x10005,
        DefaultSslRevocationFreshnessTime=60,
        DefaultSslRevocationUrlRetrievalTimeout=15000,
        DefaultSslCtlStoreName="ClientAuthIssuer",
    )
    assert netsh_options(found) == (
        "verifyclientcertrevocation=disable",
        "usagecheck=disable",
        "revocationfreshnesstime=60",
        "urlretrievaltimeout=15000",
        "sslctlstorename=ClientAuthIssuer",
        "dsmapperusage=enable",
        "clientcertnegotiation=enable",
    )
    assert unknown_options(found) == ()


@pytest.mark.parametrize("bit", FLAG_PARAMETERS)
def test_known_flag(bit: int) -> None:
    """Each known flag has a parameter of its own."""
    found = record(DefaultFlags=bit)
    assert f"{FLAG_PARAMETERS[bit]}=enable" in netsh_options(found)
    assert unknown_options(found) == ()


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"DefaultFlags": 0x2004}, "DefaultFlags 0x2004"),
        ({"DefaultSslCertCheckMode": 0x21}, "DefaultSslCertCheckMode 0x20"),
        ({"Surprise": 0}, "Surprise"),
        ({"DefaultFlags": "text"}, "DefaultFlags"),
        ({"DefaultFlags": -1}, "DefaultFlags"),
        ({"DefaultSslCertCheckMode": "7"}, "DefaultSslCertCheckMode"),
        ({"DefaultSslRevocationUrlRetrievalTimeout": "7"}, "DefaultSslRevocationUrl"),
        ({"DefaultSslCtlStoreName": "a\0"}, "DefaultSslCtlStoreName"),
        ({"DefaultSslCtlIdentifier": ["a"]}, "DefaultSslCtlIdentifier"),
    ],
)
def test_unknown(values: dict[str, Any], wanted: str) -> None:
    """What nobody could put back is named: bits, values, and values of another type."""
    (found,) = unknown_options(record(**values))
    assert found.startswith(wanted)
