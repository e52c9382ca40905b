"""What the demo tells, scene by scene; a fact that does not come true makes it fail."""

from __future__ import annotations

from collections.abc import Sequence

from psrebind.cli.demo.stage import Stage, places_of
from psrebind.cli.output.lab import shorten
from psrebind.lab.stage.appcmd_effects import Effect, appcmd_alone
from psrebind.lab.stage.control import NO_POWERSHELL
from psrebind.lab.windows.http_sys import find_record, record_place

REFUSED = 3


def perform(stage: Stage, *, kept: bool = False) -> None:
    """Play all scenes."""
    engine = stage.lab.engine
    stage.say(f"PowerShell at {engine} answers." if engine else f"Note: {NO_POWERSHELL}.")
    _begin(stage)
    _enable(stage)
    _renew(stage)
    _repair(stage)
    _catch_up(stage)
    _one_template(stage)
    _refuse(stage)
    _sum_up(stage, kept=kept)


def _begin(stage: Stage) -> None:
    hosts = tuple(stage.lab.scenario.hosts)
    count = sum(len(places_of(stage.lab, host)) for host in hosts)
    stage.scene(f"{len(hosts)} hosts with {count} HTTPS bindings; their certificates end soon")
    for host in hosts[:2]:
        stage.ask("bindings", host)
    stage.say("\nThe second one is a German Windows: two sites share one ip:port.")
    stage.look(*hosts)


def _enable(stage: Stage) -> None:
    stage.scene("Let each Windows rebind by itself when autoenrollment renews", pictured=True)
    stage.ask("task enable", "web02", "--yes")
    stage.leave_picture()
    for host in ("web01", "web03", "web04"):
        stage.ask("task enable", host, "--yes")
    stage.say("\nOn this one somebody had edited the task, and the event channel was off:")
    stage.ask("task enable", "web06", "--yes")
    stage.say("\nAnd here the task would do harm, so that it is not registered:")
    stage.ask("task enable", "web05", "--yes", expected=REFUSED)


def _renew(stage: Stage) -> None:
    stage.scene("Autoenrollment renews, and clients get it with no further command", pictured=True)
    for host in ("web02", "web03"):
        old = _bound(stage, host, 0)
        stage.type("lab", "renew", host, "--old", old)
        stage.look(host)
        new = _successor(stage, host, old)
        stage.check_served(host, {site: new for site in _sites(stage, host) if site != "Central"})
        stage.leave_picture()
    stage.say("\nThe third binding of web03 is served from a central file, which no task touches.")
    stage.say("What Windows wrote about it:")
    stage.ask("events", "web02", "--id", "1001")


def _repair(stage: Stage) -> None:
    stage.scene(
        "Another CA's certificate, imported by an ACME client: no task hears of it", pictured=True
    )
    old = _bound(stage, "web04", 0)
    stage.type("lab", "import", "web04")
    new = stage.lab.scenario.hosts["web04"].state.certificates[-1].thumbprint
    stage.look("web04")
    stage.check_served("web04", dict.fromkeys(_sites(stage, "web04"), old))
    stage.say("Nothing happened. One notice to Windows repairs it:")
    stage.ask("notify", "web04", "--old", old, "--new", new, "--yes")
    stage.look("web04")
    stage.check_served("web04", dict.fromkeys(_sites(stage, "web04"), new))


def _catch_up(stage: Stage) -> None:
    stage.scene("A renewal from before the task was repaired: Windows never catches up")
    old = _bound(stage, "web06", 0)
    stage.ask("replay", "web06", "--yes")
    stage.look("web06")
    new = _successor(stage, "web06", old)
    stage.check_served("web06", dict.fromkeys(_sites(stage, "web06"), new))


def _one_template(stage: Stage) -> None:
    stage.scene("Two certificates of one template: renewing one may replace the other by it")
    orders, billing = _bound(stage, "web05", 0), _bound(stage, "web05", 2)
    stage.type("lab", "renew", "web05", "--old", orders)
    new = _successor(stage, "web05", orders)
    stage.say("\nAutoenrollment says that it replaces the certificate of billing.example too:")
    stage.ask("events", "web05", "--id", "1001")
    stage.ask("rebind", "web05", "--old", orders, "--new", new, "--yes")
    stage.ask("rebind", "web05", "--old", billing, "--new", new, "--yes", expected=REFUSED)
    stage.look("web05")
    wanted = {"Orders": new, "Basket": new, "Billing": billing, "Invoices": billing}
    stage.check_served("web05", wanted)
    _without(stage, "web05", billing, new, harmed=("Billing", "Invoices"))


