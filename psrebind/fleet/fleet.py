"""Many hosts as one value, and what is done on all of them: the API behind the command line.

Knows inventories, sessions and the runner; knows no terminal, and asks nobody for a password.

Three examples, which are also tests, lie in ``docs/examples``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, Self, TypeVar

from psrebind.errors import InvalidInput
from psrebind.fleet.connection_vars import connection
from psrebind.fleet.inventory import Inventory, InventoryHost
from psrebind.fleet.inventory_file import read_inventory
from psrebind.fleet.runner import FORKS, Result, Runner, Work
from psrebind.fleet.selection import ALL, Term, select
from psrebind.model import Secret
from psrebind.operations import Operation, Renderer, ScriptRunner
from psrebind.replies import Reply
from psrebind.sessions.base import Limits, Logon, Session
from psrebind.sessions.credentials import Credential
from psrebind.sessions.local import LocalSession
from psrebind.sessions.remote import ConnectionOptions, RemoteSession

# Long enough for any script of ours; a host that hangs holds one fork so long and no longer.
SECONDS = 600.0
# Makes a key of a password that tells nothing outside of this process.
_SALT = secrets.token_bytes(16)

T = TypeVar("T")
# From a user and the way to log on to the credential; None where no password is needed.
Login = Callable[[str, str], Credential | None]


@dataclass(frozen=True)
class Account:
    """What hosts have in common that share user and password, without showing the password."""

    username: str
    _digest: bytes = field(repr=False)

    @classmethod
    def of(cls, credential: Credential) -> Account:
        """The account of a credential; Windows does not tell ``Admin`` from ``admin``."""
        password = credential.secret.reveal() if credential.secret else ""
        digest = hashlib.blake2b(password.encode("utf-8", "surrogatepass"), key=_SALT).digest()
        return cls(credential.username.casefold(), digest)


@dataclass(frozen=True)
class FleetHost:
    """One host, how it is reached, and as whom; without options it is this machine, whose
    PowerShell does not get the environment variables that are ``hidden``."""

    name: str
    options: ConnectionOptions | None = None
    login: Credential | None = None
    inventory: InventoryHost | None = field(default=None, repr=False)
    hidden: tuple[str, ...] = ()

    @property
    def credential(self) -> Account | None:
        """What it shares with the hosts of the same user and password; None for nobody's."""
        return Account.of(self.login) if self.login else None

    @property
    def address(self) -> str:
        """Where its clients connect to."""
        return (self.options.address or self.options.host) if self.options else self.name

    def session(self, logon: Logon | None = None) -> Session:
        """A session that opens when it is first asked; raise InvalidInput for what cannot be."""
        if self.options is None:
            return LocalSession(hidden=self.hidden)
        return RemoteSession(self.options, self.login, logon=logon)


@dataclass(frozen=True)
class Fleet:
    """Hosts, how many at a time, and how long each may take.

    Two names with one address and port are one host. In one run a credential is sent to
    one host alone until it was accepted, and to none once it was refused. A run that is left early
    stops its hosts; setting ``limits.cancelled``, as Ctrl-C does, stops every run of this fleet.
    """

    hosts: tuple[FleetHost, ...]
    _: KW_ONLY
    forks: int = FORKS
    seconds: float | None = SECONDS
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def of(
        cls,
        names: Iterable[str],
        *,
        user: str | None = None,
        password: Secret | None = None,
        **settings: Any,
    ) -> Self:
        """The hosts of these names, all reached alike; settings are those of ConnectionOptions."""
        given = settings | {"user": user}
        found = select(None, ",".join(names), given=given)
        return cls.reached(found, given, login_with(password))

    @classmethod
    def from_inventory(
        cls,
        source: str | Path | Inventory,
        target: str = ALL,
        *,
        limit: Sequence[str | Term] = (),
        exclude: Sequence[str | Term] = (),
        password: Secret | None = None,
        **settings: Any,
    ) -> Self:
        """The hosts that a target names in an inventory; settings win over what stands there."""
        inventory = source if isinstance(source, Inventory) else read_inventory(source)
        found = select(inventory, target, limit=limit, exclude=exclude, given=settings)
        return cls.reached(found, settings, login_with(password))

    @classmethod
    def reached(
        cls,
        hosts: Iterable[InventoryHost],
        given: Mapping[str, Any],
        login: Login,
        *,
        hidden: tuple[str, ...] = (),
    ) -> Self:
        """These hosts as ``given`` and the inventory say; all input is checked now.

        ``hidden`` are the environment variables with a password: they stay in this process.
        """
        found = (_fleet_host(host, given, login) for host in hosts)
        return cls(tuple(dataclasses.replace(host, hidden=hidden) for host in found))

    def run(
        self, operations: Sequence[Operation[Any]], *, library: Any = None
    ) -> Iterator[Result[FleetHost, Reply]]:
        """Send the operations to each host as one script; give each reply as it comes."""
        renderer = Renderer(library)

        def work(session: Session, _: FleetHost, limits: Limits) -> Reply:
            return ScriptRunner(session, renderer, limits).run(operations)

        return self.each(work)

    def each(
        self,
        work: Work[FleetHost, T],
        *,
        on_started: Callable[[FleetHost], None] = lambda _: None,
        enough: Event | None = None,
    ) -> Iterator[Result[FleetHost, T]]:
        """Do any work on each host in a thread of its own; give each result as it comes.

        Once ``enough`` is set no new host begins.
        """
        runner = Runner(
            FleetHost.session,
            work,
            forks=self.forks,
            seconds=self.seconds,
            limits=self.limits,
            on_started=on_started,
            enough=enough or Event(),
        )
        return runner.run(self.hosts)


def login_with(password: Secret | None) -> Login:
    """Log every user on with one password; without one only Kerberos works."""

    def login(user: str, auth: str) -> Credential:
        if password is None and auth != "kerberos":
            raise InvalidInput(f"{user}: a password is needed, or Kerberos")
        return Credential(user, password)

    return login


def _fleet_host(host: InventoryHost, given: Mapping[str, Any], login: Login) -> FleetHost:
    reached = connection(host, given)
    if reached.options is None:
        return FleetHost(reached.name, inventory=host)
    credential = None
    by_certificate = reached.options.auth == "certificate" and given.get("user") is None
    if reached.user and not by_certificate:
        own = reached.password
        credential = (
            Credential(reached.user, own) if own else login(reached.user, reached.options.auth)
        )
    found = FleetHost(reached.name, reached.options, credential, host)
    # Says now what a session would refuse later, when other hosts have been asked already.
    found.session()
    return found
