"""Imports point downwards; jinja2, pypsrp, subprocess and typer have one user each."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "psrebind"
# Top-level names of psrebind, lowest first; names in one group may import each other.
LAYERS = (
    {"errors", "folders", "lazy", "phrase", "problems", "text"},
    {"model", "thumbprints"},
    {"decode"},
    {"literals", "script"},
    {"templates"},
    {"convert", "replies"},
    {"sessions"},
    {"operations"},
    {"services"},
    {"rebind"},
    {"fleet"},
    {"check_host"},
    {"cli", "__main__"},
)
# The lab stands beside the stack: it may use anything below the command line.
LAB_USERS = {"cli", "lab"}
# library: the only parts of psrebind that may import it (the lab is on its own side of the wire)
USERS = {
    "jinja2": {"templates"},
    "pypsrp": {"sessions"},
    "requests": {"sessions"},
    "typer": {"cli"},
    "rich": {"cli"},
    "subprocess": {"lab", "sessions"},
    "aiohttp": {"lab"},
    "psrpcore": {"lab", "sessions"},
    "yaml": {"fleet"},
    "spnego": {"lab", "sessions"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))
# The parts of psrebind, by the beginning of their names, in which no modules import each other.
WITHOUT_CIRCLES = ("psrebind",)


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def part(path: Path) -> str:
    """The top-level part of psrebind that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def level(name: str) -> int:
    """The height of a part in the stack."""
    return next(number for number, names in enumerate(LAYERS) if name in names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downwards(path: Path) -> None:
    """A part imports itself and what is below it."""
    own = part(path)
    if own == "__init__":
        return
    for name in imports(path):
        pieces = name.split(".")
        if pieces[0] != "psrebind" or len(pieces) == 1 or pieces[1] == "__version__":
            continue
        other = pieces[1]
        if other == "lab":
            assert own in LAB_USERS
        elif own == "lab":
            assert other != "cli"
        elif (PACKAGE / other).exists() or (PACKAGE / f"{other}.py").exists():
            assert level(other) <= level(own), f"{own} imports {other}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_library_has_one_user(path: Path) -> None:
    """Libraries at the edges are imported by their one part only."""
    for name in imports(path):
        users = USERS.get(name.split(".")[0])
        assert users is None or part(path) in users, f"{path} imports {name}"


def test_every_part_has_a_layer() -> None:
    """No part of psrebind stands outside the stack."""
    parts = {part(path) for path in MODULES} - {"__init__", "lab"}
    assert parts == set().union(*LAYERS)


def module_name(path: Path) -> str:
    """The name by which a file is imported."""
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(
        ".__init__"
    )


def test_no_circle_of_imports() -> None:
    """No modules import each other, be it over others or for their types alone."""
    modules = {module_name(path): path for path in MODULES}
    found = {
        name: (imports(path) & modules.keys()) - {name}
        for name, path in modules.items()
        if name.startswith(WITHOUT_CIRCLES)
    }
    try:
        TopologicalSorter(found).prepare()
    except CycleError as circle:
        pytest.fail(" imports ".join(reversed(circle.args[1])))


# What is of IIS alone; a part above the services speaks of places, steps and changes.
IIS_CHANGES = {"SetIisBinding", "InvokeIisRenewal"}
OF_IIS = {*IIS_CHANGES, "GetIisBinding", "IisBindings", "Record", "RawRecord", "RecordKind"}
FORBIDDEN = {"rebind": OF_IIS, "fleet": OF_IIS, "cli": IIS_CHANGES}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_iis_is_one_service_among_others(path: Path) -> None:
    """Nothing above the services names a change of IIS or, but for listings, a record."""
    named = {name.rpartition(".")[2] for name in imports(path)}
    assert not named & FORBIDDEN.get(part(path), set())
