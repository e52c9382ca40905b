"""Templates: their closed grammar, their front matter, and their rendering. Only user of jinja2.

A template is plain PowerShell with two additions, each alone on its line: ``$Name = {{ name }}``
and ``{% include "_piece.ps1.j2" %}``. A piece holds functions only; it stands once in a script,
ahead of all bodies. The frames ``_envelope`` and ``_body`` also have ``{{ library }}``,
``{{ bodies }}`` and ``{{ body }}`` as lines of their own. Everything else is refused when a
template is loaded, a user's own included: Jinja decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable

from jinja2 import StrictUndefined, Undefined
from jinja2 import Template as Compiled
from jinja2.sandbox import ImmutableSandboxedEnvironment

from psrebind.errors import ParameterError, TemplateError
from psrebind.literals import literal
from psrebind.model import Secret
from psrebind.script import Script

SUFFIX = ".ps1.j2"
_ASSIGNMENT = re.compile(r"\$(?P<variable>[A-Z]\w*) = \{\{ (?P<name>[a-z]\w*) \}\}")
_INCLUDE = re.compile(r'\{% include "(?P<piece>_[a-z_]+)\.ps1\.j2" %\}')
_SLOT = re.compile(r"\{\{ (?P<slot>library|bodies|body) \}\}")
# What a terminal would act on, where a person reads the script before it runs.
_CONTROL = re.compile(r"[^\t -~]")
_JINJA = re.compile(r"\{\{|\{%|\{#|%\}|#\}")
_REQUIRES = re.compile(r"#Requires\s+-(Modules|Version)\s+(.+)", re.IGNORECASE)
_SYNOPSIS = re.compile(r"\.SYNOPSIS\s+(.+?)\s*\n(?:\.|#>)", re.DOTALL)
_FRAMES = ("_envelope", "_body")


@dataclass(frozen=True)
class SourceLine:
    """One line of composed text and where it stands in its template."""

    text: str
    source: str


@dataclass(frozen=True)
class Template:
    """A template that keeps the grammar."""

    name: str
    lines: tuple[str, ...]

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The parameters it assigns, in order."""
        found = (_ASSIGNMENT.fullmatch(line) for line in self.lines)
        return tuple(match["name"] for match in found if match)

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """The shared pieces it includes."""
        found = (_INCLUDE.fullmatch(line) for line in self.lines)
        return tuple(match["piece"] for match in found if match)

    @cached_property
    def modules(self) -> tuple[str, ...]:
        """The modules it declares by ``#Requires -Modules``."""
        found = (_REQUIRES.fullmatch(line) for line in self.lines)
        names = ",".join(match[2] for match in found if match and match[1].lower() == "modules")
        return tuple(name.strip() for name in names.split(",") if name.strip())

    @cached_property
    def synopsis(self) -> str:
        """The sentence of its comment-based help."""
        found = _SYNOPSIS.search("\n".join(self.lines))
        return " ".join(found[1].split()) if found else ""

    @cached_property
    def special(self) -> tuple[re.Match[str] | None, ...]:
        """For each line: the assignment, slot or include it is, or None for plain text."""
        return tuple(
            _ASSIGNMENT.fullmatch(line) or _SLOT.fullmatch(line) or _INCLUDE.fullmatch(line)
            for line in self.lines
        )

    @cached_property
    def assignments(self) -> Compiled:
        """The only lines that Jinja has anything to do with, compiled once."""
        pairs = zip(self.lines, self.special, strict=True)
        found = (line for line, match in pairs if match and "variable" in match.groupdict())
        return _environment().from_string("\n".join(found))


@dataclass(frozen=True)
class Call:
    """One operation to render: its name, its parameters, whether it changes the host, and whether
    it only reads."""

    name: str
    values: Mapping[str, object]
    changes: bool
    reads: bool = False


