"""How a host is reached, from its variables and what the command line gives.

The keys mean what they mean to Ansible's psrp and winrm plugins. An error names the key and what is
needed, never the value.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psrebind.errors import InvalidInput
from psrebind.fleet.connection_keys import SETTINGS
from psrebind.fleet.host_names import host_name
from psrebind.fleet.inventory.model import InventoryHost
from psrebind.model import Secret
from psrebind.sessions.connection_options import ConnectionOptions, is_address

LOCALHOST = "localhost"
_TRUE, _FALSE = ("true", "yes", "on", "1", "y", "t"), ("false", "no", "off", "0", "n", "f")
_AUTHENTICATIONS = ("negotiate", "kerberos", "ntlm", "credssp", "basic", "certificate")
# pywinrm's names of what is basic everywhere else.
_TRANSPORTS = {"plaintext": "basic", "ssl": "basic"}
_NONE: Mapping[str, Any] = {}


@dataclass(frozen=True)
class HostConnection:
    """How one host is reached, and as whom; without options it is this machine, by a local session.

    `password` is the inventory's, and only given for the inventory's own user.
    """

    name: str
    options: ConnectionOptions | None
    user: str | None = None
    password: Secret | None = None


def connection(host: InventoryHost, given: Mapping[str, Any] = _NONE) -> HostConnection:
    """How to reach a host; `given` has what the command line says, fields of ConnectionOptions
    and `user`, and wins."""
    said = _HostSettings(host)
    asked = {name: value for name, value in given.items() if value is not None}
    if is_local(host, given):
        key = next((key for name in SETTINGS if (key := said.key(name))), None)
        if said.kind != "local" and (asked or key):
            # Whoever says how to connect to localhost may mean another machine than this one.
            reason = (
                f"this machine takes no {next(iter(asked), 'connection setting')}: leave that out "
                "(in an inventory say ansible_connection=local), or give a port to reach what "
                "WinRM is there"
            )
            raise host.error(reason, key=key)
        return HostConnection(host.name, None)
    user = asked.pop("user", None)
    own_user = said.text("user")
    fields = {**_fields(said, asked), **asked}
    if not fields["ssl"] and "ca_file" not in asked:
        fields.pop("ca_file", None)
    try:
        options = ConnectionOptions(**fields)
    except InvalidInput as error:
        if host.location is None:
            raise
        raise host.error(str(error).removeprefix(f"{fields['host']}: ")) from error
    password = said.key("password") if user in (None, own_user) else None
    secret = host.value(password) if password else None
    return HostConnection(host.name, options, user or own_user, secret)


def is_local(host: InventoryHost, given: Mapping[str, Any] = _NONE) -> bool:
    """Whether the host is this machine, reached without a network.

    ``localhost`` with a port or an address is the end of a tunnel, and another machine.
    """
    said = _HostSettings(host)
    if said.kind is not None or host.name.lower() != LOCALHOST:
        return said.kind == "local"
    return not any(given.get(name) or said.key(name) for name in ("address", "port"))


def endpoint(host: InventoryHost, given: Mapping[str, Any] = _NONE) -> tuple[str, int]:
    """Address, or name without one, and port: hosts that agree in both are one host."""
    if is_local(host, given):
        return LOCALHOST, 0
    said = _HostSettings(host)
    address = str(given.get("address") or said.text("address") or host.name)
    ssl, port = _protocol(said, given)
    return normal_address(address), port or (5986 if ssl else 5985)


def addresses(host: InventoryHost) -> frozenset[str]:
    """The addresses, or names to connect to, that an inventory gives a host, for finding it."""
    told = (host.value(key) for key in SETTINGS["address"])
    return frozenset(normal_address(one) for one in told if isinstance(one, str) and one)


def normal_address(text: str) -> str:
    """An address or a name in the one spelling that two of them are compared in."""
    lower = text.strip().lower()
    return str(ipaddress.ip_address(lower)) if is_address(lower) else lower.rstrip(".")


class _HostSettings:
    """What the inventory says of one host, setting by setting, of the keys that count for it."""

    def __init__(self, host: InventoryHost) -> None:
        self.host = host
        found = host.value("ansible_connection")
        self.kind = str(found).rpartition(".")[2].lower() if found not in (None, "") else None
        if self.kind not in (None, "psrp", "winrm", "local"):
            reason = "psrp, winrm or local is needed; leave another host out by --exclude"
            raise self.host.error(reason, key="ansible_connection")

    def key(self, setting: str) -> str | None:
        """The key that decides a setting, if any is set."""
        other = {"psrp": "ansible_winrm_", "winrm": "ansible_psrp_"}.get(self.kind or "", "-")
        for key in reversed(SETTINGS[setting]):
            if not key.startswith(other) and self.host.value(key) not in (None, ""):
                return key
        return None

    def text(self, setting: str) -> str | None:
        key = self.key(setting)
        if key is None:
            return None
        value = self.host.value(key)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise self.host.error("text is needed: put it in quotes", key=key)
        return str(value)

    def one_of(self, setting: str, *choices: str) -> str | None:
        text = self.text(setting)
        if text is not None and text.lower() not in choices:
            reason = f"one of {', '.join(choices)} is needed"
            raise self.host.error(reason, key=self.key(setting))
        return text.lower() if text is not None else None

    def number(self, setting: str, *, most: int) -> int | None:
        key = self.key(setting)
        if key is None:
            return None
        text = str(self.host.value(key)).strip()
        if not (text.isascii() and text.isdigit() and len(text) < 10 and 0 < int(text) <= most):
            raise self.host.error(f"a number from 1 to {most} is needed", key=key)
        return int(text)

    def truth(self, setting: str) -> bool:
        key = self.key(setting)
        text = str(self.host.value(key)).lower() if key else "false"
        if text not in (*_TRUE, *_FALSE):
            raise self.host.error("true or false is needed", key=key)
        return text in _TRUE

    def file(self, setting: str) -> Path | None:
        text = self.text(setting)
        return Path(text).expanduser() if text else None


def _fields(said: _HostSettings, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the inventory says of ConnectionOptions; a field it does not mention is left out."""
    ssl, port = _protocol(said, given)
    transports = _TRANSPORTS if said.key("auth") == "ansible_winrm_transport" else {}
    own = said.one_of("auth", *_AUTHENTICATIONS, *transports)
    auth = given.get("auth") or _TRANSPORTS.get(own or "", own)
    proxy = None if said.truth("ignore_proxy") else said.text("proxy")
    trusted = "pinned" in given or "ca_file" in given
    found = {
        **_address(said, has_proxy=bool(given.get("proxy") or proxy)),
        "port": port,
        "auth": auth,
        "configuration_name": said.text("configuration_name"),
        "connect_timeout": said.number("connect_timeout", most=86400),
        "read_timeout": said.number("read_timeout", most=86400),
        "reply_limit": said.number("reply_limit", most=100_000),
        "proxy": proxy,
        "ca_file": None if trusted else _authorities(said, is_checked=ssl),
    }
    if auth == "certificate":
        found["certificate_pem"] = said.file("certificate_pem")
        found["certificate_key"] = said.file("certificate_key")
    path = said.text("path")
    if path is not None and path.strip("/").lower() != "wsman":
        raise said.host.error("only wsman is possible", key=said.key("path"))
    if said.one_of("encryption", "auto", "always", "never") == "never" and not ssl:
        reason = "psrebind encrypts always: use HTTPS, or leave this out"
        raise said.host.error(reason, key=said.key("encryption"))
    return {"ssl": ssl} | {name: value for name, value in found.items() if value is not None}


