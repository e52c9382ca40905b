"""Read what a host is and what it lacks for psrebind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psrebind.errors import ReplyError
from psrebind.operations.base import Query
from psrebind.replies import Body, Reply

MODULES = ("WebAdministration", "ScheduledTasks", "PKI")
_OLDEST_BUILD = 9600
_VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})(?!\d)")
_BUILD = re.compile(r"\d{1,9}")
_CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True)
class HostFacts:
    """One row: ``elevated`` is None where it could not be read."""

    name: str | None
    domain: str | None
    windows: str | None
    build: str | None
    revision: int | None
    iis: str | None
    elevated: bool | None
    execution_policy: str
    script_block_logging: bool
    modules: tuple[str, ...]


@dataclass(frozen=True)
class Host:
    """A host as psrebind sees it: its facts, its engine, and what it lacks."""

    name: str
    domain: str
    windows: str
    build: str
    powershell: str
    iis: str | None
    language_mode: str
    process_bits: int | None
    elevated: bool | None
    execution_policy: str
    ui_culture: str
    clock_difference: timedelta
    script_block_logging: bool
    modules: tuple[str, ...]
    lacks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class GetHost(Query[HostFacts]):
    """Read what a host is and what it lacks for psrebind."""

    wanted: tuple[str, ...] = MODULES

    def host(self, reply: Reply, body: Body, *, now: datetime | None = None) -> Host:
        """Join the row with the reply's head; ``now`` is this machine's clock."""
        facts = self.row(body)
        revision = "" if facts.revision is None else f".{facts.revision}"
        difference = reply.clock - (now or datetime.now(UTC))
        return Host(
            name=facts.name or "",
            domain=facts.domain or "",
            windows=facts.windows or "",
            build=f"{facts.build or ''}{revision}",
            powershell=reply.powershell,
            iis=facts.iis,
            language_mode=reply.language_mode,
            process_bits=reply.process_bits,
            elevated=facts.elevated,
            execution_policy=facts.execution_policy,
            ui_culture=reply.ui_culture,
            clock_difference=timedelta(seconds=round(difference.total_seconds())),
            script_block_logging=facts.script_block_logging,
            modules=facts.modules,
            lacks=tuple(_lacks(facts, reply, difference)),
        )


def _lacks(facts: HostFacts, reply: Reply, difference: timedelta) -> Iterator[str]:
    version = _VERSION.match(reply.powershell)
    if version is None:
        raise ReplyError(f"get_host: {reply.powershell[:50]!r} is no version of PowerShell")
    major, minor = int(version[1]), int(version[2])
    if (major, minor) < (5, 1):
        yield f"PowerShell is {reply.powershell}: install Windows Management Framework 5.1"
    if major > 5:
        yield (
            f"PowerShell is {reply.powershell}, where WebAdministration gives no live objects: "
            "connect to the configuration Microsoft.PowerShell"
        )
    if facts.build and _BUILD.fullmatch(facts.build) and int(facts.build) < _OLDEST_BUILD:
        yield f"Windows build {facts.build} is older than Server 2012 R2, which psrebind needs"
    if facts.iis is None:
        yield "IIS is not installed: Install-WindowsFeature Web-Server"
    if "WebAdministration" not in facts.modules:
        yield missing_module("WebAdministration")
    if facts.elevated is False:
        yield (
            "the session is not elevated: use an administrator, and for a local account "
            "set LocalAccountTokenFilterPolicy to 1"
        )
    if reply.language_mode != "FullLanguage":
        yield f"language mode {reply.language_mode}: queries run, changes cannot"
    if reply.process_bits == 32:
        yield "the session is a 32-bit one: connect to the configuration Microsoft.PowerShell"
    if abs(difference) > _CLOCK_TOLERANCE:
        seconds = round(difference.total_seconds())
        yield f"its clock is {seconds:+} s from this machine's: check the time service"


_FEATURES = {"WebAdministration": "Install-WindowsFeature Web-Scripting-Tools"}


def missing_module(name: str) -> str:
    """One sentence that names a missing module and how to get it."""
    remedy = _FEATURES.get(name, f"it comes with Windows as the module {name}")
    return f"the module {name} is missing: {remedy}"
