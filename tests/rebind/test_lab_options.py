"""A record's options through a rebind, on hosts whose Windows forgets them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from labs import give_options, leave_out_site, rebound, records, sent, swap

from psrebind.lab.httpsys import Options, Record
from psrebind.lab.runtime import Lab, LabHost
from psrebind.lab.state import HostState
from psrebind.rebind.outcome import Outcome
from psrebind.rebind.rules import Rule
from psrebind.rebind.run import Method

# Client certificates with a CTL of the host's own, by words that every Windows knows.
CLIENTS = Options(
    check_mode=0x10007,
    revocation_freshness_time=3600,
    revocation_url_retrieval_timeout=15000,
    ctl_identifier="Partners",
    ctl_store_name="ClientAuthIssuer",
    flags=0x3,
)
EVERYTHING = replace(CLIENTS, flags=0x5DFB)
PRODUCT = "{11111111-2222-3333-4444-555555555555}"
SHOP = "hostnameport=shop.example:8443"


def forgets(host: LabHost) -> bool:
    """Whether the host's Windows forgets options, which is what all of this is about."""
    known = host.host.state.assumptions
    return known.add_resets_options and known.rebind_resets_options


def change_shop(host: LabHost, **fields: object) -> Record:
    """Let the record of the shop be another one in some fields, and give it."""
    before = records(host)[SHOP]
    odd = replace(before, **fields)  # type: ignore[arg-type]

    def change(state: HostState) -> HostState:
        return replace(state, records=tuple(odd if r == before else r for r in state.records))

    host.host.change(change)
    return odd


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize(
    ("name", "options"), [("web01", EVERYTHING), ("web02", CLIENTS), ("web03", CLIENTS)]
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
    changed = {step.step.record_name for step in found.steps}
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


@pytest.mark.parametrize(
    ("odd", "rule"),
    [
        ({"options": Options(flags=0x20000002)}, Rule.UNKNOWN_OPTIONS),
        ({"options": Options(check_mode=0x101)}, Rule.UNKNOWN_OPTIONS),
        ({"options": Options(extra={"DefaultNew": b"\x01\x02"})}, Rule.UNKNOWN_OPTIONS),
        ({"appid": PRODUCT}, Rule.FOREIGN_RECORD),
    ],
    ids=["flag-bit", "check-bit", "value", "appid"],
)
def test_what_could_not_be_put_back_is_left_alone(
    lab: Lab, hosts: dict[str, LabHost], tmp_path: Path, *, odd: dict[str, object], rule: Rule
) -> None:
    """A record with something unknown is refused by its rule and stays bit for bit."""
    before = change_shop(hosts["web01"], **odd)
    found = rebound(lab, "web01", tmp_path)
    refusals = {one.binding.site: one.rule for one in found.prepared.plan.refusals}
    assert refusals == {"Shop": rule, "Legacy": Rule.LOSES_NAME}
    assert records(hosts["web01"])[SHOP] == before
    assert (found.exit_status, [s.changed for s in found.steps]) == (3, [True, True])


def test_appcmd_leaves_all_alone_then(
    lab: Lab, hosts: dict[str, LabHost], tmp_path: Path
) -> None:
    """appcmd cannot leave a binding out: one with unknown options keeps it from running."""
    leave_out_site(hosts["web01"], "Legacy")
    change_shop(hosts["web01"], options=Options(flags=0x20000000))
    before, asked = hosts["web01"].host.state, len(sent(hosts["web01"]))
    found = rebound(lab, "web01", tmp_path, Method.APPCMD)
    rules = [one.rule for one in found.prepared.plan.refusals]
    assert rules == [Rule.UNKNOWN_OPTIONS, Rule.ALL_OR_NOTHING, Rule.ALL_OR_NOTHING]
    assert (found.exit_status, hosts["web01"].host.state) == (3, before)
    assert sent(hosts["web01"])[asked:].count("Command") == 1
