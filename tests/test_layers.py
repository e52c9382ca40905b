"""Imports point downwards; jinja2, pypsrp, subprocess and typer have one user each."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "psrebind"
# Top-level names of psrebind, lowest first; names in one group may import each other.
LAYERS = (
    {"errors", "folders", "lazy", "phrase", "problems", "text"},
    {"iis_model", "model", "thumbprints"},
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
# What an import in a function may load: optional extras, and what needs one.
EXTRAS = ("keyring", "psrebind.lab", "psrebind.cli.demo")


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    return imports_in(ast.walk(ast.parse(path.read_text("utf-8"))), path)


def imports_in(nodes: Iterable[ast.AST], path: Path) -> set[str]:
    """Every module that is imported by one of some nodes."""
    found = set()
    for node in nodes:
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


def at_start(path: Path) -> set[str]:
    """The modules that are imported with a file."""
    return imports_in(ast.parse(path.read_text("utf-8")).body, path)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_stand_at_the_top(path: Path) -> None:
    """An import within a function is of an optional extra, or of what needs one."""
    tree = ast.walk(ast.parse(path.read_text("utf-8")))
    functions = (one for one in tree if isinstance(one, ast.FunctionDef))
    found = imports_in((node for one in functions for node in ast.walk(one)), path)
    assert not [name for name in found if not name.startswith(EXTRAS)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_is_short(path: Path) -> None:
    """Who opens a file sees what it is about."""
    assert len(path.read_text("utf-8").splitlines()) <= 250


def test_no_circle_of_imports() -> None:
    """No modules import each other, be it over others or for their types alone.

    What a package names that is loaded later is no import of it.
    """
    modules = {module_name(path): path for path in MODULES}
    found = {
        name: (at_start(path) if path.name == "__init__.py" else imports(path)) & modules.keys()
        for name, path in modules.items()
    }
    found = {name: others - {name} for name, others in found.items()}
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