class Library:
    """Finds templates in the user's folders first, then in the package's.

    Frames and shared pieces come from the package alone.
    """

    def __init__(self, folders: Iterable[Traversable] = (), *, package: Traversable | None = None):
        self._folders: list[Traversable] = [*folders, package or files("ps_templates")]
        self._load = cache(self._read)

    def names(self) -> list[str]:
        """The operations there are templates for."""
        found = {item.name for folder in self._folders for item in folder.iterdir()}
        operations = (name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX))
        return sorted(name for name in operations if not name.startswith("_"))

    def template(self, name: str) -> Template:
        """Give a template that keeps the grammar; raise TemplateError otherwise."""
        return self._load(name)

    def _read(self, name: str) -> Template:
        folders = self._folders[-1:] if name.startswith("_") else self._folders
        for folder in folders:
            if (path := folder / f"{name}{SUFFIX}").is_file():
                return _checked(name, path.read_bytes())
        raise TemplateError("there is no such template", template=name)

    def render(self, calls: Sequence[Call]) -> Script:
        """Compose one script of one or more operations, ready for a session."""
        secrets: dict[str, Secret] = {}
        bodies: list[SourceLine] = []
        pieces: dict[str, Template] = {}
        for number, call in enumerate(calls):
            template = self.template(call.name)
            pieces |= {name: self.template(name) for name in template.pieces}
            bodies += self._body(template, call, number, secrets)
        library = [line for piece in pieces.values() for line in _filled(piece, {}, {})]
        frame = self.template("_envelope")
        steps = sum(call.changes for call in calls)
        reading = all(call.reads for call in calls)
        values = {"changing": steps > 0, "reading": reading, "steps": steps}
        lines = _filled(frame, values, {"library": library, "bodies": bodies})
        text = "".join(f"{line.text}\n" for line in lines)
        return Script(text, secrets, tuple(line.source for line in lines), steps > 0, reading)

    def _body(
        self, template: Template, call: Call, number: int, secrets: dict[str, Secret]
    ) -> list[SourceLine]:
        values = dict(call.values)
        for name, value in values.items():
            if isinstance(value, Secret):
                secrets[f"{number}.{name}"] = value
                values[name] = _SecretReference(f"{number}.{name}")
        if odd := set(values) ^ set(template.variables):
            raise ParameterError(
                f"unexpected or missing: {', '.join(sorted(odd))}", operation=call.name
            )
        frame = {"operation": call.name, "modules": template.modules, "changes": call.changes}
        try:
            body = _filled(template, values, {})
        except ParameterError as error:
            raise ParameterError(error.reason, operation=call.name, field=error.field) from error
        return _filled(self.template("_body"), frame, {"body": body})


def shipped(name: str) -> str:
    """Give a script that is not rendered but written on a host as it stands."""
    return (files("ps_templates") / name).read_text("ascii")


@dataclass(frozen=True)
class _SecretReference:
    """Stands in a rendered script where the body takes its secret from."""

    key: str


def _written(value: object) -> object:
    # Jinja hands over undefined values first; passed on, they raise by their own rule.
    if isinstance(value, Undefined):
        return value
    if isinstance(value, _SecretReference):
        return f"$Secrets[{literal(value.key)}]"
    return literal(value)


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, finalize=_written, keep_trailing_newline=True
    )
    for names in (environment.globals, environment.filters, environment.tests):
        names.clear()
    return environment


def _filled(
    template: Template, values: Mapping[str, object], slots: Mapping[str, Sequence[SourceLine]]
) -> list[SourceLine]:
    """Render one template's lines and put other lines into its slots."""
    rendered = iter(template.assignments.render(values).split("\n"))
    lines: list[SourceLine] = []
    for number, (text, match) in enumerate(
        zip(template.lines, template.special, strict=True), start=1
    ):
        kinds = match.groupdict() if match else {}
        if "slot" in kinds:
            lines += slots[kinds["slot"]]
            continue
        if "variable" in kinds:
            text = next(rendered)
        elif match or _REQUIRES.fullmatch(text):
            # Pieces stand in the library; the engine would enforce #Requires for the whole
            # script, where the envelope checks each body's.
            text = ""
        lines.append(SourceLine(text, f"{template.name}:{number}"))
    return lines


def _checked(name: str, source: bytes) -> Template:
    try:
        text = source.decode("ascii")
    except UnicodeDecodeError as error:
        place = source.count(b"\n", 0, error.start) + 1
        raise TemplateError("only ASCII may stand here", template=name, line=place) from error
    lines = tuple(text.replace("\r\n", "\n").rstrip("\n").split("\n"))
    for number, line in enumerate(lines, start=1):
        if reason := _misfit(name, line):
            raise TemplateError(reason, template=name, line=number)
    return Template(name, lines)


def _misfit(name: str, line: str) -> str | None:
    if found := _CONTROL.search(line):
        return f"the control character {ord(found[0]):#04x} may not stand here"
    if found := _ASSIGNMENT.fullmatch(line):
        if found["variable"].lower() != found["name"].replace("_", ""):
            return f"${found['variable']} must be named after {found['name']!r}"
        return None
    if _INCLUDE.fullmatch(line) or (name in _FRAMES and _SLOT.fullmatch(line)):
        return None
    if _JINJA.search(line):
        return 'Jinja may only stand as "$Name = {{ name }}" or an include, alone on its line'
    return None
