"""Whose label an http.sys record carries: AppId is a word of whoever wrote it, no proof of owning.

Sources of each: docs/windows.md.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from psrebind.iis_model import IIS_APPLICATION_ID, Record


@dataclass(frozen=True)
class Owner:
    """A program of Windows; one without a service is never running just because it is there."""

    name: str
    service: str | None = None


OWNERS = {
    "5d89a20c-beab-4389-9447-324788eb944a": Owner("AD FS", "adfssrv"),
    "f955c070-e044-456c-ac00-e9e4275b3f04": Owner("Web Application Proxy", "appproxysvc"),
    "ba195980-cd49-458b-9e23-c84ee0adcd75": Owner("SSTP of Remote Access", "RemoteAccess"),
    "5d8e2743-ef20-4d38-8751-7e400f200e65": Owner("IP-HTTPS of DirectAccess", "RaMgmtSvc"),
    "afebb9ad-9b97-4a91-9ab5-daf4d59122f6": Owner("WinRM", "WinRM"),
    "d7d72267-fcf9-4424-9eec-7e1d8dcec9a9": Owner("the Web Management Service", "WMSVC"),
    "214124cd-d05b-4309-9af9-9caa44b2b74a": Owner("IIS Express"),
}
SERVICES = tuple(one.service for one in OWNERS.values() if one.service)


def label(record: Record) -> str | None:
    """The program, in words, whose application id a record has; None for IIS and for no id."""
    application = record.application_id
    if application in (None, IIS_APPLICATION_ID):
        return None
    found = OWNERS.get(str(application))
    return f"{found.name if found else 'another program'}, appid {application}"


def owner(record: Record, services: Collection[str]) -> Owner | None:
    """The program that a record belongs to: its label and its service are both on the host."""
    found = OWNERS.get(record.application_id or "")
    present = {name.casefold() for name in services}
    return found if found and found.service and found.service.casefold() in present else None
