"""One HTTP connection to one host, as its options want it: address, trust, proxy, encryption."""

from __future__ import annotations

import base64
import dataclasses
import logging
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from psrebind.sessions.base import Logon
from psrebind.sessions.bounds import Meter
from psrebind.sessions.connection_options import ConnectionOptions
from psrebind.sessions.credentials import Credential
from psrebind.sessions.observed_wsman import ObservedWSMan
from psrebind.sessions.wire import check_head, metered_class

# Without a handler Python prints their warnings, tracebacks included, on our user's terminal.
for _name in ("pypsrp", "spnego", "requests_credssp"):
    logging.getLogger(_name).addHandler(logging.NullHandler())

# WS-Management answers a fault with 500, and then, too, the credential was good.
ACCEPTING = (requests.codes.ok, requests.codes.server_error)


# As pypsrp tells an encrypted answer from one that it takes as it is.
_ENCRYPTED = ("multipart/encrypted;", "multipart/x-multi-encrypted;")
# What begins a logon and has no credential in it: NTLM's first message, TLS's hello of CredSSP.
_NTLM_NEGOTIATE = b"NTLMSSP\0\1\0\0\0"
_TLS_RECORD = b"\x16\x03"


class Stranger(requests.RequestException):
    """What answers is no WinRM; the text says why, as the rest of a sentence."""


@dataclass
class LogonFacts:
    """What was seen on the wire: was a credential sent, was it accepted, what is offered?"""

    tried: bool = False
    accepted: bool = False
    offers: str = ""


