"""A renewal as people type it: two certificates by their first digits, looked up on each host."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar

from psrebind.errors import InvalidInput, NoSuchCertificate
from psrebind.model import Renewal, Thumbprint
from psrebind.operations.base import Operation
from psrebind.thumbprints import Digits, first_digits, the_only, whole

if TYPE_CHECKING:
    from psrebind.cli.asking import Visit


Asked = TypeVar("Asked", bound=Operation[Any])


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

    def on(self, visit: Visit) -> Renewal:
        """The renewal on one host; it is asked only where digits are missing.

        Raises NoSuchCertificate where a host has no such old one, InvalidInput where it has no
        such new one: the first is nothing to do, the second is wrong.
        """
        if found := self._whole():
            return found
        known = tuple(_known(visit))
        old = the_only(self.old, known, visit.name)
        try:
            return Renewal(old, the_only(self.new, known, visit.name))
        except NoSuchCertificate as error:
            raise InvalidInput(str(error)) from error

    def _whole(self) -> Renewal | None:
        old, new = whole(self.old), whole(self.new)
        # Made also where one of them is short: the same digits twice are no renewal anywhere.
        return Renewal(old, new) if old and new else None


def with_whole(operation: Asked, visit: Visit) -> Asked:
    """An operation with every certificate that was typed by its first digits, as a host has it."""
    typed = {
        item.name: value
        for item in dataclasses.fields(operation)
        if isinstance(value := getattr(operation, item.name), Digits)
    }
    if not typed:
        return operation
    known = tuple(_known(visit))
    found = {name: the_only(value, known, visit.name) for name, value in typed.items()}
    return dataclasses.replace(operation, **found)


def _known(visit: Visit) -> Iterator[Thumbprint]:
    """The certificates of a host's stores, and those that only a binding names."""
    from psrebind.cli.asking import advised
    from psrebind.errors import HostError
    from psrebind.model import Certificate
    from psrebind.operations.get_certificate import GetCertificate
    from psrebind.operations.get_iis_binding import GetIisBinding

    stores, bound = GetCertificate(), GetIisBinding()
    first, second = visit.ask([stores, bound]).bodies
    with advised():
        yield from (one.thumbprint for one in stores.result(first) if isinstance(one, Certificate))
    try:
        records = bound.bindings(second).records
    except HostError:
        # Without IIS the stores are all that there is.
        return
    yield from (one.thumbprint for one in records if one.thumbprint)
