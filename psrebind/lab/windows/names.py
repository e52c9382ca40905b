"""Names of sites, bindings, records, tasks, stores and files, as Windows compares them."""

from __future__ import annotations


def folded(name: str) -> str:
    """Return a name as it is compared: without case, letter by letter, never by language.

    str.casefold would make one name of `straße` and `strasse`, which Windows keeps apart.
    """
    return name.upper() if name.isascii() else "".join(map(_upper, name))


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are one to Windows."""
    return folded(one) == folded(other)


def _upper(letter: str) -> str:
    upper = letter.upper()
    # A dotless i has no capital of its own, and what has two letters for one is left as it is.
    return upper if len(upper) == 1 and letter != "\u0131" else letter
