"""The operations of a check beside psrebind's own, and their rows; see `templates`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from psrebind.decode.records import RawRecord
from psrebind.iis_model import BindingInfo, RecordKind
from psrebind.model import Thumbprint
from psrebind.operations import Change, Query
from psrebind.templates import Library

TEMPLATES = files("psrebind.check_host") / "templates"
SITE = "psrebind-check"
TASK = "psrebind-check"
# A name that no resolver knows, by rule.
HOST_NAME = "psrebind-check.invalid"


def library() -> Library:
    """The package's templates and those of a check."""
    return Library([TEMPLATES])


@dataclass(frozen=True)
class NewCertificate:
    """One row: ``after`` is the thumbprint."""

    before: str | None
    after: Thumbprint
    changed: bool


@dataclass(frozen=True, kw_only=True)
class NewCheckCertificate(Change[NewCertificate]):
    """Make a self-signed certificate in the machine's store."""

    host_name: str = HOST_NAME


@dataclass(frozen=True)
class CheckAppcmd:
    """One row: ``changed`` where appcmd said so."""

    exit: int
    before: Thumbprint
    after: Thumbprint
    changed: bool


@dataclass(frozen=True, kw_only=True)
class InvokeCheckAppcmd(Change[CheckAppcmd]):
    """Run appcmd renew binding whatever the new certificate's key."""

    old: Thumbprint
    new: Thumbprint


@dataclass(frozen=True)
class NewSite:
    """One row: ``after`` has the site's HTTPS bindings."""

    before: tuple[str, ...]
    after: tuple[BindingInfo, ...]
    changed: bool


@dataclass(frozen=True, kw_only=True)
class NewCheckSite(Change[NewSite]):
    """Make the site that a check uses: an ip:port, a server name and a flagged binding."""

    site: str = SITE
    host_name: str = HOST_NAME
    port: int
    flagged_port: int


@dataclass(frozen=True)
class Removal:
    """One row: what was there, and what is still there, with the reason."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    changed: bool


@dataclass(frozen=True, kw_only=True)
class RemoveCheckSite(Change[Removal]):
    """Take away what a check made: its site, records, certificates with their keys, and task."""

    site: str = SITE
    subject: str = f"CN={HOST_NAME}"
    task_name: str = TASK


@dataclass(frozen=True)
class MethodCall:
    """One row: ``hresult`` is None where the method succeeded; ``blob`` is of the archived, which
    ``found`` says whether its path exists."""

    before: RawRecord | None
    after: RawRecord | None
    hresult: int | None
    message: str
    blob: bytes | None
    found: bool | None
    changed: bool


@dataclass(frozen=True, kw_only=True)
class SetCheckCertificate(Change[MethodCall]):
    """Call one method of a binding, and say what became of its record."""

    site: str = SITE
    information: BindingInfo
    kind: RecordKind
    endpoint: str
    method: str
    thumbprint: Thumbprint
    archive: bool = False


@dataclass(frozen=True)
class NetshCall:
    """One row: the record before and after, and how netsh ended."""

    before: RawRecord | None
    after: RawRecord | None
    exit: int
    output: tuple[str, ...]
    changed: bool


@dataclass(frozen=True, kw_only=True)
class SetCheckRecord(Change[NetshCall]):
    """Let netsh add, update or delete one record of a check, and say what became of it."""

    kind: RecordKind
    endpoint: str
    verb: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Watch:
    """One row: how often was looked, how often nothing was there, and what was, in order."""

    looks: int
    absent: int
    longest: int
    elapsed: int
    seen: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class GetCheckWatch(Query[Watch]):
    """Look at one ip:port record as fast as it goes, while another session changes it."""

    endpoint: str
    seconds: int
    awaited: int


@dataclass(frozen=True)
class RecordKey:
    """One row: the name of a record's key, and the value that names its server."""

    kind: RecordKind
    key: str
    hostname_port: str


@dataclass(frozen=True, kw_only=True)
class GetCheckKey(Query[RecordKey]):
    """Read how http.sys names the registry keys of its records."""


@dataclass(frozen=True)
class TaskExport:
    """One row: the XML that Windows made of a task, which is gone again."""

    before: str | None
    export: str | None
    after: str | None
    changed: bool


@dataclass(frozen=True, kw_only=True)
class RegisterCheckTask(Change[TaskExport]):
    """Register a disabled task, read back what Windows made of it, and take it away."""

    task_name: str = TASK
    xml: str
