"""A certificate that IIS 6's mapper brings back: said before and after a rebind, with the cure."""

from __future__ import annotations

from pathlib import Path

import pytest
from labs import rebound, records, swap

from psrebind.lab.stage.breakage import break_host
from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.rebind.host_plan import HostPlan, HostResult
from psrebind.rebind.sentences import result_sentences
from psrebind.rebind.verify import Verdict


def test_the_old_certificate_comes_back(
    lab: Lab, hosts: dict[str, LabHost], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rebind is verified and right, and days later the site has the old certificate again:
    that it may come to this is said of the binding, with the plan, and with the result."""
    host, waiting = hosts["web01"], swap(lab, "web01")
    break_host(host.host, "legacy-hash")
    found = rebound(lab, "web01", tmp_path)
    (shop,) = (one for one in found.steps if one.step.places[0].site == "Shop")
    assert shop.verdict is Verdict.VERIFIED
    concerned = [one.site for one in found.prepared.observation.places if one.problems]
    assert concerned == ["Shop"]
    (problem,) = shop.step.places[0].problems
    assert f"{waiting.old[:8]}… back" in problem
    (note,) = (one for one in found.prepared.plan.notes if "5506" in one.text)
    assert "remove 5506 and 5511 from the key LM/W3SVC/2" in note.text
    result = HostResult(HostPlan("web01", (found.prepared,)), (found,))
    assert note.text in result_sentences(result, command=None)
    assert records(host)["hostnameport=shop.example:8443"].thumbprint == waiting.new
    break_host(host.host, "mapper-starts")
    assert records(host)["hostnameport=shop.example:8443"].thumbprint == waiting.old


def test_nothing_is_left_over(lab: Lab, hosts: dict[str, LabHost], tmp_path: Path) -> None:
    """Where there is no such property nothing is said of it."""
    found = rebound(lab, "web01", tmp_path)
    assert not [one for one in found.prepared.plan.notes if "5506" in one.text]
