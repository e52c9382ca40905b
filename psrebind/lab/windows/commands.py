"""The commands that stubs and engines may ask a host for, and the faults on request."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from psrebind.folders import make_private
from psrebind.lab.windows import (
    certificate_commands,
    event_log,
    files,
    iis,
    iis_configuration,
    iis_sites,
    pki,
    programs,
    registry,
    scheduled_tasks,
    system_errors,
)
from psrebind.lab.windows.host import FILE, Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.persistence import encode, load, save
from psrebind.lab.windows.state import HostState

Arguments = Mapping[str, object]
# What the id of a cmdlet's own errors ends with; drives and methods have no such word.
_PKI = "Microsoft.CertificateServices.Commands"
_CMDLETS = {
    "eventlog.query": "Microsoft.PowerShell.Commands.GetWinEventCommand",
    "iis.bindings": "Get-WebBinding",
    "iis.configuration": "Get-WebConfiguration",
    "iis.sites": "Get-Website",
    "pki.add_notification_task": f"{_PKI}.NewCertificateNotificationTaskCommand",
    "pki.remove_notification_task": f"{_PKI}.RemoveCertificateNotificationTaskCommand",
    "pki.switch": f"{_PKI}.SwitchCertificateCommand",
    "tasks.export": "Export-ScheduledTask",
    "tasks.info": "Get-ScheduledTaskInfo",
    "tasks.list": "Get-ScheduledTask",
    "tasks.register": "Register-ScheduledTask",
    "tasks.unregister": "Unregister-ScheduledTask",
}


def create_host(
    folder: Path, state: HostState, *, sleep: Callable[[float], None] = time.sleep
) -> Host:
    """Make a host's folder and write its first state."""
    make_private(folder)
    save(folder / FILE, state)
    return Host(folder, state, run, sleep=sleep)


def load_host(folder: Path) -> Host:
    """Return the host that a folder holds."""
    return Host(folder, load(folder / FILE, HostState), run)


def run(host: Host, command: str, arguments: Arguments) -> object:
    """Carry out one command, or the fault that was asked for it."""
    if command not in COMMANDS:
        raise system_errors.not_simulated(command)
    native = command == "native"
    fault = _fault(host, command, arguments)
    if isinstance(fault, Mapping):
        host.sleep(float(fault["slow"]))
    elif fault == "nothing":
        return {"exit": 0, "output": []} if native else None
    elif fault == "fail" and native and command not in host.faults:
        return encode(programs.failed(host))
    elif fault == "fail":
        raise _failure(host, command)
    return COMMANDS[command](host, arguments)


def meet_faults(host: Host, *commands: str) -> None:
    """Meet the faults asked for commands whose answers the caller takes from the state itself."""
    for command in commands:
        fault = host.faults.get(command)
        if isinstance(fault, Mapping):
            host.sleep(float(fault["slow"]))
        elif fault == "fail":
            raise _failure(host, command)


def _failure(host: Host, command: str) -> HostFault:
    fault = system_errors.system_fault(system_errors.SHARING_VIOLATION, german=host.state.german)
    if command in _CMDLETS:
        fault.error_id = f"{fault.error_id},{_CMDLETS[command]}"
    return fault


def facts(host: Host, _: Arguments) -> object:
    """Return what the host says about itself."""
    return {"id": host.identifier, **encode(host.state.facts)}


def role(host: Host, _: Arguments) -> bool:
    """Tell whether the group Administrators is turned on in the token of who is logged on."""
    return host.state.facts.administers


def native(host: Host, arguments: Arguments) -> object:
    """Run a native program."""
    return encode(programs.run(host, str(arguments["program"]), _words(arguments)))


def _words(arguments: Arguments) -> list[str]:
    words = arguments.get("arguments") or []
    return [str(word) for word in words] if isinstance(words, list) else [str(words)]


def _fault(host: Host, command: str, arguments: Arguments) -> str | Mapping[str, float] | None:
    if command == "native" and command not in host.faults:
        words = [programs.program_name(str(arguments["program"])), *_words(arguments)]
        line = " ".join(words).casefold()
        found = [name for name in host.faults if line.startswith(name.casefold())]
        return host.faults[found[0]] if found else None
    return host.faults.get(command)


def _path(arguments: Arguments) -> str:
    return str(arguments["path"])


COMMANDS: Mapping[str, Callable[[Host, Arguments], object]] = {
    "host.facts": facts,
    "account.role": role,
    "registry.values": lambda host, given: registry.values(host.state, _path(given)),
    "registry.children": lambda host, given: registry.children(host.state, _path(given)),
    "registry.keys": lambda host, given: registry.keys(
        host.state, _path(given), recurse=bool(given.get("recurse"))
    ),
    "registry.key": lambda host, given: registry.key(host.state, _path(given)),
    "registry.exists": lambda host, given: registry.exists(host.state, _path(given)),
    "iis.sites": lambda host, _: iis.sites(host.state),
    "iis.bindings": lambda host, given: iis.bindings(host.state, given),
    "iis.configuration": iis_configuration.configuration,
    "binding.AddSslCertificate": iis.add_ssl_certificate,
    "binding.RebindSslCertificate": iis.rebind_ssl_certificate,
    "binding.RemoveSslCertificate": iis.remove_ssl_certificate,
    "files.exists": files.exists,
    "files.read": files.read,
    "files.write": files.write,
    "files.create_folder": files.create_folder,
    "files.remove": files.remove,
    "eventlog.logs": event_log.logs,
    "eventlog.query": event_log.query,
    **scheduled_tasks.COMMANDS,
    **pki.COMMANDS,
    **certificate_commands.COMMANDS,
    **iis_sites.COMMANDS,
    "native": native,
}
