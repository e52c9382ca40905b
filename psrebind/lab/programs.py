"""Native programs of the host, appcmd and whoami here, with their true way to fail.

It knows the host's model; a program answers with an exit status and lines, never with a fault,
unless the lab does not simulate it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from psrebind.lab import iis, netsh, texts, wevtutil
from psrebind.lab.hostfault import HostFault
from psrebind.lab.netsh import Finished
from psrebind.lab.stores import find

if TYPE_CHECKING:
    from psrebind.lab.host import Host

Program = Callable[["Host", Sequence[str]], Finished]

ENABLED = (
    "Mandatory group, Enabled by default, Enabled group",
    "Obligatorische Gruppe, Standardmäßig aktiviert, Aktivierte Gruppe",
)
DENIED = (
    "Group used for deny only",
    "Gruppe, die nur zum Ablehnen verwendet wird",
)
OWNER = (
    f"{ENABLED[0]}, Group owner",
    f"{ENABLED[1]}, Gruppenbesitzer",
)
WELL_KNOWN = ("Well-known group", "Bekannte Gruppe")
ALIAS = ("Alias", "Alias")
LABEL = ("Label", "Bezeichnung")


def program_name(program: str) -> str:
    """Return a program's bare name from a name or a path of Windows."""
    return program.replace("/", "\\").rpartition("\\")[2].casefold().removesuffix(".exe")


def run(host: Host, program: str, arguments: Sequence[str]) -> Finished:
    """Run a native program."""
    name = program_name(program)
    known = PROGRAMS.get(name)
    if known is None or (name == "appcmd" and host.state.facts.iis_version is None):
        raise texts.command_fault(program, german=host.state.german)
    return known(host, arguments)


def failed(host: Host) -> Finished:
    """Return the end of a program that met a sharing violation."""
    text = texts.system_text(texts.SHARING_VIOLATION, german=host.state.german)
    return Finished(exit=texts.SHARING_VIOLATION & 0xFFFF, output=(text,))


def appcmd(host: Host, arguments: Sequence[str]) -> Finished:
    """Carry out `renew binding /oldcert: /newcert:`."""
    words = [word.casefold() for word in arguments]
    if words[:2] != ["renew", "binding"]:
        raise texts.not_simulated(f"appcmd {' '.join(arguments)}")
    values = dict(word.lstrip("/").partition(":")[::2] for word in words[2:])
    if not values.get("oldcert") or not values.get("newcert"):
        text = texts.system_text(texts.INVALID_ARGUMENT, german=host.state.german)
        return Finished(exit=texts.INVALID_ARGUMENT & 0xFFFF, output=(f"ERROR ( {text} )",))
    skipped = False
    try:
        for site in host.state.sites:
            for binding in iis.bindings(host.state, {"name": site.name, "protocol": "https"}):
                done = _renew(host, site.id, binding, values["oldcert"], values["newcert"])
                skipped = skipped or done is False
    except HostFault as fault:
        status = host.state.assumptions.appcmd_exit_status_on_error
        message = f"ERROR ( message:{fault.message} )"
        return Finished(
            exit=texts.win32_code(fault) if status is None else status, output=(message,)
        )
    return Finished(exit=host.state.assumptions.appcmd_exit_status_on_skip if skipped else 0)


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


def whoami(host: Host, arguments: Sequence[str]) -> Finished:
    """Carry out `/groups /fo csv /nh`."""
    if [word.casefold() for word in arguments] != ["/groups", "/fo", "csv", "/nh"]:
        raise texts.not_simulated(f"whoami {' '.join(arguments)}")
    language = 1 if host.state.german else 0
    elevated = host.state.facts.elevated
    label = (
        (("High", "Hohe"), "S-1-16-12288") if elevated else (("Medium", "Mittlere"), "S-1-16-8192")
    )
    level = (
        f"Mandatory Label\\{label[0][0]} Mandatory Level",
        f"Verbindliche Beschriftung\\{label[0][1]} Verbindlichkeitsstufe",
    )
    rows = (
        (("Everyone", "Jeder"), WELL_KNOWN, "S-1-1-0", ENABLED),
        (("BUILTIN\\Users", "VORDEFINIERT\\Benutzer"), ALIAS, "S-1-5-32-545", ENABLED),
        (
            ("BUILTIN\\Administrators", "VORDEFINIERT\\Administratoren"),
            ALIAS,
            "S-1-5-32-544",
            OWNER if elevated else DENIED,
        ),
        (
            ("NT AUTHORITY\\NETWORK", "NT-AUTORITÄT\\NETZWERK"),
            WELL_KNOWN,
            "S-1-5-2",
            ENABLED,
        ),
        (level, LABEL, label[1], ("", "")),
    )
    return Finished(
        exit=0,
        output=tuple(
            f'"{name[language]}","{kind[language]}","{sid}","{attributes[language]}"'
            for name, kind, sid, attributes in rows
        ),
    )


PROGRAMS: Mapping[str, Program] = {
    "appcmd": appcmd,
    "netsh": netsh.run,
    "wevtutil": wevtutil.run,
    "whoami": whoami,
}
