"""The demo's hosts: six of them, three where no names are given."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from psrebind.lab.stage.host_parts import HostSetup
from psrebind.lab.stage.iis_hosts import interface, partners, shop
from psrebind.lab.stage.task_hosts import damaged, duplicates, foreign
from psrebind.lab.windows.certificate_authority import Authority
from psrebind.lab.windows.certificate_stores import find
from psrebind.lab.windows.commands import create_host, load_host
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.persistence import write_text

ADDRESSES = "addresses.json"
NAMES = ("web01", "web02", "web03")
ALL_NAMES = (*NAMES, "web04", "web05", "web06")
HOST_MAKERS = (shop, partners, interface, foreign, duplicates, damaged)
# Loopback, away from what other programs use; two labs at one time need two networks.
NETWORK = "127.0.20"


@dataclass(frozen=True, kw_only=True)
class Swap:
    """One renewal that waits on a host: bound is the old, imported is the new."""

    host: str
    old: str
    new: str
    stores: tuple[str, ...]
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """The lab's hosts by name, the address each listens on, its CA, and what waits to be done."""

    hosts: dict[str, Host]
    addresses: dict[str, str]
    authority: Authority
    summary: tuple[Swap, ...]


def create(folder: Path, names: Sequence[str] | None = None, *, network: str = NETWORK) -> Scenario:
    """Make the hosts in a folder; more names than six repeat the six stories."""
    authority = Authority.load_or_create(folder / "authority")
    now = datetime.now(UTC).replace(microsecond=0)
    hosts: dict[str, Host] = {}
    addresses: dict[str, str] = {}
    for number, name in enumerate(names or NAMES):
        setup = HostSetup(name=name, number=number, now=now, network=network)
        state = HOST_MAKERS[number % len(HOST_MAKERS)](authority, setup)
        facts = replace(state.facts, address=setup.address)
        hosts[name] = create_host(folder / "hosts" / name, replace(state, facts=facts))
        addresses[name] = setup.address
    write_text(folder / ADDRESSES, json.dumps(addresses))
    return Scenario(hosts=hosts, addresses=addresses, authority=authority, summary=_summary(hosts))


def load(folder: Path) -> Scenario:
    """Return the scenario that a folder holds."""
    addresses = json.loads((folder / ADDRESSES).read_text(encoding="utf-8"))
    hosts = {name: load_host(folder / "hosts" / name) for name in addresses}
    return Scenario(
        hosts=hosts,
        addresses=addresses,
        authority=Authority.load_or_create(folder / "authority"),
        summary=_summary(hosts),
    )


def _summary(hosts: dict[str, Host]) -> tuple[Swap, ...]:
    swaps: dict[tuple[str, str], Swap] = {}
    for name, host in hosts.items():
        certificates = host.state.certificates
        for old in certificates:
            new = find(certificates, old.store, old.renewed_by)
            if new is None:
                continue
            known = swaps.get((name, old.thumbprint))
            swaps[name, old.thumbprint] = Swap(
                host=name,
                old=old.thumbprint,
                new=new.thumbprint,
                stores=(*(known.stores if known else ()), old.store),
                lost=tuple(one for one in old.names if one not in new.names),
            )
    return tuple(swaps.values())
