"""How one host is reached: what can be said of it, and what of that cannot work."""

from __future__ import annotations

import ipaddress
import sys
from dataclasses import KW_ONLY, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Self, get_args
from urllib.parse import urlsplit

from psrebind.errors import InvalidInput

Authentication = Literal["negotiate", "kerberos", "ntlm", "credssp", "basic", "certificate"]
# What a way to log on imports when it logs on. On Windows Kerberos is the system's own.
_MODULES = {
    "credssp": ("requests_credssp",),
    "kerberos": () if sys.platform == "win32" else ("gssapi", "krb5"),
}
# pip finds no gssapi and krb5 for Linux that were built already.
_BUILDING = (
    "pip builds it, so before that on Debian: apt install gcc python3-dev libkrb5-dev, or on RHEL: "
    "dnf install gcc python3-devel krb5-devel"
)


class Fingerprint(str):
    """The SHA-1 or SHA-256 hash of a server's certificate, upper case."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Take a fingerprint as people paste it; raise InvalidInput for anything else."""
        digits = "".join(c for c in text if c.isprintable() and c not in " :-").upper()
        if len(digits) not in (40, 64) or set(digits) - set("0123456789ABCDEF"):
            raise InvalidInput(f"{text!r} is not a SHA-1 or SHA-256 fingerprint")
        return super().__new__(cls, digits)


@dataclass(frozen=True)
class ConnectionOptions:
    """How one host is reached. `address` is where to connect while the host keeps its name."""

    host: str
    _: KW_ONLY
    address: str | None = None
    port: int | None = None
    ssl: bool = False
    ca_file: Path | None = None
    pinned: Fingerprint | None = None
    auth: Authentication = "negotiate"
    configuration_name: str = "Microsoft.PowerShell"
    connect_timeout: int = 30
    read_timeout: int = 60
    # Megabytes that a host may send for one script.
    reply_limit: int = 64
    # A proxy's URL may have a password in it.
    proxy: str | None = field(default=None, repr=False)
    certificate_pem: Path | None = None
    certificate_key: Path | None = None
    allow_basic_without_tls: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot work, or would send a password in the clear."""
        for wrong, reason in self._mistakes():
            if wrong:
                raise InvalidInput(f"{self.host or 'a host'}: {reason}")

    @property
    def effective_port(self) -> int:
        """The port, WinRM's own unless another was given."""
        return self.port or (5986 if self.ssl else 5985)

    def _mistakes(self) -> list[tuple[bool, str]]:
        certificate = self.auth == "certificate"
        files = (self.certificate_pem, self.certificate_key)
        plain_basic = self.auth == "basic" and not self.ssl
        return [
            (not _is_name(self.host), "a host is a name or an address, without scheme, port, user"),
            (self.address is not None and not is_address(self.address), "an address is an IP"),
            (self.port is not None and not 0 < self.port < 65536, "a port is from 1 to 65535"),
            (self.auth not in get_args(Authentication), f"{self.auth} is no way to authenticate"),
            (min(self.connect_timeout, self.read_timeout) < 1, "a timeout is at least a second"),
            (self.reply_limit < 1, "a reply limit is at least a megabyte"),
            (not self.configuration_name, "the session configuration needs a name"),
            (
                plain_basic and not self.allow_basic_without_tls,
                "basic without ssl sends the password in the clear: use ssl, or allow it by "
                "--allow-basic-without-tls (allow_basic_without_tls in Python)",
            ),
            (certificate and not self.ssl, "a client certificate needs ssl"),
            (certificate and None in files, "a client certificate needs its PEM and its key"),
            (not certificate and files != (None, None), "a client certificate is for certificate"),
            (not self.ssl and self.ca_file is not None, "a CA file needs ssl"),
            (not self.ssl and self.pinned is not None, "a pinned certificate needs ssl"),
            (None not in (self.ca_file, self.pinned), "a pin needs no CA file"),
            (not _is_proxy(self.proxy), "a proxy is http://NAME:PORT, or 'environment'"),
            (None not in (self.address, self.proxy), "a proxy resolves the name: no address then"),
            (self.ca_file is not None and not self.ca_file.is_file(), f"no file {self.ca_file}"),
        ]


def lacks_extra(auth: Authentication) -> bool:
    """Whether this installation cannot log on in this way."""
    return not all(map(find_spec, _MODULES.get(auth, ())))


def needs_extra(options: ConnectionOptions) -> InvalidInput:
    """The error that says what to install for the way to log on."""
    auth = options.auth
    said = f"{auth} needs more than is installed: pip install 'psrebind[{auth}]'"
    return InvalidInput(
        f"{options.host}: {said}; {_BUILDING}" if auth == "kerberos" else f"{options.host}: {said}"
    )


def _is_proxy(text: str | None) -> bool:
    if text in (None, "environment"):
        return True
    try:
        parts = urlsplit(str(text))
        has_path = parts.path not in ("", "/") or bool(parts.query or parts.fragment)
        is_place = bool(parts.hostname) and parts.port != 0 and not has_path
        return parts.scheme in ("http", "https") and is_place
    except ValueError:
        return False


def _is_name(text: str) -> bool:
    return bool(text) and (is_address(text) or not set(text) & set(" \t\r\n/\\@:?#[]"))


def is_address(text: str) -> bool:
    """Whether the text is an IP address."""
    # What every address has; hundreds of thousands of names need not be refused by an error.
    if ":" not in text and not text[-1:].isdigit():
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
