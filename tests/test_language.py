"""Scripts and stubs mean the same in every language, and the rules see what does not."""

from __future__ import annotations

from pathlib import Path

import language
import pytest
from syntax import Syntax, parse

ROOT = Path(__file__).parents[1]
FOLDERS = ("ps_templates", "psrebind/lab/engines/stubs", "psrebind/check_host/templates")
SCRIPTS = {
    str(path.relative_to(ROOT)): path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".ps1", ".psm1", ".j2")
}


@pytest.fixture(scope="module")
def scripts(pwsh: Path) -> dict[str, Syntax]:
    """Every script of a host, of a check and of the lab, as it stands in its file."""
    return parse(pwsh, {name: path.read_text("utf-8") for name, path in SCRIPTS.items()})


BY_LANGUAGE = (
    "$text.IndexOf('.')",
    "'a:b'.LastIndexOf(':')",
    "$text.StartsWith('<')",
    '$text.EndsWith("$end", $true, $culture)',
    "$text.StartsWith('<', 'CurrentCulture')",
    "$text.StartsWith('<', [StringComparison]::InvariantCultureIgnoreCase)",
    "[string]::Compare($a, $b)",
    "[string]::Compare($a, $b, $true)",
    "$a.CompareTo($b)",
    "$name.ToUpper()",
    "$name.ToLower()",
    "[array]::Sort($names)",
    "[array]::Sort($names, [System.StringComparer]::CurrentCulture)",
)
FORMATS = (
    "'{0:N2}' -f $number",
    "'{0}' -f $date",
    "'{0:x4} {1}' -f $code, $count",
    "$number.ToString()",
    "$date.ToString('d')",
    "$date.ToShortDateString()",
    "[string]::Format('{0}', $number)",
    "Get-Date -Format 'yyyy-MM-dd'",
    "Get-Date -UFormat '%Y'",
    "[datetime]::Parse($text)",
    "[double]::Parse($text)",
)

COMPARED = (
    "$_.bindingInformation -eq $wanted",
    "$wanted -cne $Endpoint",
    "$Places -contains $place",
    "$_.TaskName -in $wanted",
    "if ($record.store -ne 'My') { }",
    "$_.name -like $wanted",
    '"$($_.TaskPath)$x" -eq $y',
    '$place = "$kind=$($record.endpoint)"; $table[$place] = 1',
    "$one = $Site; $two = $one; $two -eq 'x'",
    "$memory[$Endpoint]",
    "switch ($Site) { 'a' { } }",
    "Where-Object Thing -EQ 'x'",
)
TEMPLATES = [name for name in SCRIPTS if not name.startswith("psrebind/lab/")]
# What is made unique there, and is no name that a person of the host's chose.
UNIQUE = {
    "get_host.ps1.j2": "modules of a list that Python gives",
    "_shared_template.ps1.j2": "thumbprints",
    "_http_options.ps1.j2": "http.sys's own words for the values of a record",
}


@pytest.fixture(scope="module")
def snippets(pwsh: Path) -> dict[str, Syntax]:
    """Every small script of the tables, from one call of the engine."""
    return parse(pwsh, {one: one for one in (*BY_LANGUAGE, *FORMATS, *COMPARED)})


@pytest.mark.engine
@pytest.mark.parametrize("script", BY_LANGUAGE)
def test_a_comparison_by_language_is_found(snippets: dict[str, Syntax], script: str) -> None:
    """What compares or changes case by the session's language is named, once."""
    assert len(language.by_language(snippets[script])) == 1


@pytest.mark.engine
@pytest.mark.parametrize("script", FORMATS)
def test_a_format_of_the_culture_is_found(snippets: dict[str, Syntax], script: str) -> None:
    """What writes or reads dates and numbers as a culture does is named, once."""
    syntax = snippets[script]
    assert len({*language.formatted(syntax), *language.by_language(syntax)}) == 1


@pytest.mark.engine
@pytest.mark.parametrize("script", COMPARED)
def test_a_compared_name_is_found(snippets: dict[str, Syntax], script: str) -> None:
    """A host's name beside an operator, in a switch or as a key is named, once."""
    assert len(language.names_compared(snippets[script])) == 1, snippets[script].comparisons


def test_what_is_the_same_everywhere_is_left_alone(pwsh: Path) -> None:
    """Ordinal comparisons, hexadecimal digits and invariant dates are no findings."""
    script = """
        $text.StartsWith('<', 'Ordinal'); $text.LastIndexOf([char]'\\')
        $text.EndsWith('a', [System.StringComparison]::OrdinalIgnoreCase)
        [array]::IndexOf($list, 'a'); [array]::Sort($names, [System.StringComparer]::Ordinal)
        $name.ToUpperInvariant(); $name.ToLowerInvariant(); '{0:X2}' -f $byte
        (Get-Date).ToUniversalTime().ToString('o')
        [datetime]::Parse($text, [cultureinfo]::InvariantCulture, 'RoundtripKind')
        [string]::Equals($a, $b, 'OrdinalIgnoreCase'); [System.Enum]::Parse($type, $word)
    """
    syntax = parse(pwsh, {"it": script})["it"]
    assert (language.by_language(syntax), language.formatted(syntax)) == ([], [])


def test_what_compares_no_name_is_left_alone(pwsh: Path) -> None:
    """Equals, $null, counts, numbers and what a command gives are no findings."""
    script = """
        [string]::Equals($_.bindingInformation, $Information, 'OrdinalIgnoreCase')
        $null -eq $Site; $record.endpoint -ne $null; $flags -ne 1; $Kind -eq 'ipport'
        @(Get-Website | Where-Object { [string]::Equals($_.name, $Site, 'Ordinal') }).Count -gt 0
        (Get-Thumbprint $Endpoint) -ne $Thumbprint; $memory[(Get-NameKey $Endpoint)] = 1
        "$($_.bindingInformation)" -like "*:${number}:*"; $Site[0]; $property.Name -eq 'x'
    """
    assert language.names_compared(parse(pwsh, {"it": script})["it"]) == []


@pytest.mark.engine
@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_compares_by_language(name: str, scripts: dict[str, Syntax]) -> None:
    """Searches name a StringComparison, and case changes by no language."""
    assert language.by_language(scripts[name]) == []


@pytest.mark.engine
@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_formats_by_culture(name: str, scripts: dict[str, Syntax]) -> None:
    """Dates and numbers are written and read in one way, whatever the session's culture."""
    assert language.formatted(scripts[name]) == []


@pytest.mark.engine
@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_compares_names_by_language(name: str, scripts: dict[str, Syntax]) -> None:
    """Names of a host's are compared by [string]::Equals, and are keys of no hashtable."""
    assert language.names_compared(scripts[name]) == []


@pytest.mark.engine
@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_makes_names_unique(name: str, scripts: dict[str, Syntax]) -> None:
    """Two names are never made one: what is made unique is listed, with what it is."""
    assert Path(name).name in UNIQUE or language.made_unique(scripts[name]) == []
