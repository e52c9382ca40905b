"""A session over WinRM: what it connects with, and the side of it that waits.

May know what a session promises. pypsrp and requests are imported when the first host is asked:
they cost a third of a second, which `--help` should not pay.
"""

from __future__ import annotations

import ipaddress
import time
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from queue import Empty
from threading import Thread, current_thread, main_thread
from typing import TYPE_CHECKING, Literal, Self, get_args

from psrebind.errors import AuthenticationError, InvalidInput
from psrebind.replies import Reply, parse
from psrebind.sessions.base import Limits, Logon, OnStream, Script, StreamRecord
from psrebind.sessions.calls import Call, Ending, Phase, stopped
from psrebind.sessions.credentials import Credential

if TYPE_CHECKING:
    from psrebind.sessions.worker import Owner

Authentication = Literal["negotiate", "kerberos", "ntlm", "credssp", "basic", "certificate"]

# How long the owner may take to stop and close once it should; then it is left alone.
GRACE = 3.0
# How long the shell's deletion over a fresh connection may take.
RESCUE = 5.0
# Short enough that Windows, where a waiting lock ignores Ctrl-C, delivers it: to the main thread.
TICK = 0.1
# Other threads need not look as often; twenty that do are felt.
FLEET_TICK = 0.5


class Fingerprint(str):
    """The SHA-1 or SHA-256 hash of a server's certificate, upper case."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Take a fingerprint as people paste it; raise InvalidInput for anything else."""
        digits = "".join(c for c in text if c.isprintable() and c not in " :-").upper()
        if len(digits) not in (40, 64) or set(digits) - set("0123456789ABCDEF"):
            raise InvalidInput(f"{text!r} is not a SHA-1 or SHA-256 fingerprint")
        return super().__new__(cls, digits)


@dataclass(frozen=True)
class ConnectionOptions:
    """How one host is reached. `address` is where to connect while the host keeps its name."""

    host: str
    _: KW_ONLY
    address: str | None = None
    port: int | None = None
    ssl: bool = False
    ca_file: Path | None = None
    pinned: Fingerprint | None = None
    auth: Authentication = "negotiate"
    configuration_name: str = "Microsoft.PowerShell"
    connect_timeout: int = 30
    read_timeout: int = 60
    proxy: str | None = None
    certificate_pem: Path | None = None
    certificate_key: Path | None = None
    allow_basic_without_tls: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot work, or would send a password in the clear."""
        for wrong, reason in self._mistakes():
            if wrong:
                raise InvalidInput(f"{self.host or 'a host'}: {reason}")

    @property
    def effective_port(self) -> int:
        """The port, WinRM's own unless another was given."""
        return self.port or (5986 if self.ssl else 5985)

    def _mistakes(self) -> list[tuple[bool, str]]:
        certificate = self.auth == "certificate"
        files = (self.certificate_pem, self.certificate_key)
        plain_basic = self.auth == "basic" and not self.ssl
        return [
            (not _is_name(self.host), "a host is a name or an address, without scheme, port, user"),
            (self.address is not None and not _is_address(self.address), "an address is an IP"),
            (self.port is not None and not 0 < self.port < 65536, "a port is from 1 to 65535"),
            (self.auth not in get_args(Authentication), f"{self.auth} is no way to authenticate"),
            (min(self.connect_timeout, self.read_timeout) < 1, "a timeout is at least a second"),
            (not self.configuration_name, "the session configuration needs a name"),
            (
                plain_basic and not self.allow_basic_without_tls,
                "basic without ssl sends the password in the clear: allow_basic_without_tls",
            ),
            (certificate and not self.ssl, "a client certificate needs ssl"),
            (certificate and None in files, "a client certificate needs its PEM and its key"),
            (not certificate and files != (None, None), "a client certificate is for certificate"),
            (not self.ssl and self.ca_file is not None, "a CA file needs ssl"),
            (not self.ssl and self.pinned is not None, "a pinned certificate needs ssl"),
            (None not in (self.ca_file, self.pinned), "a pin needs no CA file"),
            (None not in (self.address, self.proxy), "a proxy resolves the name: no address then"),
            (self.ca_file is not None and not self.ca_file.is_file(), f"no file {self.ca_file}"),
        ]


