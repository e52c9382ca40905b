"""Windows' system errors, in English and in German, and the faults that carry them."""

from __future__ import annotations

from psrebind.lab.windows.host_fault import HostFault

FILE_NOT_FOUND = 0x80070002
ACCESS_DENIED = 0x80070005
SHARING_VIOLATION = 0x80070020
INVALID_ARGUMENT = 0x80070057
ALREADY_EXISTS = 0x800700B7
ELEMENT_NOT_FOUND = 0x80070490
NO_LOGON_SESSION = 0x80070520
KEYSET_MISSING = 0x80090016

SYSTEM_TEXTS = {
    FILE_NOT_FOUND: (
        "The system cannot find the file specified.",
        "Das System kann die angegebene Datei nicht finden.",
    ),
    ACCESS_DENIED: ("Access is denied.", "Zugriff verweigert"),
    SHARING_VIOLATION: (
        "The process cannot access the file because it is being used by another process.",
        "Der Prozess kann nicht auf die Datei zugreifen, da sie von einem anderen Prozess "
        "verwendet wird.",
    ),
    INVALID_ARGUMENT: (
        "Value does not fall within the expected range.",
        "Der Wert liegt außerhalb des erwarteten Bereichs.",
    ),
    ALREADY_EXISTS: (
        "Cannot create a file when that file already exists.",
        "Eine Datei kann nicht erstellt werden, wenn sie bereits vorhanden ist.",
    ),
    ELEMENT_NOT_FOUND: ("Element not found.", "Element nicht gefunden."),
    KEYSET_MISSING: ("Keyset does not exist", "Schlüsselsatz nicht vorhanden"),
    NO_LOGON_SESSION: (
        "A specified logon session does not exist. It may already have been terminated.",
        "Eine angegebene Anmeldesitzung ist nicht vorhanden. Sie wurde gegebenenfalls "
        "bereits beendet.",
    ),
}

# HRESULTs that .NET turns into an exception class of its own; the others are COMExceptions.
EXCEPTIONS = {
    FILE_NOT_FOUND: ("System.IO.FileNotFoundException", "ObjectNotFound"),
    ACCESS_DENIED: ("System.UnauthorizedAccessException", "PermissionDenied"),
    INVALID_ARGUMENT: ("System.ArgumentException", "InvalidArgument"),
}


def system_text(hresult: int, *, german: bool) -> str:
    """Return the system's sentence for an HRESULT."""
    english, translated = SYSTEM_TEXTS.get(hresult, ("Unspecified error", "Unbekannter Fehler"))
    return translated if german else english


def system_fault(hresult: int, *, german: bool) -> HostFault:
    """Return the fault that a method of IIS throws for an HRESULT."""
    default = ("System.Runtime.InteropServices.COMException", "NotSpecified")
    exception_type, category = EXCEPTIONS.get(hresult, default)
    word = "Ausnahme von HRESULT" if german else "Exception from HRESULT"
    message = f"{system_text(hresult, german=german)} ({word}: 0x{hresult:08X})"
    return HostFault(
        message,
        error_id=exception_type,
        category=category,
        exception_type=exception_type,
        hresult=hresult,
    )


def win32_code(fault: HostFault) -> int:
    """Return the Win32 error that an HRESULT carries; one without says 1."""
    return fault.hresult & 0xFFFF if fault.hresult is not None else 1


def path_fault(path: str, command: str, *, german: bool) -> HostFault:
    """Return the fault of a provider command for a path that does not exist."""
    message = (
        f'Der Pfad "{path}" kann nicht gefunden werden, da er nicht vorhanden ist.'
        if german
        else f"Cannot find path '{path}' because it does not exist."
    )
    return HostFault(
        message,
        error_id=f"PathNotFound,Microsoft.PowerShell.Commands.{command}",
        category="ObjectNotFound",
        exception_type="System.Management.Automation.ItemNotFoundException",
        hresult=0x80131501,
    )


def command_fault(program: str, *, german: bool) -> HostFault:
    """Return the fault for a program that this host does not have."""
    message = (
        f'Die Benennung "{program}" wurde nicht als Name eines Cmdlet, einer Funktion, einer '
        "Skriptdatei oder eines ausführbaren Programms erkannt."
        if german
        else f"The term '{program}' is not recognized as the name of a cmdlet, function, "
        "script file, or operable program."
    )
    return HostFault(
        message,
        error_id="CommandNotFoundException",
        category="ObjectNotFound",
        exception_type="System.Management.Automation.CommandNotFoundException",
        hresult=0x80131501,
    )


def not_simulated(what: str) -> HostFault:
    """Return the fault for something that the lab does not model, by its name."""
    return HostFault(
        f"{what} is not simulated by the lab.",
        error_id="NotSimulated",
        category="NotImplemented",
        exception_type="System.NotImplementedException",
        hresult=0x80004001,
    )
