"""A binding's sslFlags through a rebind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from labs import leave_out_site, rebound
from operations.changes import interfering

from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.lab.windows.state import HostState


def test_cleared_flags_are_a_failure(lab: Lab, hosts: dict[str, LabHost], tmp_path: Path) -> None:
    """Where Windows clears a binding's sslFlags together with the change, that is no success."""
    host = hosts["web01"]
    leave_out_site(host, "Legacy")

    def clear(now: HostState) -> HostState:
        sites = [
            replace(s, bindings=tuple(replace(one, flags=0) for one in s.bindings))
            if s.name == "Shop"
            else s
            for s in now.sites
        ]
        return replace(now, sites=tuple(sites))

    with interfering(host, clear):
        found = rebound(lab, "web01", tmp_path)
    (shop,) = (one for one in found.steps if one.step.places[0].site == "Shop")
    assert found.exit_status == 2
    assert "Shop" in str(shop.error)
    assert "at the end of the run" in str(shop.error)
