"""A record's options through a rebind, on hosts whose Windows forgets them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from labs import give_options, leave_out_site, rebound, records, sent, swap
from releases import CLIENTS

from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.lab.windows.http_sys import Options
from psrebind.lab.windows.state import HostState
from psrebind.rebind.outcome import Outcome
from psrebind.rebind.run import Method
from psrebind.services.rules import Rule

EVERYTHING = replace(CLIENTS, flags=0x5DFB)
AD_FS = "{5d89a20c-beab-4389-9447-324788eb944a}"
ZEROS = "{00000000-0000-0000-0000-000000000000}"
FLAG = Options(flags=0x20000002)
CHECK = Options(check_mode=0x101)
VALUE = Options(extra={"DefaultNew": b"\x01\x02"})


def forgets(host: LabHost) -> bool:
    """Whether the host's Windows forgets options, which is what all of this is about."""
    known = host.host.state.assumptions
    return known.add_resets_options and known.rebind_resets_options


def change_records(host: LabHost, changes: dict[str, dict[str, Any]]) -> None:
    """Let some records, by kind and key, be other ones in some fields."""

    def change(state: HostState) -> HostState:
        found = (replace(r, **changes.get(f"{r.kind}={r.key}", {})) for r in state.records)
        return replace(state, records=tuple(found))

    host.host.change(change)


def give_service(host: LabHost, name: str) -> None:
    """Let a host have one more service, which starts with Windows."""
    facts = host.host.facts
    more = replace(facts, services={**facts.services, name: 2})
    host.host.change(lambda state: replace(state, facts=more))


@pytest.mark.parametrize(
    ("name", "method"),
    [("web01", Method.BINDING), ("web02", Method.APPCMD), ("web03", Method.BINDING)],
)
@pytest.mark.parametrize("appid", [AD_FS, ZEROS])
def test_a_label_is_put_back(
    lab: Lab, hosts: dict[str, LabHost], tmp_path: Path, *, name: str, method: Method, appid: str
) -> None:
    """A record that only has another program's label is rebound, and has the label again."""
    host, waiting = hosts[name], swap(lab, name)
    if name == "web01":
        leave_out_site(host, "Legacy")
    change_records(host, {one: {"appid": appid} for one in records(host)})
    before = records(host)
    found = rebound(lab, name, tmp_path, method)
    assert (found.outcome, found.exit_status) == (Outcome.CHANGED, 0)
    changed = {step.step.target for step in found.steps}
    assert changed
    assert records(host) == {
        one: replace(record, thumbprint=waiting.new) if one in changed else record
        for one, record in before.items()
    }


@pytest.mark.parametrize(
    ("name", "options", "method"),
    [
        ("web01", EVERYTHING, Method.BINDING),
        ("web02", CLIENTS, Method.APPCMD),
        ("web03", CLIENTS, Method.BINDING),
        ("web03", CLIENTS, Method.APPCMD),
    ],
)
def test_options_survive(
    lab: Lab,
    hosts: dict[str, LabHost],
    tmp_path: Path,
    *,
    name: str,
    options: Options,
    method: Method,
) -> None:
    """A rebound record is the one before with another certificate: options, CTL, appid, store."""
    host, waiting = hosts[name], swap(lab, name)
    if name == "web01":
        leave_out_site(host, "Legacy")
    give_options(host, options)
    before = records(host)
    found = rebound(lab, name, tmp_path, method)
    assert forgets(host)
    assert (found.outcome, found.exit_status) == (Outcome.CHANGED, 0)
    changed = {step.step.target for step in found.steps}
    assert changed == {n for n, one in before.items() if one.thumbprint and "legacy" not in n}
    assert records(host) == {
        name: replace(one, thumbprint=waiting.new) if name in changed else one
        for name, one in before.items()
    }


def test_the_demos_client_certificates_survive(
    lab: Lab, hosts: dict[str, LabHost], tmp_path: Path
) -> None:
    """The intranet of the demo is rebound beside a refused binding, and keeps its options."""
    (intranet,) = (one for one in records(hosts["web01"]).values() if one.options != Options())
    found = rebound(lab, "web01", tmp_path)
    after = records(hosts["web01"])[f"{intranet.kind}={intranet.key}"]
    assert after == replace(intranet, thumbprint=swap(lab, "web01").new)
    assert found.exit_status == 3


ODDITIES: dict[str, tuple[dict[str, Any], Rule]] = {
    "hostnameport=shop.example:8443": ({"options": FLAG}, Rule.UNKNOWN_OPTIONS),
    "hostnameport=münchen.example:8443": ({"options": CHECK}, Rule.UNKNOWN_OPTIONS),
    "hostnameport=legacy.example:8443": ({"options": VALUE}, Rule.UNKNOWN_OPTIONS),
    "ipport": ({"appid": AD_FS}, Rule.FOREIGN_RECORD),
}


def test_what_could_not_be_put_back_is_left_alone(
    lab: Lab, hosts: dict[str, LabHost], tmp_path: Path
) -> None:
    """A record with something unknown is refused by its rule and stays bit for bit."""
    host = hosts["web01"]
    names = {key: next(name for name in records(host) if name.startswith(key)) for key in ODDITIES}
    change_records(host, {names[key]: fields for key, (fields, _) in ODDITIES.items()})
    give_service(host, "adfssrv")
    before = host.host.state
    found = rebound(lab, "web01", tmp_path)
    refusals = {one.place.site: one.rule for one in reversed(found.prepared.plan.refusals)}
    rules = [rule for _, rule in ODDITIES.values()]
    assert refusals == dict(zip(("Shop", "München", "Legacy", "Intranet"), rules, strict=True))
    assert (found.exit_status, found.steps, host.host.state) == (3, (), before)


def test_appcmd_leaves_all_alone_then(lab: Lab, hosts: dict[str, LabHost], tmp_path: Path) -> None:
    """appcmd cannot leave a binding out: one with unknown options keeps it from running."""
    host = hosts["web01"]
    leave_out_site(host, "Legacy")
    change_records(host, {"hostnameport=shop.example:8443": {"options": FLAG}})
    before, asked = host.host.state, len(sent(host))
    found = rebound(lab, "web01", tmp_path, Method.APPCMD)
    rules = [one.rule for one in found.prepared.plan.refusals]
    assert rules == [Rule.UNKNOWN_OPTIONS, Rule.ALL_OR_NOTHING, Rule.ALL_OR_NOTHING]
    assert (found.exit_status, host.host.state) == (3, before)
    assert sent(host)[asked:].count("Command") == 1
