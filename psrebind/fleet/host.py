"""One host of a fleet: how it is reached, and as whom."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from psrebind.errors import InvalidInput
from psrebind.fleet.connection_vars import connection
from psrebind.fleet.inventory.model import InventoryHost
from psrebind.model import Secret
from psrebind.sessions.base import Logon, Session
from psrebind.sessions.credentials import Credential
from psrebind.sessions.local import LocalSession
from psrebind.sessions.remote import ConnectionOptions, RemoteSession

# Makes a key of a password that tells nothing outside of this process.
_SALT = secrets.token_bytes(16)

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


def login_with(password: Secret | None) -> Login:
    """Log every user on with one password; without one only Kerberos works."""

    def login(user: str, auth: str) -> Credential:
        if password is None and auth != "kerberos":
            raise InvalidInput(f"{user}: a password is needed, or Kerberos")
        return Credential(user, password)

    return login


def reach_host(host: InventoryHost, given: Mapping[str, Any], login: Login) -> FleetHost:
    """A host as ``given`` and the inventory say; raise InvalidInput for what cannot be."""
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
