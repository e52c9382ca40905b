"""Which names a certificate stands for, and which are lost."""

from __future__ import annotations

import pytest
from certificates import make

from psrebind.decode.certificates import served_certificate
from psrebind.decode.coverage import lost_names, names
from psrebind.model import Certificate


def named(*dns: str, cn: str | None = "cn.example") -> Certificate:
    """A certificate with these names."""
    found = served_certificate(make(*dns, common_name=cn).der)
    assert isinstance(found, Certificate)
    return found


def test_common_name_only_without_dns() -> None:
    """The CN counts only where there is no dNSName; an address does not replace it."""
    assert names(named("a.example")) == ("a.example",)
    assert names(named()) == ("cn.example",)
    assert names(named("192.0.2.1")) == ("cn.example", "192.0.2.1")


@pytest.mark.parametrize("cn", [None, "A friendly name"])
def test_common_name_that_is_none(cn: str | None) -> None:
    """Words that are no host name are not lost by anybody."""
    assert names(named(cn=cn)) == ()


@pytest.mark.parametrize(
    ("old", "new", "host", "lost"),
    [
        (("a.example",), ("a.example",), "a.example", ()),
        (("a.example",), ("b.example",), "a.example", ("a.example",)),
        (("a.example", "b.example"), ("a.example",), "a.example", ()),
        (("a.example",), ("b.example",), "proxied.example", ()),
        (("a.example",), ("*.example",), "a.example", ()),
        (("*.x.example",), ("a.x.example",), "a.x.example", ()),
        (("*.x.example",), ("a.x.example",), "b.x.example", ("b.x.example",)),
        (("a.example", "b.example"), ("a.example",), "", ("b.example",)),
        (("a.x.example",), ("*.x.example",), "", ()),
        (("*.x.example",), ("a.x.example",), "", ("*.x.example",)),
        (("192.0.2.1", "a.example"), ("a.example",), "", ("192.0.2.1",)),
        (("192.0.2.1", "a.example"), ("a.example",), "a.example", ()),
        (("a.x.example",), ("b.x.example",), "*.x.example", ("a.x.example",)),
        (("*.x.example",), ("*.x.example",), "*.x.example", ()),
        (("xn--mnchen-3ya.example",), ("a.example",), "MÜNCHEN.example", ("MÜNCHEN.example",)),
        (("xn--mnchen-3ya.example",), ("XN--MNCHEN-3YA.example",), "münchen.example", ()),
        ((), ("cn.example",), "cn.example", ()),
        ((), ("a.example",), "cn.example", ("cn.example",)),
        ((), ("a.example",), "", ("cn.example",)),
        (("cn.example",), (), "cn.example", ()),
    ],
)
def test_lost(old: tuple[str, ...], new: tuple[str, ...], host: str, lost: tuple[str, ...]) -> None:
    """A name is lost that the old one covered and the new one does not, and no other."""
    assert lost_names(named(*old), named(*new), host) == lost
