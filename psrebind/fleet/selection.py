"""The hosts that a command is for: the target, and what limits and excludes it.

Plain words only; `@`, `&` and `!` belong to the user's shell.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import fnmatch
import heapq
import itertools
import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psrebind.errors import InventoryError
from psrebind.fleet import host_names
from psrebind.fleet.connection_vars import LOCALHOST, addresses, endpoint, normal_address
from psrebind.fleet.inventory.model import Inventory, InventoryHost, Location
from psrebind.fleet.inventory.text import lines_of, read_text, words_of

ALL = "all"
# What difflib takes for a slip of the pen, too.
_NEAR = 0.6
_COMPARED = 500
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Term:
    """One word that chooses hosts, and where it stood if it came from a file."""

    text: str
    location: Location | None = None

    def error(self, reason: str, inventory: Inventory | None) -> InventoryError:
        """An error that names the file the word came from, else the inventory."""
        if self.location:
            return self.location.error(reason)
        return InventoryError(reason, file=inventory.file if inventory else None)


def read_terms(path: Path) -> tuple[Term, ...]:
    """The words of a file of hosts (``--hosts-file``), to limit or to exclude by."""
    found = tuple(
        Term(word, Location(str(path), number))
        for number, line in lines_of(read_text(path))
        for word in words_of(line.partition("#")[0])
    )
    if not found:
        raise InventoryError("no names in it", file=str(path))
    return found


def select(
    inventory: Inventory | None,
    target: str,
    *,
    limit: Sequence[str | Term] = (),
    exclude: Sequence[str | Term] = (),
    given: Mapping[str, Any] = _NOTHING,
) -> tuple[InventoryHost, ...]:
    """The hosts that the target names, each machine once, within the limit and not excluded.

    Every word must name something: a slip of the pen must not widen or narrow a change unseen.
    """
    terms = _terms([target])
    if not terms:
        raise InventoryError("no target: a host, a group or `all` is needed")
    chosen = _matching(inventory, terms, among=None)
    pool = inventory.hosts if inventory else tuple(chosen.values())
    if limits := _terms(limit):
        kept = _matching(inventory, limits, among=pool)
        chosen = {name: host for name, host in chosen.items() if name in kept}
    dropped = _matching(inventory, _terms(exclude), among=pool)
    chosen = {name: host for name, host in chosen.items() if name not in dropped}
    # A machine that is excluded by one name must not be met by another.
    away = set()
    for host in dropped.values():
        # One that only Ansible reaches, and that has no endpoint here, may well be excluded.
        with contextlib.suppress(InventoryError):
            away.add(endpoint(host, given))
    found: dict[tuple[str, int], InventoryHost] = {}
    for host in chosen.values():
        reached = endpoint(host, given)
        if first := found.get(reached):
            host = dataclasses.replace(first, also_named=(*first.also_named, host.name))
        found[reached] = host
    left = tuple(host for reached, host in found.items() if reached not in away)
    if not left:
        raise terms[0].error(f"no host of {target!r} is left to work on", inventory)
    return left


def names_one(inventory: Inventory | None, target: str) -> bool:
    """Whether a target can only mean one host, by its name or address: no list, glob or group."""
    text = target.strip().lower()
    groups = inventory.groups if inventory else {}
    chooses = text == ALL or set(text) & set(",*?[")
    return not chooses and text not in (group.lower() for group in groups)


def _terms(given: Iterable[str | Term]) -> list[Term]:
    terms = [Term(item) if isinstance(item, str) else item for item in given]
    pieces = [Term(text.strip(), term.location) for term in terms for text in term.text.split(",")]
    return [piece for piece in pieces if piece.text]


def _matching(
    inventory: Inventory | None, terms: list[Term], *, among: tuple[InventoryHost, ...] | None
) -> dict[str, InventoryHost]:
    found: dict[str, InventoryHost] = {}
    by_address: dict[str, set[str]] = {}
    for host in ((inventory.hosts if inventory else among) or ()) if terms else ():
        for address in addresses(host):
            by_address.setdefault(address, set()).add(host.name)
    for term in terms:
        hosts = _named(inventory, term, among, by_address)
        found.update((host.name, host) for host in hosts if host.name not in found)
    return found


def _named(
    inventory: Inventory | None,
    term: Term,
    among: tuple[InventoryHost, ...] | None,
    by_address: Mapping[str, set[str]],
) -> tuple[InventoryHost, ...]:
    """The hosts of one word; without an inventory and others to choose from, the word is a host."""
    hosts = inventory.hosts if inventory else among
    text = term.text.lower()
    if hosts is None:
        return (_host_of_its_own(term),)
    if text == ALL:
        return hosts
    groups = inventory.groups if inventory else {}
    matches = re.compile(fnmatch.translate(text)).match
    members = {name for group in groups if matches(group.lower()) for name in groups[group]}
    # A glob is for names: over addresses as well it would widen a change unseen.
    members |= by_address.get(normal_address(text), set())
    found = tuple(host for host in hosts if host.name in members or matches(host.name.lower()))
    if found:
        return found
    if text == LOCALHOST:
        return (InventoryHost(LOCALHOST),)
    if term.text in groups:
        raise term.error(f"the group {term.text!r} has no hosts", inventory)
    names = {name.lower(): name for name in (*(host.name for host in hosts), *groups)}
    near = [names[name] for name in _nearest(text, names)]
    advice = f"; near it: {', '.join(near)}" if near else ""
    reason = f"{term.text!r} names no host, no group and no host's address{advice}"
    raise term.error(reason, inventory)


def _host_of_its_own(term: Term) -> InventoryHost:
    if term.text.lower() == ALL or set(term.text) & set("*?["):
        raise term.error(f"{term.text!r} chooses from an inventory, and none was given", None)
    try:
        return InventoryHost(host_names.host_name(term.text), location=term.location)
    except ValueError as error:
        raise term.error(str(error), None) from error


def _nearest(text: str, names: Iterable[str]) -> list[str]:
    """At most three names that the text may be a slip of, the nearest first."""

    def ends_alike(name: str) -> int:
        begins = map(operator.eq, text, name)
        ends = map(operator.eq, reversed(text), reversed(name))
        return sum(1 for pairs in (begins, ends) for _ in itertools.takewhile(bool, pairs))

    # To compare takes long; of an inventory of any size only these are worth it.
    likely = heapq.nlargest(_COMPARED, names, key=ends_alike)
    compare = difflib.SequenceMatcher(b=text)
    found = []
    for name in likely:
        compare.set_seq1(name)
        if compare.quick_ratio() >= _NEAR and (ratio := compare.ratio()) >= _NEAR:
            found.append((-ratio, name))
    return [name for _, name in sorted(found)[:3]]
