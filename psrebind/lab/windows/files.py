"""Text files of a host below C:\\Program Files\\psrebind, and the faults of reaching them.

A file is its text, without an encoding. A folder is a key that ends in a backslash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from psrebind.lab.windows import system_errors
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.names import folded
from psrebind.lab.windows.state import HostState

ROOT = "C:\\Program Files\\psrebind"

Arguments = Mapping[str, object]


def exists(host: Host, arguments: Arguments) -> object:
    """Return "file", "folder", or None for what is not there."""
    key = _key(host.state.files, _path(arguments))
    return None if key is None else "folder" if key.endswith("\\") else "file"


def read(host: Host, arguments: Arguments) -> object:
    """Return the text of a file."""
    path = _path(arguments)
    key = _key(host.state.files, path)
    if key is None:
        raise system_errors.path_fault(path, "GetContentCommand", german=host.state.german)
    if key.endswith("\\"):
        raise _denied(host, path, "GetContentReaderUnauthorizedAccessError")
    return host.state.files[key]


def write(host: Host, arguments: Arguments) -> object:
    """Put a text into a file, new or not; its folder must be there."""
    path, text = _path(arguments), str(arguments["text"])
    key = _key(host.state.files, path)
    if key is not None and key.endswith("\\"):
        raise _denied(host, path, "GetContentWriterUnauthorizedAccessError")
    if key is None and _key(host.state.files, path.rpartition("\\")[0]) is None:
        raise _no_folder(host, path)
    host.change(lambda state: _with(state, {key or path: text}))
    return None


def create_folder(host: Host, arguments: Arguments) -> object:
    """Make a folder and those above it; one that is there is a fault, unless `again`."""
    path = _path(arguments)
    key = _key(host.state.files, path)
    if key is not None and not (key.endswith("\\") and arguments.get("again")):
        raise _exists(host, path)
    below = path[len(ROOT) :].strip("\\")
    names = [ROOT]
    for name in below.split("\\") if below else ():
        names.append(f"{names[-1]}\\{name}")
    new = [f"{name}\\" for name in names if _key(host.state.files, name) is None]
    host.change(lambda state: _with(state, dict.fromkeys(new, "")))
    return None


def remove(host: Host, arguments: Arguments) -> object:
    """Take away a file, or a folder with nothing in it."""
    path = _path(arguments)
    key = _key(host.state.files, path)
    if key is None:
        raise system_errors.path_fault(path, "RemoveItemCommand", german=host.state.german)
    if any(one != key and _same(one, key, start=True) for one in host.state.files):
        # Windows asks a person first, whom a remote shell does not have.
        raise system_errors.not_simulated(f"Remove-Item of the folder {path} with items in it")
    host.change(
        lambda state: replace(
            state, files={name: text for name, text in state.files.items() if name != key}
        )
    )
    return None


def _path(arguments: Arguments) -> str:
    path = str(arguments["path"]).replace("/", "\\").rstrip("\\")
    inside = f"{path}\\".casefold().startswith(f"{ROOT}\\".casefold())
    if not inside or ".." in path.split("\\"):
        raise system_errors.not_simulated(path)
    return path


def _key(files: Mapping[str, str], path: str) -> str | None:
    """Return the name under which a file or folder is kept, in its own spelling."""
    return next((one for one in files if _same(one.rstrip("\\"), path)), None)


def _same(one: str, other: str, *, start: bool = False) -> bool:
    one, other = folded(one), folded(other)
    return one.startswith(other) and other.endswith("\\") if start else one == other


def _with(state: HostState, more: Mapping[str, str]) -> HostState:
    return replace(state, files={**state.files, **more})


def _denied(host: Host, path: str, error_id: str) -> HostFault:
    word = "Der Zugriff auf den Pfad" if host.state.german else "Access to the path"
    end = "wurde verweigert." if host.state.german else "is denied."
    return HostFault(
        f"{word} '{path}' {end}",
        error_id,
        "PermissionDenied",
        exception_type="System.UnauthorizedAccessException",
        hresult=system_errors.ACCESS_DENIED,
    )


def _no_folder(host: Host, path: str) -> HostFault:
    message = (
        f'Ein Teil des Pfades "{path}" konnte nicht gefunden werden.'
        if host.state.german
        else f"Could not find a part of the path '{path}'."
    )
    return HostFault(
        message,
        "GetContentWriterDirectoryNotFoundError",
        "ObjectNotFound",
        exception_type="System.IO.DirectoryNotFoundException",
        hresult=0x80070003,
    )


def _exists(host: Host, path: str) -> HostFault:
    message = (
        f"Ein Element mit dem angegebenen Namen {path} ist bereits vorhanden."
        if host.state.german
        else f"An item with the specified name {path} already exists."
    )
    return HostFault(
        message,
        "DirectoryExist,Microsoft.PowerShell.Commands.NewItemCommand",
        "ResourceExists",
        exception_type="System.IO.IOException",
        hresult=0x80131620,
    )
