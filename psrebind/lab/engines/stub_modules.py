"""The modules of Windows that a lab shell finds: every command with its true parameters.

What the lab does not simulate of them says so. Both tables are in ``stubs``: ``commands.json`` is
generated, ``modelled.json`` says what each simulated command calls.
"""

from __future__ import annotations

import json
import shutil
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from psrebind.folders import make_private

DENIED = "Deny-LabCommand $PSCmdlet"
MANIFEST = """\
@{{
    RootModule = '{name}.psm1'
    ModuleVersion = '{version}'
    FunctionsToExport = {functions}
    CmdletsToExport = @()
    VariablesToExport = @()
    AliasesToExport = {aliases}
}}
"""


def write_modules(folder: Path, names: object) -> None:
    """Hold the modules that a host has now, since a path entry offers all it holds."""
    wanted = set(names) if isinstance(names, list | tuple | set | frozenset) else set()
    make_private(folder)
    for present in folder.iterdir():
        if present.name not in wanted:
            shutil.rmtree(present)
    for name in wanted & _table("commands.json").keys():
        if not (folder / name).exists():
            (folder / name).mkdir()
            for ending, text in _module(name).items():
                (folder / name / f"{name}.{ending}").write_text(text, "ascii")


@cache
def _module(name: str) -> dict[str, str]:
    """Return the files of a module by the ends of their names."""
    module, modelled = _table("commands.json")[name], _table("modelled.json")
    functions = [
        f"function {command} {{ {head} process {{ {modelled.get(command, DENIED)} }} }}"
        for command, head in module["commands"].items()
    ]
    aliases = [f"Set-Alias {alias} {target}" for alias, target in module["aliases"].items()]
    manifest = MANIFEST.format(
        name=name,
        version=module["version"],
        functions=_list(module["commands"]),
        aliases=_list(module["aliases"]),
    )
    return {"psm1": "\n".join([*functions, *aliases]), "psd1": manifest}


def _list(names: dict[str, str]) -> str:
    return f"@({', '.join(repr(name) for name in names)})"


@cache
def _table(name: str) -> dict[str, Any]:
    text = (files("psrebind.lab.engines") / "stubs" / name).read_text("ascii")
    table: dict[str, Any] = json.loads(text)
    return table
