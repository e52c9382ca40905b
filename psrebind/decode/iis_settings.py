"""Settings of IIS that are no binding, and have a say in which certificate is served."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from psrebind.errors import ParameterError
from psrebind.model import Thumbprint

# IIS 6's key of one web site, or of all; other services have keys too.
_KEY = re.compile(r"@path=(['\"])/?LM/W3SVC(?:/(\d{1,9}))?/?\1\]", re.IGNORECASE)
# The site's id is the last predicate of its own: a name may hold any character, a quote included.
_SITE_ID = re.compile(r"@id=['\"](\d+)['\"]\s*\]")


@dataclass(frozen=True)
class RawLegacyHash:
    """A property 5506 of customMetadata as a script reports it: ItemXPath and Base64."""

    path: str
    value: str


@dataclass(frozen=True)
class LegacyHash:
    """A certificate that the IIS 6 mapper may bind again; ``site_id`` is None for every site."""

    site_id: int | None
    thumbprint: Thumbprint | None

    def concerns(self, site_id: int) -> bool:
        """Whether it may bring a certificate back to a site."""
        return self.site_id in (None, site_id)

    @property
    def certificate(self) -> str:
        """Which certificate, in words."""
        return self.thumbprint.short if self.thumbprint else "another certificate"

    @property
    def problem(self) -> str:
        """What it means for a binding, in short."""
        return f"the left-over property 5506 of IIS 6 may bring {self.certificate} back"

    def advice(self, site: str) -> str:
        """What it means, and the cure, in one sentence."""
        where = "every site" if self.site_id is None else f"the site {site}"
        key = "LM/W3SVC" if self.site_id is None else f"LM/W3SVC/{self.site_id}"
        return (
            f"{where} has the left-over property 5506 of IIS 6: when the IIS 6 mapper starts, it "
            f"may delete the records and bind {self.certificate} again; back up "
            f"applicationHost.config, and remove 5506 and 5511 from the key {key} of its "
            "customMetadata"
        )


def legacy_hashes(found: Iterable[RawLegacyHash]) -> tuple[LegacyHash, ...]:
    """The left-over hashes of web sites."""
    keys = ((_KEY.search(one.path), one.value) for one in found)
    return tuple(
        LegacyHash(int(key[2]) if key[2] else None, _thumbprint(value))
        for key, value in keys
        if key
    )


@dataclass(frozen=True)
class RawFtpCertificate:
    """The TLS settings of one FTP site, or of all by default, as a script reports them."""

    path: str
    thumbprint: str
    store: str


@dataclass(frozen=True)
class RawFtpBinding:
    """An FTP binding as Get-WebBinding shows it."""

    path: str
    information: str


@dataclass(frozen=True)
class FtpCertificate:
    """The certificate of an FTP site, which no http.sys record holds; of the defaults without one.

    ``thumbprint`` is None where the configuration has something else there.
    """

    site: str | None
    site_id: int | None
    information: str
    thumbprint: Thumbprint | None
    store: str
    service: ClassVar[str] = "ftp"
    advice: ClassVar[str] = "not touched; set the new one in IIS Manager, FTP SSL Settings"

    @property
    def name(self) -> str:
        """Where it is, in words."""
        if self.site is None:
            return "the default of FTP sites"
        return f"the FTP binding {self.information} of {self.site}"


def site_number(path: str) -> int:
    """The id of the site that an ItemXPath is about; 0 for none."""
    numbers = _SITE_ID.findall(path)
    return int(numbers[-1]) if numbers else 0


def ftp_certificates(
    settings: Iterable[RawFtpCertificate],
    bindings: Iterable[RawFtpBinding],
    names: Mapping[int, str],
) -> tuple[FtpCertificate, ...]:
    """One for each FTP binding that has a certificate; the defaults where no binding has theirs."""
    by_site = {site_number(one.path): one for one in settings}
    found = [
        _ftp(one, number, names.get(number, binding.path), binding.information)
        for binding in bindings
        if (one := by_site.get(number := site_number(binding.path)))
    ]
    default = by_site.get(0)
    if default and _written(default.thumbprint) not in [one.thumbprint for one in found]:
        found.append(_ftp(default, None, None, ""))
    return tuple(found)


def _ftp(
    raw: RawFtpCertificate, number: int | None, site: str | None, information: str
) -> FtpCertificate:
    return FtpCertificate(site, number, information, _written(raw.thumbprint), raw.store or "MY")


def _written(text: str) -> Thumbprint | None:
    try:
        return Thumbprint(text)
    except ParameterError:
        return None


def _thumbprint(value: str) -> Thumbprint | None:
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    return Thumbprint(data.hex()) if len(data) == 20 else None
