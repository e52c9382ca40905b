"""Write the commands of the lab's modules and the facts of the tests, from a catalogue of commands.

Run by hand as `python tools/make_stubs.py CATALOGUE`; the results are committed, and nothing else
reads the catalogue. A command has its true parameters and no behaviour: what the lab simulates of
it stands in `psrebind/lab/engines/stubs/modelled.json`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ROOT / "psrebind" / "lab" / "engines" / "stubs" / "commands.json"
FACTS = ROOT / "tests" / "data" / "windows_commands.json"

STUB_MODULES = ("WebAdministration", "ScheduledTasks", "PKI")
FACT_MODULES = (
    *STUB_MODULES,
    "Microsoft.PowerShell.Core",
    "Microsoft.PowerShell.Management",
    "Microsoft.PowerShell.Utility",
    "Microsoft.PowerShell.Security",
    "Microsoft.PowerShell.Diagnostics",
    "CimCmdlets",
    "Microsoft.WSMan.Management",
)
# Types that PowerShell has on every system; any other becomes [object].
PORTABLE = {
    "Boolean": "bool",
    "DateTime": "datetime",
    "DayOfWeek": "System.DayOfWeek",
    "Hashtable": "hashtable",
    "Int32": "int",
    "Object": "object",
    "PSObject": "psobject",
    "SecureString": "securestring",
    "String": "string",
    "SwitchParameter": "switch",
    "TimeSpan": "timespan",
    "UInt32": "uint32",
    "Uri": "uri",
    "X509Extension": "System.Security.Cryptography.X509Certificates.X509Extension",
}
# Asks a person before it acts, unless told not to, which no reference lists.
ASKING = {"Unregister-ScheduledTask"}
# CmdletBinding brings these two; declared as well they would collide.
SHOULD_PROCESS = {"WhatIf", "Confirm"}
ALL_SETS = "__AllParameterSets"

Facts = dict[str, Any]


def main() -> None:
    """Write the commands and the facts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("catalogue", type=Path)
    catalogue: Path = parser.parse_args().catalogue
    extras = _read(catalogue / "extras.json")
    stubs = {
        name: module_facts(
            _read(catalogue / f"{name}.json"), extras.get(name.lower(), {}).get("aliases", {})
        )
        for name in STUB_MODULES
    }
    COMMANDS.write_text(json.dumps(stubs, indent=1) + "\n", "ascii")
    modules = [_read(catalogue / f"{name}.json") for name in FACT_MODULES]
    FACTS.parent.mkdir(parents=True, exist_ok=True)
    FACTS.write_text(facts(modules, _read(catalogue / "index.json")), "ascii")


def module_facts(module: Facts, aliases: dict[str, str]) -> Facts:
    """Return a module's version and aliases, and of each command how its function begins."""
    return {
        "version": max(module.get("module_version", {"": "1.0.0.0"}).values()),
        "aliases": aliases,
        "commands": {name: head(name, command) for name, command in module["commands"].items()},
    }


def head(name: str, command: Facts) -> str:
    """Return the attributes and parameters of one command."""
    parameters = command["parameters"]
    binding = []
    if parameters.keys() & SHOULD_PROCESS:
        binding.append("SupportsShouldProcess")
    if name in ASKING:
        binding.append("ConfirmImpact = 'High'")
    if "default_set" in command:
        binding.append(f"DefaultParameterSetName = '{command['default_set']}'")
    # A position by order of declaration is what no cmdlet has.
    binding.append("PositionalBinding = $false")
    declared = [
        parameter(key, value) for key, value in parameters.items() if key not in SHOULD_PROCESS
    ]
    return f"[CmdletBinding({', '.join(binding)})] param({', '.join(declared)})"


def parameter(name: str, described: Facts) -> str:
    """Return the declaration of one parameter on one line."""
    words = [_attribute(name_of, use) for name_of, use in described["sets"].items()]
    if described["aliases"]:
        words.append("[Alias(" + ", ".join(f"'{alias}'" for alias in described["aliases"]) + ")]")
    kind, array = described["type"].removesuffix("[]"), described["type"].endswith("[]")
    portable = PORTABLE.get(kind)
    if "pstype" in described:
        element = described["pstype"].removesuffix("[]")
        words.append(f"[PSTypeName('Microsoft.Management.Infrastructure.{element}')]")
    if portable is None and described.get("values"):
        # An enumeration takes its names and nothing else.
        words.append("[ValidateSet(" + ", ".join(f"'{v}'" for v in described["values"]) + ")]")
    words.append(f"[{portable or 'object'}{'[]' if array else ''}]")
    return " ".join([*words, f"${name}"])


def _attribute(name_of_set: str, use: Facts) -> str:
    words = []
    if name_of_set != ALL_SETS:
        words.append(f"ParameterSetName = '{name_of_set}'")
    if use["mandatory"]:
        words.append("Mandatory")
    if use["position"] is not None:
        words.append(f"Position = {use['position']}")
    by = use.get("by", ())
    if "value" in by:
        words.append("ValueFromPipeline")
    if "name" in by:
        words.append("ValueFromPipelineByPropertyName")
    return f"[Parameter({', '.join(words)})]"


def facts(modules: list[Facts], index: Facts) -> str:
    """Return which command and parameter each Windows release has, as JSON."""
    found: Facts = {
        "releases": index["releases"],
        "common_parameters": index["common_parameters"],
        "common_parameters_since": index["common_parameters_since"],
        "commands": {},
    }
    for module in modules:
        for name, command in module["commands"].items():
            found["commands"][name] = {
                "module": module["module"],
                "available": command["available"],
                "parameters": {
                    key: _parameter_facts(value, command["available"])
                    for key, value in command["parameters"].items()
                },
            }
    return json.dumps(found, indent=None, separators=(",", ":")).replace('},"', '},\n"') + "\n"


def _parameter_facts(described: Facts, available: list[str]) -> Facts:
    found: Facts = {}
    if described["aliases"]:
        found["aliases"] = described["aliases"]
    if described.get("available", available) != available:
        found["available"] = described["available"]
    if described.get("providers"):
        found["providers"] = described["providers"]
    return found


def _read(path: Path) -> Facts:
    loaded: Facts = json.loads(path.read_text("utf-8"))
    return loaded


if __name__ == "__main__":
    main()
