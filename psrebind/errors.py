"""The exceptions of psrebind for whoever uses it.

PsrebindError
├── InvalidInput            nothing was sent                               exit 5
│   ├── DecodeError           file, record
│   ├── InventoryError        file, line, key
│   ├── NoSuchCertificate
│   ├── ParameterError        operation, field      (also ValueError)
│   └── TemplateError         template, line
├── SessionError            the host was not reached, or was lost
│   ├── ConnectError          nothing ran                                  exit 4
│   ├── AuthenticationError   nothing ran; never tried again               exit 4
│   └── SessionLost           whether the script ran is unknown            exit 6
└── HostError               the host ran the script and said no            exit 2
    ├── ScriptError           message, error_id, category, hresult, template, line
    └── ReplyError            a reply that is not what was promised

The three branches answer the question of the night: did anything reach the host? ``InvalidInput``:
no, and a retry is useless until the input is right. ``ConnectError``: no, and a retry is safe.
``AuthenticationError``: no, and a retry may lock the account. ``SessionLost``: unknown, so look
before acting again. ``HostError``: yes, read what it said.
"""

from __future__ import annotations


class PsrebindError(Exception):
    """Anything psrebind says no with; its text is one sentence for a person."""

    exit_status = 1


class InvalidInput(PsrebindError):
    """What was asked cannot be asked; nothing was sent. ``place`` stands before the ``reason``."""

    exit_status = 5

    def __init__(self, reason: str, *, place: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}" if self.place else self.reason


class DecodeError(InvalidInput):
    """An event, a task or a file of them cannot be read; ``reason`` is the rest of a sentence."""

    def __init__(self, reason: str, *, file: str | None = None, record: int | None = None):
        number = None if record is None else f"record {record}"
        super().__init__(reason, place=", ".join(part for part in (file, number) if part))
        self.file = file
        self.record = record


class InventoryError(InvalidInput):
    """The inventory, or the choice of hosts from it, cannot be taken as it stands."""

    def __init__(
        self,
        reason: str,
        *,
        file: str | None = None,
        line: int | None = None,
        key: str | None = None,
    ):
        where = file if line is None else f"{file or 'line'}:{line}"
        super().__init__(reason, place=": ".join(part for part in (where, key) if part))
        self.file = file
        self.line = line
        self.key = key


class NoSuchCertificate(InvalidInput):
    """A host has no certificate that begins as somebody typed; others of its kind may have it."""


class ParameterError(InvalidInput, ValueError):
    """A value does not fit the parameter it was given for."""

    def __init__(self, reason: str, *, operation: str | None = None, field: str | None = None):
        super().__init__(reason, place=".".join(part for part in (operation, field) if part))
        self.operation = operation
        self.field = field


class TemplateError(InvalidInput):
    """A template breaks the closed grammar, or cannot be found."""

    def __init__(self, reason: str, *, template: str, line: int | None = None):
        super().__init__(reason, place=template if line is None else f"{template}:{line}")
        self.template = template
        self.line = line


class SessionError(PsrebindError):
    """The host was not reached, or was lost on the way."""

    def __init__(self, host: str, reason: str, *, advice: str | None = None):
        super().__init__(reason)
        self.host = host
        self.reason = reason
        self.advice = advice

    def __str__(self) -> str:
        sentence = f"{self.host}: {self.reason}"
        # A host's own words end with a full stop already.
        return f"{sentence.rstrip('.')}. {self.advice}" if self.advice else sentence


class ConnectError(SessionError):
    """Nothing ran on the host; trying again is safe."""

    exit_status = 4


class AuthenticationError(SessionError):
    """The host refused the credential; trying it again may lock the account."""

    exit_status = 4


class SessionLost(SessionError):
    """The session ended after a command was sent; whether it ran is unknown."""

    exit_status = 6


class HostError(PsrebindError):
    """The host was reached, and said no; ``host`` is its name where no other word gives it."""

    exit_status = 2
    host = ""

    def __str__(self) -> str:
        return f"{self.host}: {self._said()}" if self.host else self._said()

    def _said(self) -> str:
        return super().__str__()


class ScriptError(HostError):
    """The script ran on the host and failed there."""

    def __init__(
        self,
        message: str,
        *,
        error_id: str = "",
        category: str = "",
        exception: str = "",
        hresult: int | None = None,
        place: str = "",
    ):
        super().__init__(message)
        self.message = message
        self.error_id = error_id
        self.category = category
        self.exception = exception
        self.hresult = hresult
        self.place = place

    def _said(self) -> str:
        details = [self.place] if self.place else []
        if self.hresult is not None and self.hresult & 0x80000000:
            details.append(f"0x{self.hresult & 0xFFFFFFFF:08X}")
        return f"{self.message} ({', '.join(details)})" if details else self.message


class ReplyError(HostError):
    """The host answered something that is not what was promised."""
