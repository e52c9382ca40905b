"""What a real Windows is asked that the lab only assumes, and the report of it.

Loaded when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psrebind.lazy import lazy_names

if TYPE_CHECKING:
    from psrebind.check_host.check import HostCheck as HostCheck
    from psrebind.check_host.questions import questions_of as questions_of
    from psrebind.check_host.report import SEND as SEND
    from psrebind.check_host.report import summary as summary
    from psrebind.check_host.report import table as table
    from psrebind.check_host.report import write as write
else:
    _REPORT = f"{__name__}.report"
    __getattr__ = lazy_names(
        __name__,
        dict.fromkeys(("SEND", "summary", "table", "write"), _REPORT)
        | {"HostCheck": f"{__name__}.check", "questions_of": f"{__name__}.questions"},
    )
