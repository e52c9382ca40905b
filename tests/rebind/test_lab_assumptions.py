"""What nobody here knows about Windows, both ways: a rebind is right, or says what is not.

Each case is a host in a difficult state and some guesses of the lab turned over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import pytest
from labs import (
    change_certificate,
    give_options,
    leave_out_site,
    rebound,
    records,
    remove_certificate,
    restored,
    swap,
)

from psrebind.lab.stage.lab import Lab, LabHost, assume
from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.http_sys import IIS_APPLICATION, Options, Record, RecordKind
from psrebind.lab.windows.state import Binding, HostState, Site
from psrebind.rebind.run import Applied, Method
from psrebind.rebind.verify import Verdict

CLIENTS = Options(check_mode=1, ctl_store_name="ClientAuthIssuer", flags=0x3)
# Guesses about tasks and events, which no rebind meets, and how long a gap is.
OTHERS = (
    "binding_checks_",
    "task_",
    "event_",
    "renewal_",
    "gap_milliseconds",
    "archived_path_",
    "switch_",
)

Prepare = Callable[[LabHost, str], None]


def options(host: LabHost, new: str) -> None:
    """Give every record options that Windows forgets, and a binding a flag that IIS may copy."""
    give_options(host, CLIENTS)
    if host.name == "web01":
        leave_out_site(host, "Legacy")

    def change(state: HostState) -> HostState:
        shop, *others = (
            site for site in state.sites if site.name in ("Shop", "Kunden", "Fallback")
        )
        flagged = replace(shop, bindings=(replace(b := shop.bindings[0], flags=b.flags | 8),))
        assert not others
        return replace(state, sites=tuple(flagged if s == shop else s for s in state.sites))

    host.host.change(change)


def odd_sites(host: LabHost, new: str) -> None:
    """Give a site a name that looks like a pattern, and add one that serves only FTP."""
    ftp = Site(id=77, name="Files", bindings=(Binding(protocol="ftp", information="*:21:"),))

    def change(state: HostState) -> HostState:
        sites = (replace(s, name="O'Kunden [1]") if s.name == "Kunden" else s for s in state.sites)
        return replace(state, sites=(ftp, *sites))

    host.host.change(change)


def archived(host: LabHost, new: str) -> None:
    """Let the new certificate be archived: binding commands may not find it."""
    change_certificate(host, new, archived=True)


def lacking(host: LabHost, new: str) -> None:
    """Let the store WebHosting lack the new certificate."""
    remove_certificate(host, new, "WebHosting")


def in_use(host: LabHost, new: str) -> None:
    """Let the commands that bind a certificate meet a sharing violation."""
    host.host.faults["binding.AddSslCertificate"] = "fail"
    host.host.faults["binding.RebindSslCertificate"] = "fail"


def too_new(host: LabHost, new: str) -> None:
    """Give every record an option for which this Windows' netsh has no word."""
    give_options(host, replace(CLIENTS, flags=0x40))


def shadowed(host: LabHost, new: str) -> None:
    """Let a stray record of the host's address stand beside the SNI records, with a third one."""
    old = next(c.thumbprint for c in host.host.state.certificates if c.renewed_by == new)
    third = next(c for c in host.host.state.central.values())
    stray = Record(
        kind=RecordKind.IPPORT,
        key=f"{host.address}:8443",
        thumbprint=third.thumbprint,
        store="My",
        appid=IIS_APPLICATION,
    )
    sni = replace(stray, kind=RecordKind.HOSTNAMEPORT, key="api.example:8443", thumbprint=old)
    host.host.change(
        lambda state: replace(
            state,
            records=(stray, sni),
            certificates=(*state.certificates, replace(third, store="My")),
        )
    )


@dataclass(frozen=True)
class Case:
    """A difficult host, the guesses turned over, and the exit status by each method.

    None stands for a method that the guess does not concern.
    """

    name: str
    prepare: Prepare
    binding: int | None
    appcmd: int | None
    assumptions: Mapping[str, bool | int] = field(default_factory=dict)
    engine: bool = False

    @property
    def methods(self) -> dict[Method, int]:
        """The methods to try, and the exit status of each."""
        wanted = {Method.BINDING: self.binding, Method.APPCMD: self.appcmd}
        return {method: status for method, status in wanted.items() if status is not None}

    @property
    def title(self) -> str:
        """A short name."""
        guesses = (f"{name}={value}" for name, value in self.assumptions.items())
        return "-".join((self.name, self.prepare.__name__, *guesses))


def flipped(name: str, value: bool | int, *, host: str = "web01", engine: bool = False) -> Case:
    """A host with options, and one guess turned over that must not hurt."""
    by_binding = None if name.startswith("rebind_") else 0
    by_appcmd = None if name.startswith(("add_", "blob_", "schannel_")) else 0
    return Case(host, options, by_binding, by_appcmd, {name: value}, engine)


