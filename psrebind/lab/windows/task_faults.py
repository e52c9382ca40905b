"""The faults of the Task Scheduler and its PowerShell module, in English and in German."""

from __future__ import annotations

from psrebind.lab.windows import task_xml
from psrebind.lab.windows.host_fault import HostFault

TASK_DISABLED = 0x80041326
MALFORMED_TEXT = ("The task XML is malformed.", "Die Aufgaben-XML ist falsch formatiert.")
XML_TEXTS = {
    task_xml.UNEXPECTED_NODE: (
        "The task XML contains an unexpected node.",
        "Die Aufgaben-XML enthält einen unerwarteten Knoten.",
    ),
    task_xml.WRONG_NAMESPACE: (
        "The task XML contains an element or attribute from an unexpected namespace.",
        "Die Aufgaben-XML enthält ein Element oder Attribut aus einem unerwarteten Namespace.",
    ),
    task_xml.INVALID_VALUE: (
        "The task XML contains a value which is incorrectly formatted or out of range.",
        "Die Aufgaben-XML enthält einen falsch formatierten oder ungültigen Wert.",
    ),
    task_xml.MISSING_NODE: (
        "The task XML is missing a required element or attribute.",
        "In der Aufgaben-XML fehlt ein erforderliches Element oder Attribut.",
    ),
}
DISABLED_TEXT = (
    "The task is disabled.",
    "Die Aufgabe ist deaktiviert.",
)


def task_fault(
    hresult: int, command: str, message: str, *, category: str = "NotSpecified"
) -> HostFault:
    """Return the fault of a command of the ScheduledTasks module."""
    return HostFault(
        message,
        error_id=f"HRESULT 0x{hresult:08x},{command}",
        category=category,
        exception_type="Microsoft.Management.Infrastructure.CimException",
        hresult=hresult,
    )


def disabled(*, german: bool) -> HostFault:
    """Return the fault of starting a task that is disabled."""
    return task_fault(TASK_DISABLED, "Start-ScheduledTask", DISABLED_TEXT[german])


def xml_text(hresult: int, *, german: bool) -> str:
    """Return the sentence for an HRESULT of the task parser."""
    return XML_TEXTS.get(hresult, MALFORMED_TEXT)[german]


def not_found(error_id: str, given: list[tuple[str, str]]) -> HostFault:
    """Return the fault of a query for tasks that finds none."""
    words = " and ".join(f"property '{word}' equal to '{value}'" for word, value in given)
    return HostFault(
        f"No MSFT_ScheduledTask objects found with {words}.  "
        "Verify the value of the property and retry.",
        error_id=error_id,
        category="ObjectNotFound",
        exception_type="Microsoft.PowerShell.Cmdletization.Cim.CimJobException",
    )
