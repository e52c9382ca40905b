"""What a rebind says of a plan, from rows as a host gives them."""

from __future__ import annotations

import pytest
from certificates import make
from observations import observed, record, renewal, stored

from psrebind.cli.output.rebind import result_row
from psrebind.iis_model import BindingInfo
from psrebind.rebind.handshake import Handshake
from psrebind.rebind.host_plan import HostPlan
from psrebind.rebind.lines import RebindLine
from psrebind.rebind.options import Method
from psrebind.rebind.plan import plan
from psrebind.rebind.run import Prepared
from psrebind.rebind.sentences import plan_sentences

OLD = make("a.example")
POOR = make("b.example", usages=["1.3.6.1.5.5.7.3.2"])


def test_each_refused_binding_counts_once() -> None:
    """Two sites with one text are two bindings, however many rules refuse each."""
    entries = [stored(OLD), stored(POOR)]
    seen = observed(["*:443:a.example"] * 2, [record("0.0.0.0:443", OLD)], entries)
    wanted = renewal(OLD, POOR)
    found = plan(seen, wanted)
    assert len(found.refusals) > 2
    prepared = Prepared("web01", wanted, Method.BINDING, seen, found, ())
    *_, said = plan_sentences(HostPlan("web01", (prepared,)), dry_run=False)
    assert said == "nothing to change, 2 refused"


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        (Handshake(OLD.thumbprint), None),
        (Handshake(error="refused"), "refused → {new}"),
    ],
)
def test_what_is_served_is_told_where_it_is_news(before: Handshake, shown: str | None) -> None:
    """Clients that got just what the configuration says need no column of their own."""
    line = RebindLine(
        host="web01",
        site="A",
        binding=BindingInfo("*:443:a.example"),
        store="My",
        before=OLD.thumbprint,
        after=POOR.thumbprint,
        outcome="changed",
        served_before=before,
        served_after=Handshake(POOR.thumbprint),
    )
    assert result_row(line)["served"] == (shown and shown.format(new=POOR.thumbprint))
