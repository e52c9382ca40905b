"""The words of psrebind: what each type takes, and what it refuses."""

from __future__ import annotations

import pytest

from psrebind.errors import ParameterError
from psrebind.iis_model import Binding, BindingInfo, RecordKind
from psrebind.model import Renewal, Secret, Thumbprint

DIGITS = "0123456789ABCDEF0123456789ABCDEF01234567"


@pytest.mark.parametrize(
    "pasted",
    [
        DIGITS,
        DIGITS.lower(),
        "\u200e" + DIGITS,
        " ".join(DIGITS[at : at + 2] for at in range(0, 40, 2)),
        ":".join(DIGITS[at : at + 2] for at in range(0, 40, 2)).lower(),
        f"\ufeff{DIGITS}\r\n",
        f"\u202a{DIGITS}\u202c",
    ],
)
def test_a_thumbprint_as_people_paste_it(pasted: str) -> None:
    """Blanks, colons, lower case and invisible marks do not matter."""
    assert Thumbprint(pasted) == DIGITS


@pytest.mark.parametrize(
    "text", ["", "0", DIGITS[:-1], DIGITS + "0", DIGITS[:-1] + "G", DIGITS[:-1] + "\u0660", "x"]
)
def test_another_text_is_no_thumbprint(text: str) -> None:
    """What is not 40 hex digits is refused with the text shown."""
    with pytest.raises(ParameterError, match="40 hex digits"):
        Thumbprint(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("*:443:", ("*", 443, "")),
        (":443:", ("*", 443, "")),
        ("10.0.0.5:8443:www.example.com", ("10.0.0.5", 8443, "www.example.com")),
        ("[::1]:443:", ("[::1]", 443, "")),
        ("*:443:münchen.example", ("*", 443, "münchen.example")),
    ],
)
def test_a_binding_has_three_parts(text: str, parts: tuple[str, int, str]) -> None:
    """Address, port and host are found, IPv6 included."""
    found = BindingInfo(text)
    assert (found.ip, found.port, found.host) == parts


@pytest.mark.parametrize("text", ["", "443", "*:443", "*:0:", "*:65536:", "*:x:", "*:443:a:b"])
def test_another_text_is_no_binding(text: str) -> None:
    """What is not ip:port:host is refused."""
    with pytest.raises(ParameterError, match="ip:port:host"):
        BindingInfo(text)


@pytest.mark.parametrize(
    ("information", "flags", "kind", "endpoint"),
    [
        ("*:443:", 0, RecordKind.IP, "0.0.0.0:443"),
        ("10.0.0.5:443:www.example.com", 0, RecordKind.IP, "10.0.0.5:443"),
        ("*:443:www.example.com", 1, RecordKind.SNI, "www.example.com:443"),
        ("*:443:www.example.com", 1 | 4 | 64, RecordKind.SNI, "www.example.com:443"),
        ("*:443:www.example.com", 3, RecordKind.CCS, "443"),
        ("*:443:", 2, RecordKind.CCS, "443"),
        ("[::1]:443:", 128, RecordKind.IP, "[::1]:443"),
    ],
)
def test_flags_choose_the_record(
    information: str, flags: int, kind: RecordKind, endpoint: str
) -> None:
    """The kind and name of a binding's record follow from its flags, the whole mask kept."""
    binding = Binding("site", 1, "Started", BindingInfo(information), flags, None)
    assert (binding.kind, binding.endpoint, binding.flags) == (kind, endpoint, flags)


def test_a_certificate_does_not_renew_itself() -> None:
    """A renewal has two certificates."""
    with pytest.raises(ParameterError, match="the same"):
        Renewal(Thumbprint(DIGITS), Thumbprint(DIGITS.lower()))


def test_a_secret_does_not_print() -> None:
    """A secret's text is nowhere but where it is asked for."""
    secret = Secret("pa55w0rd")
    assert "pa55" not in f"{secret} {secret!r} {[secret]}"
    assert secret.reveal() == "pa55w0rd"
