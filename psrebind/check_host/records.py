"""The options that a check gives a record, and what the record shows of them."""

from __future__ import annotations

from typing import Any

from psrebind.check_host.site import APPLICATION, CheckSite
from psrebind.decode.records import RawRecord

OPTIONS = ("clientcertnegotiation=enable", "sslctlstorename=ClientAuthIssuer")
NEGOTIATE = 2
# No certificate has this thumbprint.
NOBODY = "0123456789" * 4


def options_of(record: RawRecord | None) -> dict[str, Any]:
    """The options that a check gives, as a record has them."""
    if record is None:
        return {}
    names = ("DefaultFlags", "DefaultSslCtlStoreName")
    return {name: record.values.get(name) for name in names} | {"AppId": record.binary.get("AppId")}


def certificate_arguments(site: CheckSite) -> tuple[str, ...]:
    """What netsh needs to know of the first certificate."""
    return (f"certhash={site.first}", f"appid={APPLICATION}", "certstorename=My")


def has_options(record: RawRecord | None) -> bool:
    """Whether a record has the options that the check gives."""
    return record is not None and bool(flags_of(record) & NEGOTIATE)


def flags_of(record: RawRecord) -> int:
    """The mask DefaultFlags of a record."""
    flags = record.values.get("DefaultFlags")
    return flags if isinstance(flags, int) else 0
