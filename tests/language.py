"""Rules for PowerShell that is to mean the same in every language: comparing and formatting.

In Windows PowerShell 5.1 `-eq`, `-contains`, `switch`, `@{}` and the methods of a string without a
StringComparison compare by language (docs/windows.md). Each function returns what breaks a rule.
"""

from __future__ import annotations

import re

from syntax import Member, Syntax

SEARCHES = {"IndexOf", "LastIndexOf", "StartsWith", "EndsWith", "Compare"}
NEVER = {
    *("CompareTo", "ToUpper", "ToLower", "ToTitleCase", "Format"),
    *("ToShortDateString", "ToLongDateString", "ToShortTimeString", "ToLongTimeString"),
}
NUMBERS = re.compile(r"(system\.)?(datetime(offset)?|timespan|double|single|decimal|int(32|64)?)")
ORDINAL = re.compile(
    r"'Ordinal(IgnoreCase)?'|\[(System\.)?StringCompar(ison|er)\]::Ordinal(IgnoreCase)?"
)
INVARIANT = re.compile(r"\[(System\.Globalization\.)?cultureinfo\]::InvariantCulture", re.I)
# Hexadecimal digits are the same in every language; anything else of -f may not be.
HEXADECIMAL = re.compile(r"\{\d+:[xX]\d*\}")


def by_language(syntax: Syntax) -> list[str]:
    """Methods that search, compare or change case by the session's language."""
    return [f"{one.line}: {_call(one)}" for one in syntax.members if one.invoked and _searches(one)]


def formatted(syntax: Syntax) -> list[str]:
    """Dates and numbers that are written or read as the session's culture does."""
    found = [f"{one.line}: {_call(one)}" for one in syntax.members if one.invoked and _writes(one)]
    for one in syntax.comparisons:
        if one.kind == "Format" and re.search(r"\{\d", HEXADECIMAL.sub("", one.text)):
            found.append(f"{one.line}: {one.text}")
    for command in syntax.commands:
        if command.name == "Get-Date" and {"Format", "UFormat"} & set(command.parameters):
            found.append(f"{command.line}: {command.name} -Format")
    return found


def _searches(member: Member) -> bool:
    if member.name in NEVER:
        return True
    if member.name == "Sort" and member.static:
        return not any(ORDINAL.fullmatch(one) for one in member.given)
    if member.name not in SEARCHES or member.type.lower() in ("array", "system.array"):
        return False
    ordinal = any(ORDINAL.fullmatch(one) for one in member.given)
    return not ordinal and not member.given[0].startswith("[char]")


def _writes(member: Member) -> bool:
    invariant = any(INVARIANT.fullmatch(one) for one in member.given)
    if member.name == "ToString":
        return member.given != ("'o'",) and not invariant
    parses = member.name in ("Parse", "TryParse", "ParseExact", "TryParseExact")
    return parses and not invariant and NUMBERS.fullmatch(member.type.lower()) is not None


def _call(member: Member) -> str:
    return f"{member.target}.{member.name}({', '.join(member.given)})"
