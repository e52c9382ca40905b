"""What a rebind is: observe, plan, apply, verify; replays, the task, notices; and their words.

Loaded when it is first asked for: help and completion need none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psrebind.lazy import lazy_names

if TYPE_CHECKING:
    from psrebind.rebind.closing import RebindSummary as RebindSummary
    from psrebind.rebind.lines import plan_lines as plan_lines
    from psrebind.rebind.lines import result_lines as result_lines
    from psrebind.rebind.sentences import plan_sentences as plan_sentences
    from psrebind.rebind.sentences import result_sentences as result_sentences
    from psrebind.rebind.typed_renewal import TypedRenewal as TypedRenewal
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "TypedRenewal": "psrebind.rebind.typed_renewal",
            "RebindSummary": "psrebind.rebind.closing",
            "plan_lines": "psrebind.rebind.lines",
            "plan_sentences": "psrebind.rebind.sentences",
            "result_lines": "psrebind.rebind.lines",
            "result_sentences": "psrebind.rebind.sentences",
        },
    )