CASES = (
    Case("web01", options, 0, 0),
    flipped("add_ssl_certificate_deletes_first", True),
    flipped("rebind_ssl_certificate_deletes_first", True),
    flipped("add_resets_options", False),
    flipped("rebind_resets_options", False),
    flipped("record_flags_follow_ssl_flags", True),
    flipped("record_flags_follow_ssl_flags", True, host="web03"),
    flipped("schannel_follows_renewal_link", True),
    flipped("netsh_update_keeps_unnamed_options", True),
    flipped("empty_ctl_values_present", True, host="web02", engine=True),
    flipped("blob_property_renewal", 164),
    flipped("removing_missing_record_fails", False, host="web03"),
    # Where netsh should have an update and has none, nothing is deleted: the loss is named.
    Case("web01", options, 2, 2, {"netsh_update_first_build": 99999}, engine=True),
    # What IIS wrote of its own accord cannot be taken away by leaving it out.
    Case(
        "web01",
        options,
        2,
        None,
        {"record_flags_follow_ssl_flags": True, "netsh_update_keeps_unnamed_options": True},
        engine=True,
    ),
    Case("web02", odd_sites, 0, 0, engine=True),
    Case("web02", odd_sites, 0, 0, {"binding_name_is_a_pattern": False}),
    Case("web02", odd_sites, 0, 0, {"site_state_needs_http_binding": False}),
    Case("web01", options, 3, None, {"blob_property_key": 102}),
    Case("web02", archived, 3, 3),
    Case("web02", archived, 3, 3, {"archived_counts_as_missing": True}),
    Case("web02", archived, 0, 0, {"blob_property_archived": 119}, engine=True),
    Case(
        "web02",
        archived,
        2,
        None,
        {
            "blob_property_archived": 119,
            "archived_counts_as_missing": True,
            "missing_certificate_hresult": 0x80070520,
        },
    ),
    Case(
        "web02",
        archived,
        2,
        2,
        {"blob_property_archived": 119, "archived_counts_as_missing": True},
    ),
    Case("web02", lacking, 3, 3),
    Case("web02", lacking, None, 3, {"appcmd_exit_status_on_skip": 5}),
    Case("web02", in_use, 2, 2),
    Case("web02", in_use, None, 2, {"appcmd_exit_status_on_error": 0}, engine=True),
    Case("web03", too_new, 2, 2),
    Case("web03", too_new, 2, None, {"netsh_unknown_parameter_exit_status": 1}, engine=True),
    Case("web03", shadowed, 0, 0),
    Case("web03", shadowed, 0, None, {"ip_port_record_shadows_sni": True}),
)
BY_ENGINE = [
    *(pytest.param("model", case, id=f"model-{case.title}") for case in CASES),
    *(
        pytest.param("pwsh", case, id=f"pwsh-{case.title}", marks=pytest.mark.engine)
        for case in CASES
        if case.engine
    ),
]


def test_no_guess_is_left_out() -> None:
    """The table turns over every guess that concerns a rebind."""
    known = {one.name for one in fields(Assumptions) if not one.name.startswith(OTHERS)}
    assert {name for case in CASES for name in case.assumptions} == known


@pytest.mark.parametrize(("lab", "case"), BY_ENGINE, indirect=["lab"])
def test_right_or_named(lab: Lab, hosts: dict[str, LabHost], tmp_path: Path, case: Case) -> None:
    """Success means that every record is as before with the new certificate; else it is said."""
    for method, wanted in case.methods.items():
        with restored(hosts[case.name]) as host:
            case.prepare(host, swap(lab, case.name).new)
            for name, value in case.assumptions.items():
                assume(host.host, name, value)
            before = records(host)
            found = rebound(lab, case.name, tmp_path, method)
            assert found.exit_status == wanted, (method, found)
            wrong = misfits(found, before, records(host))
            assert bool(wrong) is bool(wanted), (method, wrong)
            assert wrong <= said(found), (method, found)


def misfits(found: Applied, before: Mapping[str, Record], after: Mapping[str, Record]) -> set[str]:
    """The sites with the old certificate whose record is not as before with the new one."""
    renewal = found.prepared.renewal
    wrong = set()
    for binding in found.prepared.observation.places:
        if binding.record is None or binding.thumbprint != renewal.old:
            continue
        name = f"{binding.record.kind}={binding.record.endpoint}"
        if after.get(name) != replace(before[name], thumbprint=renewal.new):
            wrong.add(binding.site)
    return wrong


def said(found: Applied) -> set[str]:
    """The sites of which the outcome says that something is not as it was wanted, and what."""
    planned = found.prepared.plan
    named = {one.place.site for one in planned.refusals if one.reason}
    named |= {one.place.site for one in planned.skipped if one.reason}
    for result in found.steps:
        if result.error or result.lost:
            named |= {binding.site for binding in result.step.places}
    return named


@pytest.mark.parametrize(("lab", "shadows"), [("model", False), ("model", True)], indirect=["lab"])
def test_a_shadowed_binding_is_not_called_verified(
    lab: Lab, hosts: dict[str, LabHost], tmp_path: Path, *, shadows: bool
) -> None:
    """Where another record answers before the one that was changed, clients are not vouched for."""
    shadowed(hosts["web03"], swap(lab, "web03").new)
    assume(hosts["web03"].host, "ip_port_record_shadows_sni", shadows)
    (step,) = rebound(lab, "web03", tmp_path).steps
    assert step.verdict is (Verdict.UNVERIFIED if shadows else Verdict.VERIFIED)
