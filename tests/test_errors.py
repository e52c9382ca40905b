"""The exceptions: the drawing in the docstring is the tree of classes."""

from __future__ import annotations

import inspect
import re

from psrebind import errors


def test_the_docstring_draws_the_classes() -> None:
    """Each class stands in the drawing below its base, and nothing else does."""
    drawn: dict[str, str | None] = {}
    above: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"(?P<branch>[│├└─ ]*)(?P<name>[A-Z]\w+)(\s{2,}|\Z)", line):
            depth = len(found["branch"])
            shallower = [level for level in above if level < depth]
            drawn[found["name"]] = above[max(shallower)] if shallower else None
            above = {level: name for level, name in above.items() if level < depth}
            above[depth] = found["name"]
    classes = {
        name: kind.__bases__[0].__name__ if kind is not errors.PsrebindError else None
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.PsrebindError)
    }
    assert drawn == classes


def test_each_error_has_the_status_of_its_branch() -> None:
    """Exit statuses are those of the drawing."""
    text = errors.__doc__ or ""
    for name, status in re.findall(r"([A-Z]\w+Error|InvalidInput|SessionLost)\b.*exit (\d)", text):
        assert getattr(errors, name).exit_status == int(status)


def test_sentences_say_where() -> None:
    """An error's text has its place: the operation and field, the template and line, the host."""
    parameter = errors.ParameterError("too long", operation="get_host", field="wanted")
    assert str(parameter) == "get_host.wanted: too long"
    assert str(errors.TemplateError("no", template="x", line=3)) == "x:3: no"
    lost = errors.SessionLost("web01", "the connection was cut", advice="Look first")
    assert str(lost) == "web01: the connection was cut. Look first"
    script = errors.ScriptError("no such file", hresult=-2147024894, place="get_host:3")
    assert str(script) == "no such file (get_host:3, 0x80070002)"


def test_a_sentence_has_one_full_stop() -> None:
    """What a host said ends with a full stop of its own; the advice follows it."""
    lost = errors.SessionLost("web01", "the shell has ended.", advice="Look first")
    assert str(lost) == "web01: the shell has ended. Look first"
