"""A renewal as people type it: two certificates by their first digits, looked up on each host."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from psrebind.errors import HostError, InvalidInput, NoSuchCertificate
from psrebind.model import Certificate, Renewal, Thumbprint
from psrebind.operations.base import Operation
from psrebind.operations.get_certificate import GetCertificate
from psrebind.operations.runner import ScriptRunner
from psrebind.services import services
from psrebind.thumbprints import Digits, first_digits, the_only, whole

Typed = TypeVar("Typed", bound=Operation[Any])


@dataclass(frozen=True)
class TypedRenewal:
    """The digits of the old and of the new certificate."""

    old: str
    new: str

    @classmethod
    def of(cls, old: str, new: str) -> Self:
        """Check what was typed; raise ParameterError before any host is asked."""
        typed = cls(first_digits(old), first_digits(new))
        typed._whole()
        return typed

    def find(self, runner: ScriptRunner) -> Renewal:
        """The renewal on one host; it is asked only where digits are missing.

        Raises NoSuchCertificate where a host has no such old one, InvalidInput where it has no
        such new one: the first is nothing to do, the second is wrong.
        """
        if found := self._whole():
            return found
        known = tuple(_known_certificates(runner))
        old = the_only(self.old, known, runner.host)
        try:
            return Renewal(old, the_only(self.new, known, runner.host))
        except NoSuchCertificate as error:
            raise InvalidInput(str(error)) from error

    def _whole(self) -> Renewal | None:
        old, new = whole(self.old), whole(self.new)
        # Made also where one of them is short: the same digits twice are no renewal anywhere.
        return Renewal(old, new) if old and new else None


def complete_digits(operation: Typed, runner: ScriptRunner) -> Typed:
    """An operation with every certificate that was typed by its first digits, as a host has it."""
    typed = {
        item.name: value
        for item in dataclasses.fields(operation)
        if isinstance(value := getattr(operation, item.name), Digits)
    }
    if not typed:
        return operation
    known = tuple(_known_certificates(runner))
    found = {name: the_only(value, known, runner.host) for name, value in typed.items()}
    return dataclasses.replace(operation, **found)


def _known_certificates(runner: ScriptRunner) -> Iterator[Thumbprint]:
    """The certificates of a host's stores, and those that only a place names."""
    stores, asked = GetCertificate(), services()
    first, *others = runner.run([stores, *(one.query for one in asked)]).bodies
    yield from (one.thumbprint for one in stores.result(first) if isinstance(one, Certificate))
    for one, body in zip(asked, others, strict=True):
        try:
            found = one.read(body)
        except HostError:
            # Without the service the stores are all that there is.
            continue
        named = (*found.places, *found.untouched)
        yield from (place.thumbprint for place in named if place.thumbprint)
