"""Bound certificates of one certificate template: what makes the rebind task dangerous. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psrebind.decode.names import certificate_name
from psrebind.model import Certificate, Thumbprint
from psrebind.phrase import Phrase, join_phrases, name_certificate


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


_REPLACED = (
    ". Autoenrollment renews one and replaces the others by it, and the task would put that "
    "one on every site. Give each a template of its own"
)
_NOT_REPLACED = (
    ". Nothing replaces one by another here, since autoenrollment is off. Give each a template of "
    "its own before group policy turns it on: the task would then put one certificate on every site"
)
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def name_shared(templates: Iterable[SharedTemplate], *, enrolls: bool) -> Phrase:
    """All of them in sentences."""
    return join_phrases((name_template(one, enrolls=enrolls) for one in templates), ". ")


def name_template(shared: SharedTemplate, *, enrolls: bool) -> Phrase:
    """Bound certificates of one template, and what follows: failure 2 of the field notes."""
    count = len(shared.certificates)
    number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    named = join_phrases(
        (name_certificate(one.name, one.thumbprint) for one in shared.certificates), ", "
    )
    template = f", {shared.template}" if shared.template else ""
    return Phrase(
        f"{number} bound certificates come from one template{template}: ",
        named,
        _REPLACED if enrolls else _NOT_REPLACED,
    )
