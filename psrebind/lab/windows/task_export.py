"""A registered task as Windows writes it back: each thing that it may change is an assumption."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.task_xml import NAMESPACE, PARTS, SETTINGS, SYSTEM, RegisteredTask, parse

# What an export shows even at its default.
ALWAYS_SHOWN = ("DisallowStartIfOnBatteries", "StopIfGoingOnBatteries", "MultipleInstancesPolicy")


def export(task: RegisteredTask, assumptions: Assumptions) -> str:
    """Return a task's XML as Windows writes it back."""
    root = parse(task.xml)
    _put(root, "Settings/Enabled", "true" if task.enabled else "false")
    if assumptions.task_export_adds_uri:
        _put(root, "RegistrationInfo/URI", task.path + task.name)
    _normalise_logon(root, assumptions)
    settings = root.find("Settings")
    if settings is not None:
        _normalise_settings(settings, assumptions)
    if assumptions.task_export_orders_elements:
        root[:] = sorted(root, key=lambda part: PARTS.index(part.tag))
    root.set("xmlns", NAMESPACE)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-16"?>\n{text}'.replace("\n", "\r\n")


def _normalise_logon(root: Element, assumptions: Assumptions) -> None:
    for principal in root.iterfind("Principals/Principal"):
        logon = principal.find("LogonType")
        if principal.findtext("UserId") != SYSTEM:
            continue
        if assumptions.task_export_says_service_account:
            _put(principal, "LogonType", "ServiceAccount")
        elif assumptions.task_export_drops_system_logon_type and logon is not None:
            principal.remove(logon)


def _normalise_settings(settings: Element, assumptions: Assumptions) -> None:
    for name, default in SETTINGS.items():
        found = settings.find(name)
        if default is None:
            continue
        if assumptions.task_export_fills_defaults:
            if found is None:
                _put(settings, name, default)
        elif assumptions.task_export_drops_defaults:
            if found is None and name in ALWAYS_SHOWN:
                _put(settings, name, default)
            elif found is not None and name not in ALWAYS_SHOWN and found.text == default:
                settings.remove(found)
    if assumptions.task_export_orders_elements:
        order = list(SETTINGS)
        settings[:] = sorted(settings, key=lambda one: order.index(one.tag))


def _put(root: Element, path: str, text: str) -> None:
    place = root
    for name in path.split("/"):
        found = place.find(name)
        place = ElementTree.SubElement(place, name) if found is None else found
    place.text = text
