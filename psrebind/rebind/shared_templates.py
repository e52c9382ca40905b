"""Bound certificates of one certificate template: what makes the rebind task dangerous. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psrebind.decode.names import certificate_name
from psrebind.model import Certificate, Thumbprint


@dataclass(frozen=True)
class NamedCertificate:
    """A certificate as a person knows it; without a name where its store could not be read."""

    thumbprint: Thumbprint
    name: str | None


@dataclass(frozen=True)
class SharedTemplate:
    """Bound certificates that come from one template."""

    template: str | None
    certificates: tuple[NamedCertificate, ...]


def shared_templates(
    shared: Iterable[Sequence[Thumbprint]], certificates: Sequence[Certificate]
) -> tuple[SharedTemplate, ...]:
    """The groups of certificates that a host names, with what its stores say of them."""
    by_thumbprint = {one.thumbprint: one for one in certificates}
    return tuple(
        SharedTemplate(
            next((by_thumbprint[one].template for one in group if one in by_thumbprint), None),
            tuple(
                NamedCertificate(
                    one, certificate_name(by_thumbprint[one]) if one in by_thumbprint else None
                )
                for one in group
            ),
        )
        for group in shared
    )