def _protocol(said: _HostSettings, given: Mapping[str, Any]) -> tuple[bool, int | None]:
    """Whether to use TLS, and the port.

    For a host that says `psrp` or `winrm` the default is theirs: HTTPS unless the port is 5985.
    For any other it is psrebind's: HTTP unless the port is 5986.
    """
    port = given.get("port") or said.number("port", most=65535)
    protocol = said.one_of("protocol", "http", "https")
    if given.get("ssl") is not None:
        return bool(given["ssl"]), port
    if protocol is not None:
        return protocol == "https", port
    if said.kind in ("psrp", "winrm"):
        return port != 5985, port
    return port == 5986, port


def _address(said: _HostSettings, *, has_proxy: bool) -> dict[str, str]:
    """An address leaves the host its name, which TLS and Kerberos go by; a name replaces it."""
    target = said.text("address") or said.host.name
    if is_address(target) and not has_proxy and target != said.host.name:
        return {"host": said.host.name, "address": target}
    try:
        return {"host": host_name(target)}
    except ValueError as error:
        # A row of CSV that has slipped by a column brings anything here, also a password.
        reason = str(error) if target == said.host.name else "not the name or address of a host"
        raise said.host.error(reason, key=said.key("address")) from error


def _authorities(said: _HostSettings, *, is_checked: bool) -> Path | None:
    """The CA file; whoever wants no check of the certificate has to say what to trust instead."""
    if is_checked and said.one_of("validation", "validate", "ignore") == "ignore":
        reason = "psrebind checks certificates always: pin this host's, or give a CA file"
        raise said.host.error(reason, key=said.key("validation"))
    text = said.text("ca_file")
    return None if text == "legacy_requests" else said.file("ca_file")
