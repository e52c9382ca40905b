"""What appcmd alone would do, tried on a copy."""

from __future__ import annotations

from pathlib import Path

from psrebind.lab.stage import scenario
from psrebind.lab.stage.appcmd_effects import appcmd_alone
from psrebind.lab.stage.lab import assume
from psrebind.lab.windows.assumptions import Assumptions


def test_appcmd_breaks_a_name_and_forgets_options_of_the_copy_alone(tmp_path: Path) -> None:
    """One binding gets a certificate without its name, one loses options; the host stays as is."""
    made = scenario.create(tmp_path / "lab")
    host, swap = made.hosts["web01"], made.summary[0]
    before = host.state
    effects = appcmd_alone(host, tmp_path / "copy", old=swap.old, new=swap.new)
    assert {one.site: (one.names_fit, one.options_lost) for one in effects} == {
        "Shop": (True, False),
        "München": (True, False),
        "Legacy": (False, False),
        "Intranet": (True, True),
    }
    assert {one.thumbprint for one in effects} == {swap.new}
    assert host.state == before
    assert scenario.load(tmp_path / "lab").hosts["web01"].state == before


def test_what_appcmd_forgets_is_an_assumption(tmp_path: Path) -> None:
    """On a Windows whose rebind keeps a record's options, the copy keeps them too."""
    made = scenario.create(tmp_path / "lab")
    host, swap = made.hosts["web01"], made.summary[0]
    assert Assumptions().rebind_resets_options
    assume(host, "rebind_resets_options", False)
    effects = appcmd_alone(host, tmp_path / "copy", old=swap.old, new=swap.new)
    assert not any(one.options_lost for one in effects)