class RemoteSession:
    """A session with one host over WinRM; opens when the first script comes.

    The thread that calls only waits, so that Ctrl-C arrives; another one owns the runspace pool.
    """

    def __init__(
        self,
        options: ConnectionOptions,
        credential: Credential | None = None,
        *,
        logon: Logon | None = None,
    ) -> None:
        if options.auth == "certificate" and credential:
            raise InvalidInput(f"{options.host}: a certificate and a password are one too many")
        has_password = credential is not None and credential.secret is not None
        if options.auth in ("ntlm", "basic", "credssp") and not has_password:
            raise InvalidInput(f"{options.host}: {options.auth} needs a user name and a password")
        self.options = options
        self._credential = credential
        self._logon = logon
        self._owner: Owner | None = None
        self._refused: AuthenticationError | None = None

    @property
    def host(self) -> str:
        """The host as the user named it."""
        return self.options.host

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self, *, limits: Limits | None = None) -> None:
        """Open the session now, to learn whether the host lets us in."""
        self._ask(None, limits or Limits(), None)

    def invoke(
        self, script: Script, *, limits: Limits | None = None, on_stream: OnStream | None = None
    ) -> Reply:
        """Run one script in the session's runspace and give its reply."""
        return parse(self._ask(script, limits or Limits(), on_stream))

    def close(self) -> None:
        """End the session; raises nothing but Ctrl-C."""
        owner, self._owner = self._owner, None
        if owner is None:
            return
        owner.leave()
        finished = False
        try:
            finished = _ended(owner)
        finally:
            # Ctrl-C may come here too, and leaves no shell behind either.
            if not finished:
                self._rescue(owner)

    def _ask(self, script: Script | None, limits: Limits, on_stream: OnStream | None) -> str:
        if self._owner:
            self._note_refusal(self._owner)
        if self._refused:
            raise AuthenticationError(self.host, self._refused.reason, advice=self._refused.advice)
        if reason := limits.reached:
            raise stopped(self.host, Phase.OPENING, reason)
        call = Call(script, limits)
        owner = self._current_owner()
        try:
            owner.ask(call)
            ending = _wait(call, owner, on_stream) or self._abandon(owner, call)
        except BaseException as error:
            call.give_up()
            if isinstance(error, KeyboardInterrupt):
                limits.cancelled.set()
            self.close()
            raise
        if isinstance(ending.error, AuthenticationError):
            self._refused = ending.error
        if ending.error:
            raise ending.error
        return ending.text

    def _current_owner(self) -> Owner:
        from psrebind.sessions.worker import Owner

        if self._owner is None:
            self._owner = Owner(self.options, self._credential, self._logon)
        return self._owner

    def _abandon(self, owner: Owner, call: Call) -> Ending:
        """Leave an owner that is stuck alone, and say what is known of its call."""
        phase = call.give_up()
        if phase is Phase.ANSWERED:
            return call.ending()
        self._owner = None
        owner.leave()
        self._rescue(owner)
        return Ending(error=stopped(self.host, phase, call.limits.reached or "given up"))

    def _rescue(self, owner: Owner) -> None:
        rescuer = Thread(target=owner.rescue, name=f"psrebind rescue {self.host}", daemon=True)
        rescuer.start()
        rescuer.join(RESCUE)
        self._note_refusal(owner)

    def _note_refusal(self, owner: Owner) -> None:
        if owner.refused and self._refused is None:
            self._refused = AuthenticationError(
                self.host, "the host no longer accepts the credential", advice="Check the account"
            )


def _ended(owner: Owner) -> bool:
    """Whether the owner came to its end in time; what it still listens to is of no use."""
    end = time.monotonic() + GRACE
    while not (finished := owner.finished.wait(TICK)) and time.monotonic() < end:
        owner.hurry()
    return finished


def _wait(call: Call, owner: Owner, on_stream: OnStream | None) -> Ending | None:
    """Wait for the ending, handing records on; None when the owner does not stop when it should."""
    tick = TICK if current_thread() is main_thread() else FLEET_TICK
    patience: float | None = None
    while patience is None or time.monotonic() < patience:
        try:
            event = call.events.get(timeout=tick)
        except Empty:
            if patience is None and call.limits.reached:
                patience = time.monotonic() + GRACE
            if call.limits.cancelled.is_set():
                owner.hurry()
            continue
        if not isinstance(event, StreamRecord):
            return event
        if on_stream:
            on_stream(event)
    return None


def _is_name(text: str) -> bool:
    return bool(text) and (_is_address(text) or not set(text) & set(" \t\r\n/\\@:?#[]"))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
