"""The program netsh: `http add|update|delete sslcert`, and the records they make."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from psrebind.lab.windows import system_errors
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.http_sys import (
    Options,
    Record,
    RecordKind,
    drop_record,
    find_record,
    put_record,
)
from psrebind.lab.windows.iis import check_certificate
from psrebind.lab.windows.netsh_parameters import PARAMETERS, UsageError, options
from psrebind.lab.windows.state import HostState

DONE = {
    "add": (
        "SSL Certificate successfully added",
        "Das SSL-Zertifikat wurde erfolgreich hinzugefügt.",
    ),
    "update": (
        "SSL Certificate successfully updated",
        "Das SSL-Zertifikat wurde erfolgreich aktualisiert.",
    ),
    "delete": (
        "SSL Certificate successfully deleted",
        "Das SSL-Zertifikat wurde erfolgreich gelöscht.",
    ),
}
FAILED = {
    "add": ("SSL Certificate add failed", "Fehler beim Hinzufügen des SSL-Zertifikats"),
    "update": ("SSL Certificate update failed", "Fehler beim Aktualisieren des SSL-Zertifikats"),
    "delete": ("SSL Certificate deletion failed", "Fehler beim Löschen des SSL-Zertifikats"),
}


@dataclass(frozen=True, kw_only=True)
class ProgramResult:
    """How a native program ended."""

    exit: int
    output: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SslCertCommand:
    """One sslcert command, read."""

    verb: str
    kind: RecordKind
    key: str
    words: Mapping[str, str]


def run(host: Host, arguments: Sequence[str]) -> ProgramResult:
    """Carry out one netsh command."""
    state = host.state
    words = [word.casefold() for word in arguments[:3]]
    if len(words) < 3 or words[0] != "http" or words[2] != "sslcert" or words[1] not in DONE:
        raise system_errors.not_simulated(f"netsh {' '.join(arguments)}")
    verb = words[1]
    if verb == "update" and state.facts.build < state.assumptions.netsh_update_first_build:
        return _usage(state, verb)
    if not state.facts.administers:
        return _failed(state, verb, system_errors.ACCESS_DENIED)
    try:
        command = _read(state, verb, arguments[3:])
        if command is None:
            status = state.assumptions.netsh_unknown_parameter_exit_status
            return ProgramResult(exit=status, output=("",))
        VERBS[verb](host, command)
    except UsageError:
        return _usage(state, verb)
    except HostFault as fault:
        return _failed(state, verb, fault.hresult or system_errors.INVALID_ARGUMENT)
    return ProgramResult(exit=0, output=("", _spoken(state, DONE[verb]), ""))


def _read(state: HostState, verb: str, arguments: Sequence[str]) -> SslCertCommand | None:
    """Return the command read, or None where this Windows does not know a parameter."""
    words: dict[str, str] = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals:
            raise UsageError
        words[name.casefold()] = value.strip('"')
    if any(PARAMETERS.get(name, 1 << 31) > state.facts.build for name in words):
        return None
    kinds = [kind for kind in RecordKind if kind.value in words]
    if len(kinds) != 1:
        raise UsageError
    key = words[kinds[0].value]
    if verb != "delete":
        _check_required(kinds[0], words)
    if kinds[0] is not RecordKind.CCS and not key.rpartition(":")[2].isdigit():
        raise UsageError
    return SslCertCommand(verb=verb, kind=kinds[0], key=key, words=words)


def _check_required(kind: RecordKind, words: Mapping[str, str]) -> None:
    required = {"appid"}
    if kind is not RecordKind.CCS:
        required |= {"certhash"}
    if kind is RecordKind.HOSTNAMEPORT:
        required |= {"certstorename"}
    if not required <= set(words):
        raise UsageError
    if re.fullmatch(r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}", words["appid"]):
        return
    raise UsageError


def _add(host: Host, command: SslCertCommand) -> None:
    state = host.state
    if find_record(state.records, command.kind, command.key) is not None:
        raise system_errors.system_fault(system_errors.ALREADY_EXISTS, german=state.german)
    record = _record(state, command, Options())
    host.change(lambda now: replace(now, records=put_record(now.records, record)))


def _update(host: Host, command: SslCertCommand) -> None:
    state = host.state
    before = find_record(state.records, command.kind, command.key)
    if before is None:
        raise system_errors.system_fault(system_errors.FILE_NOT_FOUND, german=state.german)
    kept = before.options if state.assumptions.netsh_update_keeps_unnamed_options else Options()
    record = _record(state, command, kept)
    host.change(lambda now: replace(now, records=put_record(now.records, record)))


def _delete(host: Host, command: SslCertCommand) -> None:
    state = host.state
    if find_record(state.records, command.kind, command.key) is None:
        raise system_errors.system_fault(system_errors.FILE_NOT_FOUND, german=state.german)
    kind, key = command.kind, command.key
    host.change(lambda now: replace(now, records=drop_record(now.records, kind, key)))


def _record(state: HostState, command: SslCertCommand, base: Options) -> Record:
    words = command.words
    store = words.get("certstorename", "MY")
    if command.kind is not RecordKind.CCS:
        try:
            check_certificate(state, store, words["certhash"])
        except HostFault as fault:
            # netsh tells a missing certificate and a missing key alike: 1312.
            if fault.hresult == system_errors.INVALID_ARGUMENT:
                raise UsageError from fault
            raise system_errors.system_fault(
                system_errors.NO_LOGON_SESSION, german=state.german
            ) from fault
    return Record(
        kind=command.kind,
        key=command.key,
        thumbprint=words["certhash"].upper() if "certhash" in words else None,
        store=store if command.kind is not RecordKind.CCS else None,
        appid="{" + str(uuid.UUID(words["appid"])) + "}",
        options=options(words, base),
    )


def _spoken(state: HostState, pair: tuple[str, str]) -> str:
    return pair[1] if state.german else pair[0]


def _failed(state: HostState, verb: str, hresult: int) -> ProgramResult:
    word = "Fehler" if state.german else "Error"
    first = f"{_spoken(state, FAILED[verb])}, {word}: {hresult & 0xFFFF}"
    text = system_errors.system_text(hresult, german=state.german)
    return ProgramResult(exit=1, output=("", first, text, ""))


def _usage(state: HostState, verb: str) -> ProgramResult:
    first = "Syntax:" if state.german else "Usage:"
    known = [f"{name}=" for name, build in PARAMETERS.items() if build <= state.facts.build]
    return ProgramResult(exit=1, output=("", f"{first} {verb} sslcert {' '.join(known)}", ""))


VERBS: Mapping[str, Callable[[Host, SslCertCommand], None]] = {
    "add": _add,
    "update": _update,
    "delete": _delete,
}
