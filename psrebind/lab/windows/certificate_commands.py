"""The certificates of a host's stores as PowerShell lists, makes, archives and removes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, timedelta

from cryptography.hazmat.primitives.asymmetric import ec

from psrebind.lab.windows import system_errors
from psrebind.lab.windows.certificate_authority import self_signed
from psrebind.lab.windows.certificate_stores import (
    STORES,
    StoredCertificate,
    find,
    same_store,
    stored,
)
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.state import HostState

Arguments = Mapping[str, object]

VALIDITY = timedelta(days=365)


def certificates(host: Host, arguments: Arguments) -> object:
    """Return the certificates that the Cert: drive lists in one store, or has at one path."""
    store = str(arguments["store"])
    if store.casefold() not in {name.casefold() for name in STORES}:
        path = f"Cert:\\LocalMachine\\{store}"
        raise system_errors.path_fault(path, "GetChildItemCommand", german=host.state.german)
    named = str(arguments.get("thumbprint") or "").casefold()
    hidden = not named or host.state.assumptions.archived_path_is_missing
    return [
        {
            "thumbprint": one.thumbprint,
            "der": one.der,
            "friendly_name": one.friendly_name or "",
            "has_private_key": one.key_linked,
            "archived": one.archived,
        }
        for one in host.state.certificates
        if same_store(one.store, store)
        and named in ("", one.thumbprint.casefold())
        and not (one.archived and hidden)
    ]


def key(host: Host, arguments: Arguments) -> object:
    """Return what opening a certificate's key finds: its algorithm, and the error if it fails."""
    found = find(host.state.certificates, str(arguments["store"]), str(arguments["thumbprint"]))
    if found is None or not found.key_linked:
        return {"algorithm": None, "hresult": None, "message": ""}
    public = found.parsed.public_key()
    algorithm = "EC" if isinstance(public, ec.EllipticCurvePublicKey) else "RSA"
    lost = found.key is None
    return {
        "algorithm": algorithm,
        "hresult": system_errors.KEYSET_MISSING if lost else None,
        "message": system_errors.system_text(
            system_errors.KEYSET_MISSING, german=host.state.german
        ),
    }


def make_certificate(host: Host, arguments: Arguments) -> dict[str, object]:
    """Carry out New-SelfSignedCertificate; its key is linked."""
    host.require_administrator()
    names = arguments["names"]
    listed = [str(one) for one in names] if isinstance(names, list) else [str(names)]
    now = host.now().astimezone(UTC).replace(microsecond=0)
    made = stored(self_signed(listed, now, now + VALIDITY), str(arguments["store"]))
    host.change(lambda state: replace(state, certificates=(*state.certificates, made)))
    return {
        "thumbprint": made.thumbprint,
        "der": made.der,
        "friendly_name": "",
        "has_private_key": True,
    }


def archive_certificate(host: Host, arguments: Arguments) -> None:
    """Set or clear the mark that hides a certificate."""
    archived = bool(arguments["archived"])
    _replace(host, arguments, lambda one: (replace(one, archived=archived),))


def remove_certificate(host: Host, arguments: Arguments) -> None:
    """Take a certificate out of its store, its key included."""
    _replace(host, arguments, lambda _: ())


def _replace(
    host: Host,
    arguments: Arguments,
    make: Callable[[StoredCertificate], tuple[StoredCertificate, ...]],
) -> None:
    host.require_administrator()
    store, thumbprint = str(arguments["store"]), str(arguments["thumbprint"])
    if find(host.state.certificates, store, thumbprint) is None:
        path = f"Cert:\\LocalMachine\\{store}\\{thumbprint}"
        raise system_errors.path_fault(path, "RemoveItemCommand", german=host.state.german)

    def change(state: HostState) -> HostState:
        kept: list[StoredCertificate] = []
        for one in state.certificates:
            same = one.thumbprint == thumbprint.upper() and same_store(one.store, store)
            kept += make(one) if same else (one,)
        return replace(state, certificates=tuple(kept))

    host.change(change)


COMMANDS: Mapping[str, Callable[[Host, Arguments], object]] = {
    "store.certificates": certificates,
    "store.key": key,
    "store.archive": archive_certificate,
    "store.remove": remove_certificate,
    "pki.self_signed": make_certificate,
}
