"""From the options to the hosts: which, reached how, by whose password; limits and templates."""

from __future__ import annotations

import dataclasses
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psrebind import fleet as fleets
from psrebind.cli.options import Connection, Source
from psrebind.cli.output.messages import tell
from psrebind.errors import InvalidInput
from psrebind.sessions.base import Limits
from psrebind.sessions.connection_options import Fingerprint
from psrebind.sessions.credentials import Credential, PasswordSource, resolve

if TYPE_CHECKING:
    from psrebind.fleet.fleet import Fleet
    from psrebind.fleet.host import Login
    from psrebind.fleet.inventory.model import Inventory

_MOST_NOTICES = 5


@dataclass(frozen=True)
class Chosen:
    """The hosts of a command; ``single`` where one was asked for by its own name or address.

    How it was asked counts, not how many matched: a script that says ``all`` must not change its
    form on the day when one host is left.
    """

    fleet: Fleet
    single: bool


def read_fleet(target: str, connection: Connection, source: Source) -> Chosen:
    """The hosts that the options name; all input is checked, and passwords are asked for, now."""
    if connection.limit and connection.hosts_file:
        raise InvalidInput("--limit and --hosts-file both say which hosts: give one of them")
    terms = fleets.read_terms(connection.hosts_file) if connection.hosts_file else ()
    inventory = _read_inventory(connection.inventory) if connection.inventory else None
    wanted = connection_settings(connection)
    found = fleets.select(
        inventory,
        target,
        limit=(*(connection.limit or ()), *terms),
        exclude=connection.exclude or (),
        given=wanted,
    )
    for host in found:
        if host.also_named:
            tell(f"{host.name}: the same host as {', '.join(host.also_named)}")
    hidden = (connection.password_env,)
    fleet = dataclasses.replace(
        fleets.Fleet.of_hosts(found, wanted, find_logins(connection), hidden=hidden),
        forks=connection.forks,
        seconds=connection.host_timeout,
        limits=Limits.within(connection.timeout),
        library=fleets.Library([source.templates] if source.templates else []),
    )
    return Chosen(fleet, single=len(found) == 1 and fleets.names_one(inventory, target))


def _read_inventory(file: Path) -> Inventory:
    inventory = fleets.read_inventory(file)
    for notice in inventory.notices[:_MOST_NOTICES]:
        tell(str(notice))
    if (more := len(inventory.notices) - _MOST_NOTICES) > 0:
        tell(f"{inventory.file}: {more} more of this kind")
    return inventory


def connection_settings(connection: Connection) -> dict[str, Any]:
    """What was typed of how hosts are reached; it wins over the inventory."""
    # Anywhere in it: a slash in a password would end what an URL's parser takes for the place.
    if "@" in (connection.proxy or ""):
        raise InvalidInput(
            "--proxy has a user or a password in it, which every process of this machine can read: "
            "put it into the inventory (ansible_psrp_proxy), or use --proxy environment"
        )
    said = {
        "user": connection.user,
        "address": connection.address,
        "port": connection.port,
        "ssl": connection.ssl,
        "ca_file": connection.ca_file,
        "pinned": None if connection.pin is None else Fingerprint(connection.pin),
        "auth": connection.auth,
        "configuration_name": connection.configuration_name,
        "connect_timeout": connection.connect_timeout,
        "reply_limit": connection.reply_limit,
        "proxy": connection.proxy,
        "certificate_pem": connection.client_certificate,
        "certificate_key": connection.client_key,
        "allow_basic_without_tls": connection.allow_basic_without_tls,
    }
    return {name: value for name, value in said.items() if value is not None}


def find_logins(connection: Connection) -> Login:
    """From a user to the credential, looked for once: environment, keyring, prompt.

    Kerberos may do without a password, and what it got is nothing for another way to log on.
    """

    known: dict[tuple[str, bool], Credential] = {}

    def login(user: str, auth: str) -> Credential:
        key = (user, auth == "kerberos")
        if key not in known:
            known[key] = found(user, auth)
        return known[key]

    def found(user: str, auth: str) -> Credential:
        if os.environ.get(connection.password_env):
            source = PasswordSource.ENVIRONMENT
        elif connection.keyring:
            source = PasswordSource.KEYRING
        elif auth == "kerberos":
            return Credential(user)
        elif sys.stdin.isatty():
            source = PasswordSource.PROMPT
        else:
            raise InvalidInput(
                f"no password of {user}: put it into the environment variable "
                f"{connection.password_env}, or use --keyring, or run this on a terminal to be "
                "asked"
            )
        return resolve(user, source, variable=connection.password_env)

    return login
