"""The parameters of `netsh http … sslcert` and the record values they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from psrebind.lab.windows.http_sys import Options

FIRST = (
    "ipport",
    "hostnameport",
    "ccs",
    "certhash",
    "appid",
    "certstorename",
    "verifyclientcertrevocation",
    "verifyrevocationwithcachedclientcertonly",
    "usagecheck",
    "revocationfreshnesstime",
    "urlretrievaltimeout",
    "sslctlidentifier",
    "sslctlstorename",
    "dsmapperusage",
    "clientcertnegotiation",
)

# The first build that knows a parameter: 9600 is 2012 R2, 14393 2016, 17763 2019, 20348 2022. What
# 2019 knows is its own help text [S, docs/windows.md]; the rest is [K].
PARAMETERS = {
    **dict.fromkeys(FIRST, 9600),
    **dict.fromkeys(("reject", "disablehttp2"), 14393),
    **dict.fromkeys(("disableocspstapling", "disablequic", "disablelegacytls"), 17763),
    **dict.fromkeys(("disabletls12", "disabletls13"), 17763),
    **dict.fromkeys(("enabletokenbinding", "logextendedevents"), 20348),
    **dict.fromkeys(("enablesessionticket", "disablesessionid"), 20348),
}
FLAGS = {
    "dsmapperusage": 1,
    "clientcertnegotiation": 2,
    "reject": 8,
    "disablehttp2": 16,
    "disablequic": 32,
    "disabletls13": 64,
    "disableocspstapling": 128,
    "enabletokenbinding": 256,
    "logextendedevents": 512,
    "disablelegacytls": 1024,
    "enablesessionticket": 2048,
    "disabletls12": 4096,
    "disablesessionid": 16384,
}
# Check mode bits: the word that sets one, and whether `enable` or `disable` sets it.
CHECKS = {
    "verifyclientcertrevocation": (1, "disable"),
    "verifyrevocationwithcachedclientcertonly": (2, "enable"),
    "usagecheck": (0x10000, "disable"),
}
FRESHNESS_ENABLED = 4


class UsageError(Exception):
    """The words are not a command that this netsh knows."""


def options(words: Mapping[str, str], base: Options) -> Options:
    """Return the options that the words say, the others as in base."""
    flags, checks = base.flags, base.check_mode
    for name, bit in FLAGS.items():
        if name in words:
            flags = flags | bit if _enabled(words[name]) else flags & ~bit
    for name, (bit, setting) in CHECKS.items():
        if name in words:
            wanted = _enabled(words[name]) == (setting == "enable")
            checks = checks | bit if wanted else checks & ~bit
    freshness = _number(words, "revocationfreshnesstime", base.revocation_freshness_time)
    if "revocationfreshnesstime" in words:
        checks = checks | FRESHNESS_ENABLED if freshness else checks & ~FRESHNESS_ENABLED
    timeout = _number(words, "urlretrievaltimeout", base.revocation_url_retrieval_timeout)
    return replace(
        base,
        check_mode=checks,
        revocation_freshness_time=freshness,
        revocation_url_retrieval_timeout=timeout,
        ctl_identifier=words.get("sslctlidentifier") or base.ctl_identifier,
        ctl_store_name=words.get("sslctlstorename") or base.ctl_store_name,
        flags=flags,
    )


def _number(words: Mapping[str, str], name: str, default: int) -> int:
    word = words.get(name)
    if word is not None and not word.isdecimal():
        raise UsageError
    return default if word is None else int(word)


def _enabled(word: str) -> bool:
    if word.casefold() not in ("enable", "disable"):
        raise UsageError
    return word.casefold() == "enable"
