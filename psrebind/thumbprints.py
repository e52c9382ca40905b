"""Certificates as people type them: a thumbprint, or the first digits of one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from psrebind.errors import InvalidInput, NoSuchCertificate, ParameterError
from psrebind.model import PASTED, Thumbprint

FEWEST = 8
_WHOLE = 40
_DIGITS = re.compile(rf"[0-9A-F]{{{FEWEST},{_WHOLE}}}\Z")


class Digits(str):
    """The first digits of a certificate that is looked up on each host."""


def first_digits(text: str) -> str:
    """The digits of a thumbprint or of its beginning; raise ParameterError for anything else."""
    # What psrebind's own sentences put behind digits may be copied with them.
    digits = PASTED.sub("", text).upper().rstrip("…")
    if not _DIGITS.match(digits):
        raise ParameterError(
            f"{text!r} is not a thumbprint: 40 hex digits are needed, or the first {FEWEST} or more"
        )
    return digits


def whole(digits: str) -> Thumbprint | None:
    """The thumbprint, where the digits are all of it."""
    return Thumbprint(digits) if len(digits) == _WHOLE else None


def the_only(digits: str, known: Iterable[str], place: str) -> Thumbprint:
    """The certificate of a place that begins so; raise InvalidInput for none and for several."""
    if found := whole(digits):
        return found
    there = sorted(set(known))
    alike = [one for one in there if one.startswith(digits)]
    if not alike:
        near = get_close_matches(digits, [one[: len(digits)] for one in there], n=1)
        nearest = next((one for one in there if near and one.startswith(near[0])), None)
        more = f"; the nearest is {nearest}" if nearest else ""
        raise NoSuchCertificate(f"no certificate of {place} begins with {digits}{more}")
    if len(alike) > 1:
        raise InvalidInput(
            f"{len(alike)} certificates of {place} begin with {digits}: "
            f"give more digits of {' or '.join(alike)}"
        )
    return Thumbprint(alike[0])
