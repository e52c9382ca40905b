"""How a script reaches one host: over WinRM, or on this machine.

The libraries that talk to a host are loaded when the first one is asked: they cost a third of a
second, which ``--help`` should not pay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psrebind.lazy import lazy_names

if TYPE_CHECKING:
    from psrebind.sessions.child_pool import ChildPool as ChildPool
    from psrebind.sessions.worker import PoolWorker as PoolWorker
else:
    __getattr__ = lazy_names(
        __name__,
        {"ChildPool": f"{__name__}.child_pool", "PoolWorker": f"{__name__}.worker"},
    )