class _Adapter(HTTPAdapter):
    """Connects where the options say and nowhere else, checks the pin, asks before it logs on,
    notes the facts.
    """

    def __init__(
        self,
        options: ConnectionOptions,
        facts: LogonFacts,
        logon: Logon | None,
        connection: ObservedWSMan,
    ) -> None:
        self._options = options
        endpoint = connection.transport.endpoint
        self._place = _place(requests.Request("POST", endpoint).prepare().url)
        self._meter = connection.meter
        self._facts = facts
        self._logon = logon
        self._latest: requests.Response | None = None
        self._sockets: Any = None
        super().__init__(max_retries=0)

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: bool | str, cert: Any = None
    ) -> Any:
        """Turn the request's target into urllib3's keys."""
        place: Any
        tls: Any
        place, tls = super().build_connection_pool_key_attributes(request, verify, cert)
        options = self._options
        if options.address:
            place["host"] = f"[{options.address}]" if ":" in options.address else options.address
        if options.ssl:
            if options.address:
                tls |= {"server_hostname": options.host, "assert_hostname": options.host}
            if options.pinned:
                tls |= {"assert_fingerprint": str(options.pinned)}
            elif not options.ca_file:
                # The system's trust beside certifi's: a company's authority is in the first.
                tls |= {"ssl_context": ssl.create_default_context()}
        return place, tls

    def send(self, request: requests.PreparedRequest, *rest: Any, **named: Any) -> Any:
        """Send one request of the authentication or after it; raise Stranger instead of following
        where no WinRM would lead, and OutOfBounds for a body that nobody should read."""
        if _place(request.url) != self._place:
            raise Stranger(f"a request for {request.url} is not sent: it is another place")
        self._meter.look()
        credential = "Authorization" in request.headers
        if credential and not self._facts.tried:
            if self._logon:
                self._logon.begin()
            self._facts.tried = True
        self._latest = response = super().send(request, *rest, **named)
        check_head(response, self._meter)
        self._refuse_strangers(request, response)
        if response.status_code == requests.codes.unauthorized:
            self._facts.offers = response.headers.get("WWW-Authenticate", "") or self._facts.offers
        elif _has_proof(request) and not self._facts.accepted and response.status_code in ACCEPTING:
            self._facts.accepted = True
            if self._logon:
                self._logon.accepted()
        return response

    def _refuse_strangers(
        self, request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """Raise Stranger for an answer that lets us in, or elsewhere, as WinRM never would."""
        status = response.status_code
        if 300 <= status < 400:
            raise Stranger(
                f"the host sends us elsewhere (HTTP {status} to "
                f"{response.headers.get('Location', 'no place')!r}), which is not followed"
            )
        if not 200 <= status < 300:
            return
        has_header = "Authorization" in request.headers
        if not (_has_proof(request) if has_header else self._facts.tried):
            raise Stranger("the host lets anybody in, without asking for a logon")
        if _is_encrypted(request.headers) and not _is_encrypted(response.headers):
            raise Stranger("an answer came in clear where all are encrypted")

    def get_connection_with_tls_context(self, *arguments: Any, **named: Any) -> Any:
        """Give urllib3's pool of sockets, whose answers are counted, and remember it."""
        pool: Any = super().get_connection_with_tls_context(*arguments, **named)
        if pool is not self._sockets:
            pool.ConnectionCls = metered_class(pool.ConnectionCls, self._meter)
            self._sockets = pool
        return pool

    def close(self) -> None:
        """Close every socket now: requests leaves that to the garbage collector."""
        if self._latest is not None:
            self._latest.close()
        if self._sockets is not None:
            self._sockets.close()
        super().close()


def connect(
    options: ConnectionOptions,
    credential: Credential | None,
    facts: LogonFacts,
    logon: Logon | None = None,
) -> ObservedWSMan:
    """Make the connection of these options; nothing is sent yet."""
    secret = credential.secret if credential else None
    encryption = "auto" if options.ssl else "never" if options.auth == "basic" else "always"
    connection = ObservedWSMan(
        options.host,
        # A host that holds an answer back longer than the socket waits would look dead.
        operation_timeout=max(1, options.read_timeout - 10),
        port=options.port,
        username=credential.username if credential else None,
        password=secret.reveal() if secret else None,
        ssl=options.ssl,
        auth=options.auth,
        connection_timeout=options.connect_timeout,
        read_timeout=options.read_timeout,
        encryption=encryption,
        no_proxy=options.proxy is None,
        proxy=None if options.proxy == "environment" else options.proxy,
        certificate_pem=_text(options.certificate_pem),
        certificate_key_pem=_text(options.certificate_key),
    )
    connection.measure(Meter(options.reply_limit))
    adapter = _Adapter(options, facts, logon, connection)
    connection.transport.session = _session(connection, options, adapter)
    return connection


def with_short_timeouts(options: ConnectionOptions, seconds: int) -> ConnectionOptions:
    """The same options for a short exchange: so many seconds, and a megabyte at most."""
    return dataclasses.replace(
        options, connect_timeout=seconds, read_timeout=seconds, reply_limit=1
    )


def _session(
    connection: ObservedWSMan, options: ConnectionOptions, adapter: _Adapter
) -> requests.Session:
    session = connection.transport._build_session()
    # By now pypsrp has read the environment's proxies, if it was to; .netrc and the rest stay out.
    session.trust_env = False
    session.max_redirects = 0
    session.verify = False if options.pinned else _text(options.ca_file) or True
    if options.address:
        host = f"[{options.host}]" if ":" in options.host else options.host
        session.headers["Host"] = f"{host}:{options.effective_port}"
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _is_encrypted(headers: Any) -> bool:
    return str(headers.get("Content-Type", "")).startswith(_ENCRYPTED)


def _has_proof(request: requests.PreparedRequest) -> bool:
    """Whether a request has a credential in it, and not only the beginning of a logon."""
    said: Any = request.headers.get("Authorization", b"")
    scheme, _, token = (said if isinstance(said, bytes) else said.encode()).partition(b" ")
    try:
        data = base64.b64decode(token)
    except ValueError:
        return True
    is_hello = scheme.lower() == b"credssp" and data[:2] == _TLS_RECORD and data[5:6] == b"\1"
    return bool(said) and not is_hello and _NTLM_NEGOTIATE not in data


def _place(url: str | None) -> tuple[str, str]:
    parts = urlsplit(url or "")
    return parts.scheme, parts.netloc


def _text(path: Any) -> str | None:
    return None if path is None else str(path)
