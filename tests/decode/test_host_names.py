"""Host names, compared as certificates and http.sys compare them."""

from __future__ import annotations

import pytest

from psrebind.decode.names import a_label, covers, is_address


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("WWW.Example.COM", "www.example.com"),
        ("www.example.com.", "www.example.com"),
        (" www.example.com ", "www.example.com"),
        ("MÜNCHEN.example", "xn--mnchen-3ya.example"),
        ("XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"),
        ("*.münchen.example", "*.xn--mnchen-3ya.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("my_host.example", "my_host.example"),
        ("my_host.münchen.example", "my_host.xn--mnchen-3ya.example"),
        ("münchen。example", "xn--mnchen-3ya.example"),
        ("", ""),
        ("☃..example", "☃..example"),
    ],
)
def test_a_label(name: str, wanted: str) -> None:
    """Names become A-labels in lower case; what is no host name stays."""
    assert a_label(name) == wanted


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("www.example.com", "WWW.example.com"),
        ("*.example.com", "www.example.com"),
        ("*.example.com", "*.example.com"),
        ("*.münchen.example", "www.xn--mnchen-3ya.example"),
        ("xn--mnchen-3ya.example", "münchen.example"),
    ],
)
def test_covers(pattern: str, name: str) -> None:
    """A name covers itself, and a wildcard one label in its place."""
    assert covers(pattern, name)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("www.example.com", "example.com"),
        ("*.example.com", "example.com"),
        ("*.example.com", "a.b.example.com"),
        ("*.example.com", ".example.com"),
        ("www.example.com", "*.example.com"),
        ("*.example.com", "www.example.org"),
        ("w*.example.com", "www.example.com"),
        ("*.*.com", "*.example.com"),
        ("*.example.com", ""),
    ],
)
def test_does_not_cover(pattern: str, name: str) -> None:
    """A wildcard stands for one whole left label and nothing else."""
    assert not covers(pattern, name)


@pytest.mark.parametrize("name", ["192.0.2.1", "2001:db8::1", "[::1]"])
def test_address(name: str) -> None:
    """Addresses are known with and without brackets."""
    assert is_address(name)


@pytest.mark.parametrize("name", ["", "*", "www.example.com", "1.2.3"])
def test_no_address(name: str) -> None:
    """Names are no addresses."""
    assert not is_address(name)
