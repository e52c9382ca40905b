"""Replace renewed certificates on Windows hosts, and check them by TLS handshake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psrebind.lazy import lazy_names

__version__ = "0.1.0"

if TYPE_CHECKING:
    from psrebind.fleet.fleet import Fleet as Fleet
else:
    # `psrebind --version` need not pay for the public API.
    __getattr__ = lazy_names(__name__, {"Fleet": "psrebind.fleet.fleet"})
