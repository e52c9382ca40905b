"""What Windows' own tool would do with a renewal, tried on a copy of a host."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from psrebind.decode.names import a_label
from psrebind.lab.windows import programs
from psrebind.lab.windows.certificate_stores import covers, find
from psrebind.lab.windows.commands import create_host
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.http_sys import Record
from psrebind.lab.windows.state import Binding, HostState


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What appcmd would do to one binding; ``names_fit`` is None for a binding without a name."""

    site: str
    information: str
    thumbprint: str
    names_fit: bool | None
    options_lost: bool


def appcmd_alone(host: Host, folder: Path, *, old: str, new: str) -> tuple[Effect, ...]:
    """Run ``appcmd renew binding`` on a copy of a host; returns what it does to each binding."""
    copy = create_host(folder, host.state, sleep=lambda _: None)
    arguments = ["renew", "binding", f"/oldcert:{old}", f"/newcert:{new}"]
    programs.run(copy.as_system(), "appcmd.exe", arguments)
    before, after = host.state, copy.state
    return tuple(
        _effect(site.name, binding, now, was=was, state=after)
        for site, binding in after.https_bindings
        if (was := before.record_of(binding)) and (now := after.record_of(binding)) and now != was
    )


def _effect(site: str, binding: Binding, now: Record, *, was: Record, state: HostState) -> Effect:
    name = a_label(binding.information.rpartition(":")[2])
    certificate = find(state.certificates, now.store, now.thumbprint)
    return Effect(
        site=site,
        information=binding.information,
        thumbprint=now.thumbprint or "",
        names_fit=covers(certificate, name) if name and certificate else None,
        options_lost=now.options != was.options,
    )
