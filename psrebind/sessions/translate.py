"""What pypsrp, requests and pyspnego raise, as our errors, by the phase in which it came."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from xml.etree.ElementTree import ParseError

import requests
from pypsrp.exceptions import AuthenticationError as Refused
from pypsrp.exceptions import WinRMError, WinRMTransportError, WSManFaultError
from spnego.exceptions import SpnegoError

from psrebind.errors import (
    AuthenticationError,
    ConnectError,
    PsrebindError,
    ReplyError,
)
from psrebind.sessions.bounds import CutShort, OutOfBounds
from psrebind.sessions.connection_options import ConnectionOptions, needs_extra
from psrebind.sessions.script_call import Phase, ScriptCall, Stopped, lost, stopped
from psrebind.sessions.transport import LogonFacts, Stranger

ACCESS_DENIED = 5
UNKNOWN_SHELL = 0x8033805B
TIMED_OUT = 0x80338029
NO_SUCH_CONFIGURATION = 0x8033803B
QUOTAS = {
    0x803381A5: "MaxShellsPerUser",
    0x803381A6: "MaxConcurrentOperationsPerUser",
    0x803381A7: "the user's requests in a time",
    0x803381A8: "the system's requests in a time",
    0x803381AB: "MaxConcurrentUsers",
    0x803381E4: "MaxShellsPerUser of the session configuration",
    0x803381E5: "MaxConcurrentUsers of the session configuration",
    0x803381E6: "MaxShells of the session configuration",
    0x803381E8: "MaxConcurrentOperationsPerUser of the session configuration",
}


@contextmanager
def translate_errors(
    options: ConnectionOptions, facts: Callable[[], LogonFacts], call: ScriptCall
) -> Iterator[None]:
    """Let nothing but a PsrebindError out; facts are asked when something went wrong."""
    try:
        yield
    except PsrebindError:
        raise
    except Exception as error:
        if isinstance(error, (Stopped, CutShort)):
            raise stopped(options.host, call.phase, str(error), call.script) from error
        if call.phase >= Phase.SENT:
            if isinstance(error, OutOfBounds):
                said = f"{error}: {error.advice}" if error.advice else str(error)
                raise ReplyError(said) from error
            raise lost(options.host, call.script, _reason(options, error)[0]) from error
        raise _unreached(options, error, facts()) from error


def fault_code(error: WSManFaultError) -> int | None:
    """The number in a fault; pypsrp gives a word where the host sent no number."""
    try:
        return int(error.code)
    except (TypeError, ValueError):
        return None


def _unreached(options: ConnectionOptions, error: Exception, facts: LogonFacts) -> PsrebindError:
    if isinstance(error, ImportError):
        return needs_extra(options)
    # A host that offers another way only is pypsrp's ValueError.
    offers_another = bool(facts.offers) and not facts.tried
    if isinstance(error, Refused) or (isinstance(error, ValueError) and offers_another):
        return _refused(options, facts)
    if isinstance(error, SpnegoError) and not facts.accepted:
        return AuthenticationError(
            options.host,
            f"the logon by {options.auth} failed: {_one_line(str(error))}",
            advice="Check the user name (--user), the password or the ticket (klist), and the "
            "clocks",
        )
    reason, advice = _reason(options, error)
    return ConnectError(options.host, reason, advice=advice)


def _refused(options: ConnectionOptions, facts: LogonFacts) -> PsrebindError:
    if not facts.tried:
        return ConnectError(
            options.host,
            f"the host does not take {options.auth}, it offers: "
            f"{_one_line(facts.offers) or 'nothing'}",
            advice="Choose another authentication; no password was sent",
        )
    # Basic sends the password before it knows what the host offers.
    if options.auth == "basic" and facts.offers and "basic" not in facts.offers.lower():
        return ConnectError(
            options.host,
            f"the host does not take basic, it offers: {_one_line(facts.offers)}",
            advice="Choose another authentication; the password was sent",
        )
    return AuthenticationError(
        options.host,
        f"the host refused the credential ({options.auth})",
        advice="Check the user name and the password; it is not tried again, so as not to lock "
        "the account",
    )


def _reason(options: ConnectionOptions, error: Exception) -> tuple[str, str | None]:
    if isinstance(error, WSManFaultError):
        return _fault(options, error)
    if isinstance(error, WinRMTransportError):
        return _status(options, int(error.code))
    if isinstance(error, Refused):
        return "the host no longer accepts the credential", None
    if isinstance(error, (Stranger, OutOfBounds)):
        advice = "Check the name and the port: something else than WinRM answers there"
        return _one_line(str(error)), advice
    if isinstance(error, requests.RequestException):
        return _network(options, error)
    if isinstance(error, ParseError) or type(error) is WinRMError:
        return "the answer is not WS-Management", "Check the port: is WinRM listening there?"
    # What a library raises over a text of the host's; of Python's own words a person has nothing.
    said = f": {_one_line(str(error))}" if isinstance(error, (WinRMError, SpnegoError)) else ""
    return f"the host answered what WinRM does not{said}", "Check the name and the port"


def _fault(options: ConnectionOptions, error: WSManFaultError) -> tuple[str, str | None]:
    code = fault_code(error)
    if code == ACCESS_DENIED or "AccessDenied" in str(error.code):
        return "access denied", (
            "The logon worked, but the account needs to be in Remote Management Users or "
            "Administrators (a local administrator: see LocalAccountTokenFilterPolicy)"
        )
    if code in QUOTAS:
        return f"a quota of the host is used up: {QUOTAS[code]}", (
            "Close other sessions of this user, or wait until their idle time is over"
        )
    if code == TIMED_OUT:
        return "the host did not get ready in time", None
    if code == UNKNOWN_SHELL:
        return "the host no longer knows the session", None
    if code == NO_SUCH_CONFIGURATION:
        return f"there is no session configuration {options.configuration_name}", (
            "See Get-PSSessionConfiguration on the host"
        )
    return f"the host refused: {_one_line(str(error.reason or error.code))}", None


def _status(options: ConnectionOptions, code: int) -> tuple[str, str | None]:
    if code == requests.codes.service_unavailable:
        return "the service is unavailable (HTTP 503)", "WinRM is starting or overloaded: try later"
    if code == requests.codes.not_found:
        return "there is no WinRM at /wsman (HTTP 404)", f"Check port {options.effective_port}"
    if code == requests.codes.bad_request and not options.ssl:
        return "the host cannot read the request (HTTP 400)", "Is it an HTTPS port? Try with ssl"
    return f"the host answered HTTP {code}", None


def _network(options: ConnectionOptions, error: Exception) -> tuple[str, str | None]:
    port = options.effective_port
    if isinstance(error, requests.exceptions.SSLError):
        return _tls(options, error)
    if isinstance(error, requests.exceptions.ProxyError):
        # User and password go, wherever these may have an @ or a slash of their own.
        proxy = re.sub(r"^(.*?://)?.*@", r"\1", options.proxy or "")
        return f"the proxy does not let us through: {proxy}", None
    chain = tuple(_causes(error))
    if any(isinstance(cause, socket.gaierror) for cause in chain):
        return "the name does not resolve", "Check the name, or give the host an address"
    if any(isinstance(cause, ConnectionRefusedError) for cause in chain):
        return f"port {port} is closed", (
            "WinRM is not listening there: Enable-PSRemoting on the host, or check port and ssl"
        )
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return f"no connection to port {port} within {options.connect_timeout} s", (
            "The host is down, or a firewall swallows the packets"
        )
    if isinstance(error, requests.exceptions.Timeout):
        return "the host stopped answering", None
    system = next((item for item in chain if isinstance(item, OSError) and item.strerror), None)
    return f"the connection was cut{f' ({system.strerror})' if system else ''}", None


def _tls(options: ConnectionOptions, error: Exception) -> tuple[str, str | None]:
    chain = tuple(_causes(error))
    if options.pinned and any("ingerprints did not match" in str(cause) for cause in chain):
        return "the certificate of the host is not the pinned one", (
            "It was renewed, or this is another machine: compare before changing the pin"
        )
    for cause in chain:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate of the host is not trusted: {cause.verify_message}", (
                "Give the CA file or pin the certificate"
            )
    for cause in chain:
        if isinstance(cause, ssl.SSLError) and cause.reason == "WRONG_VERSION_NUMBER":
            return f"port {options.effective_port} does not speak TLS", (
                "Is it the HTTP port? HTTPS is 5986 as a rule"
            )
    return f"TLS failed: {_one_line(str(error))}", None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what is in it: requests and urllib3 hide causes in arguments and reasons."""
    waiting, seen = [error], set[int]()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = (*current.args, getattr(current, "reason", None), current.__cause__)
        waiting += [
            item for item in (*inner, current.__context__) if isinstance(item, BaseException)
        ]


def _one_line(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= 300 else shown[:300] + " …"