def _refuse(stage: Stage) -> None:
    stage.scene("The binding that appcmd would have broken, and did not get", pictured=True)
    old = _bound(stage, "web01", 0)
    new = _successor(stage, "web01", old)
    host = stage.lab.scenario.hosts["web01"]
    binding = next(site for site in host.state.sites if site.name == "Intranet").bindings[0]
    place = record_place(binding.information, binding.flags)
    before = find_record(host.state.records, *place)
    _without(stage, "web01", old, new, harmed=("Legacy", "Intranet"))
    words = ("--old", old, "--new", new)
    stage.say("\nFirst what would be done, and what not:")
    stage.ask("rebind", "web01", *words, "--dry-run", expected=REFUSED)
    stage.say("\nThen the same for real:")
    stage.ask(
        "rebind", "web01", *words, "--yes", expected=REFUSED, excerpt=("bindings changed", "back")
    )
    stage.look("web01")
    wanted = dict.fromkeys(("Shop", "München", "Intranet"), new) | {"Legacy": old}
    stage.check_served("web01", wanted)
    after = find_record(host.state.records, *place)
    kept = before is not None and after is not None and before.options == after.options
    stage.check(kept, "the client-certificate options of Intranet were lost")
    if kept:
        stage.say("Intranet goes on asking its clients for certificates: its options are kept.")


def _sum_up(stage: Stage, *, kept: bool) -> None:
    stage.scene("What this was")
    folder = stage.lab.folder
    where = f"kept: psrebind lab up --folder {folder}" if kept else "gone with it"
    engine = "a real PowerShell ran every script" if stage.lab.engine else "no PowerShell ran"
    for line in (
        "Shown: the task, the renewal it follows, the notice, the replay and two refusals.",
        "Real: the commands, WS-Management, the TLS handshakes and their certificates; "
        + engine
        + ".",
        "Of the lab only: Windows itself, with IIS, appcmd, CA, event log and Task Scheduler.",
        "Assumed of Windows: appcmd forgets options; one renewal may take others of its template.",
        f"The lab's folder was {folder}; it is {where}.",
        "Next, on a host of yours: psrebind bindings HOST -u USER (it changes nothing).",
    ):
        stage.say(line)


def _without(stage: Stage, host: str, old: str, new: str, *, harmed: Sequence[str]) -> None:
    """Say what appcmd would have done, by trying it on a copy of the host."""
    copy = stage.lab.folder / "rehearsals" / host
    effects = appcmd_alone(stage.lab.scenario.hosts[host], copy, old=old, new=new)
    bad = [one for one in effects if one.names_fit is False or one.options_lost]
    stage.say(f"\nWindows' own appcmd, on a copy of {host}:")
    for one in bad:
        stage.say(f"  {one.site:<9} {one.information:<36} {_harm(one)}")
    names = tuple(one.site for one in bad)
    stage.check(set(names) == set(harmed), f"appcmd harmed {names} of {host}, not {harmed}")


def _harm(effect: Effect) -> str:
    if effect.names_fit is False:
        return f"gets {shorten(effect.thumbprint)} without its name"
    return "forgets to ask clients for certificates (assumed)"


def _sites(stage: Stage, host: str) -> tuple[str, ...]:
    return tuple(place.site for place in places_of(stage.lab, host))


def _bound(stage: Stage, host: str, number: int) -> str:
    """The certificate of one of a host's bindings, as a client was last served it."""
    place = places_of(stage.lab, host)[number]
    return stage.served[place.host, place.information].thumbprint or ""


def _successor(stage: Stage, host: str, old: str) -> str:
    """What the store's renewal link says replaces a certificate."""
    certificates = stage.lab.scenario.hosts[host].state.certificates
    found = next(one.renewed_by for one in certificates if one.thumbprint == old)
    return found or ""
