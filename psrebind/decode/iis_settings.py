"""Settings of IIS that are no binding, and have a say in which certificate is served."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from psrebind.model import Thumbprint

# IIS 6's key of one web site, or of all; other services have keys too.
_KEY = re.compile(r"@path=(['\"])/?LM/W3SVC(?:/(\d{1,9}))?/?\1\]", re.IGNORECASE)
_SHORT = 8


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
        """Whether it is about a site."""
        return self.site_id in (None, site_id)

    @property
    def certificate(self) -> str:
        """Which certificate, in words."""
        return f"{self.thumbprint[:_SHORT]}…" if self.thumbprint else "another certificate"

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
    """Those that are about web sites."""
    keys = ((_KEY.search(one.path), one.value) for one in found)
    return tuple(
        LegacyHash(int(key[2]) if key[2] else None, _thumbprint(value))
        for key, value in keys
        if key
    )


def _thumbprint(value: str) -> Thumbprint | None:
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    return Thumbprint(data.hex()) if len(data) == 20 else None
