"""Rules for PowerShell that is to mean the same in every language: comparing and formatting.

In Windows PowerShell 5.1 `-eq`, `-contains`, `switch`, `@{}` and the methods of a string without a
StringComparison compare by language (docs/windows.md). Each function returns what breaks a rule.
"""

from __future__ import annotations

import re

from syntax import Comparison, Member, Syntax

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

# Fields and variables that hold names which people of a host chose: of sites, hosts, tasks, stores.
# `.name` is a site's; `.Name` is Windows' own word for a property or a module.
NAMES = {
    *(".name", ".endpoint", ".bindingInformation", ".information", ".ItemXPath", ".store"),
    *(".TaskName", ".TaskPath", ".Subject", ".HostHeader"),
    *("$Site", "$Information", "$Endpoint", "$Store", "$TaskPath", "$TaskName", "$Places"),
    *("$HostName", "$Subject"),
}
EQUALITIES = re.compile("[IC](not)?(eq|ne|contains|in|like|gt|ge|lt|le)", re.I)
GROUPING = {"Group-Object", "Compare-Object", "Get-Unique"}


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


def names_compared(syntax: Syntax) -> list[str]:
    """Names of a host's that an operator, a switch or the key of a hashtable compares."""
    names = _names(syntax)
    found = [
        f"{one.line}: {one.text}"
        for one in syntax.comparisons
        if _compares(one) and names & {*_side(one, one.left), *_side(one, one.right)}
    ]
    for command in syntax.commands:
        words = {one.lower() for one in command.parameters}
        if command.name == "Where-Object" and words & {"eq", "ne", "contains", "in", "like"}:
            found.append(f"{command.line}: Where-Object with an operator of its own")
    return found


def made_unique(syntax: Syntax) -> list[str]:
    """Commands that take two texts for one by the session's language."""
    return [
        f"{one.line}: {one.name}"
        for one in syntax.commands
        if one.name in GROUPING or "Unique" in one.parameters
    ]


def _names(syntax: Syntax) -> set[str]:
    """The names that are given, and every variable of the script that got one as it is."""
    names = set(NAMES)
    given = [one for one in syntax.comparisons if one.kind == "Given" and len(one.left) == 1]
    while more := {one.left[0] for one in given if names & {*one.right}} - names:
        names |= more
    return names


def _compares(one: Comparison) -> bool:
    if one.kind in ("Switch", "Index"):
        return True
    # With a wildcard in it, -like goes letter by letter.
    return bool(EQUALITIES.fullmatch(one.kind)) and not ("like" in one.kind and "*" in one.text)


def _side(one: Comparison, mentioned: tuple[str, ...]) -> tuple[str, ...]:
    """What of a comparison counts: of an index its key, and nothing beside $null."""
    other = one.right if mentioned is one.left else one.left
    if one.kind == "Index" and mentioned is one.left:
        return ()
    return () if "$null" in (*mentioned, *other) else mentioned


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
