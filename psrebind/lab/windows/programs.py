"""Native programs of a host: appcmd and whoami here, the others in files of their own.

A program answers with an exit status and lines, and with a fault only where the lab does not
simulate it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from psrebind.lab.windows import iis, netsh, system_errors, wevtutil
from psrebind.lab.windows.certificate_stores import find
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.netsh import ProgramResult

Program = Callable[["Host", Sequence[str]], ProgramResult]

# What every token holds, what an operator's does beside it, and what only an administrator's does.
PRIVILEGES = (
    (
        "SeChangeNotifyPrivilege",
        ("Bypass traverse checking", "Auslassen der durchsuchenden Prüfung"),
    ),
    (
        "SeBackupPrivilege",
        ("Back up files and directories", "Sichern von Dateien und Verzeichnissen"),
    ),
    (
        "SeTakeOwnershipPrivilege",
        (
            "Take ownership of files or other objects",
            "Übernehmen des Besitzes von Dateien und Objekten",
        ),
    ),
)
ON = ("Enabled", "Aktiviert")


def program_name(program: str) -> str:
    """Return a program's bare name from a name or a path of Windows."""
    return program.replace("/", "\\").rpartition("\\")[2].casefold().removesuffix(".exe")


def run(host: Host, program: str, arguments: Sequence[str]) -> ProgramResult:
    """Run a native program."""
    name = program_name(program)
    known = PROGRAMS.get(name)
    if known is None or (name == "appcmd" and host.state.facts.iis_version is None):
        raise system_errors.command_fault(program, german=host.state.german)
    return known(host, arguments)


def failed(host: Host) -> ProgramResult:
    """Return the end of a program that met a sharing violation."""
    text = system_errors.system_text(system_errors.SHARING_VIOLATION, german=host.state.german)
    return ProgramResult(exit=system_errors.SHARING_VIOLATION & 0xFFFF, output=(text,))


def appcmd(host: Host, arguments: Sequence[str]) -> ProgramResult:
    """Carry out `renew binding /oldcert: /newcert:`."""
    words = [word.casefold() for word in arguments]
    if words[:2] != ["renew", "binding"]:
        raise system_errors.not_simulated(f"appcmd {' '.join(arguments)}")
    values = dict(word.lstrip("/").partition(":")[::2] for word in words[2:])
    if not values.get("oldcert") or not values.get("newcert"):
        text = system_errors.system_text(system_errors.INVALID_ARGUMENT, german=host.state.german)
        return ProgramResult(
            exit=system_errors.INVALID_ARGUMENT & 0xFFFF, output=(f"ERROR ( {text} )",)
        )
    skipped = False
    try:
        for site in host.state.sites:
            for binding in iis.bindings(host.state, {"name": site.name, "protocol": "https"}):
                done = _renew(host, site.id, binding, values["oldcert"], values["newcert"])
                skipped = skipped or done is False
    except HostFault as fault:
        status = host.state.assumptions.appcmd_exit_status_on_error
        message = f"ERROR ( message:{fault.message} )"
        return ProgramResult(
            exit=system_errors.win32_code(fault) if status is None else status, output=(message,)
        )
    return ProgramResult(exit=host.state.assumptions.appcmd_exit_status_on_skip if skipped else 0)


def _renew(
    host: Host, site_id: int, binding: Mapping[str, object], old: str, new: str
) -> bool | None:
    """Rebind one binding; None: it has another certificate, False: skipped."""
    if str(binding["certificateHash"]).casefold() != old:
        return None
    state, store = host.state, str(binding["certificateStoreName"])
    certificate = find(state.certificates, store, new)
    hidden = certificate is not None and certificate.archived
    if certificate is None or (hidden and state.assumptions.archived_counts_as_missing):
        return False
    host.call(
        "binding.RebindSslCertificate",
        {
            "site_id": site_id,
            "bindingInformation": binding["bindingInformation"],
            "hash": new.upper(),
            "store": store,
        },
    )
    return True


def whoami(host: Host, arguments: Sequence[str]) -> ProgramResult:
    """Carry out `/priv /fo csv /nh`; only the names of privileges are those of every language."""
    if [word.casefold() for word in arguments] != ["/priv", "/fo", "csv", "/nh"]:
        raise system_errors.not_simulated(f"whoami {' '.join(arguments)}")
    language = 1 if host.state.german else 0
    held = [PRIVILEGES[0]]
    if host.state.facts.elevated:
        # High integrity is what an operator of backups has too.
        held += PRIVILEGES[1:] if host.state.facts.administrator else PRIVILEGES[1:2]
    return ProgramResult(
        exit=0,
        output=tuple(f'"{name}","{told[language]}","{ON[language]}"' for name, told in held),
    )


PROGRAMS: Mapping[str, Program] = {
    "appcmd": appcmd,
    "netsh": netsh.run,
    "wevtutil": wevtutil.run,
    "whoami": whoami,
}
