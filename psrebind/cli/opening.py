"""From the options to the hosts: which, reached how, by whose password; limits and templates.

Knows options and fleets; knows no command.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psrebind.cli.options import Connection, Source
from psrebind.errors import InvalidInput
from psrebind.sessions.base import Limits
from psrebind.sessions.credentials import Credential, PasswordSource, resolve

if TYPE_CHECKING:
    from psrebind.fleet.fleet import Fleet, Login
    from psrebind.fleet.inventory.model import Inventory
    from psrebind.templates import Library

_NOTICES = 5


@dataclass(frozen=True)
class Chosen:
    """The hosts of a command; ``alone`` where one was asked for by its own name or address.

    How it was asked counts, not how many matched: a script that says ``all`` must not change its
    form on the day when one host is left.
    """

    fleet: Fleet
    alone: bool


def chosen(target: str, connection: Connection) -> Chosen:
    """The hosts that the options name; all input is checked, and passwords are asked for, now."""
    from psrebind.cli.messages import tell
    from psrebind.fleet.fleet import Fleet
    from psrebind.fleet.selection import names_one, read_terms, select

    if connection.limit and connection.hosts_file:
        raise InvalidInput("--limit and --hosts-file both say which hosts: give one of them")
    terms = read_terms(connection.hosts_file) if connection.hosts_file else ()
    inventory = _inventory(connection)
    wanted = given(connection)
    found = select(
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
    fleet = Fleet.reached(found, wanted, logins(connection), hidden=hidden)
    fleet = dataclasses.replace(
        fleet,
        forks=connection.forks,
        seconds=connection.host_timeout,
        limits=Limits.within(connection.timeout),
    )
    return Chosen(fleet, alone=len(found) == 1 and names_one(inventory, target))


def _inventory(connection: Connection) -> Inventory | None:
    if connection.inventory is None:
        return None
    from psrebind.cli.messages import tell
    from psrebind.fleet.inventory.file import read_inventory

    inventory = read_inventory(connection.inventory)
    for notice in inventory.notices[:_NOTICES]:
        tell(str(notice))
    if (more := len(inventory.notices) - _NOTICES) > 0:
        tell(f"{inventory.file}: {more} more of this kind")
    return inventory


def given(connection: Connection) -> dict[str, Any]:
    """What was typed of how hosts are reached; it wins over the inventory."""
    from psrebind.sessions.remote import Fingerprint

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


def logins(connection: Connection) -> Login:
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


def library(source: Source) -> Library:
    """The templates, the user's folder first."""
    from psrebind.templates import Library

    return Library([source.templates] if source.templates else [])
