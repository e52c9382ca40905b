"""``name=value`` words of the command line to the fields of an operation, by their types.

A secret is never a word: every process of the machine sees it.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from psrebind.errors import ParameterError
from psrebind.model import Secret, Thumbprint
from psrebind.operations.base import Operation
from psrebind.thumbprints import Digits, first_digits, whole

Asked = TypeVar("Asked", bound=Operation[Any])
_REFERENCE = "env:"


@dataclass(frozen=True)
class OperationLine:
    """One operation as the command ``operations`` lists it."""

    name: str
    kind: str
    sentence: str
    parameters: tuple[str, ...]

    @classmethod
    def of(cls, kind: type[Operation[Any]]) -> OperationLine:
        """Describe an operation's class."""
        sentence = (inspect.getdoc(kind) or "").partition("\n")[0]
        return cls(kind.name(), kind.effect, sentence, describe_parameters(kind))


def parse_parameters(kind: type[Asked], words: Sequence[str]) -> Asked:
    """An operation with the values of these words; raise ParameterError for one that misfits."""
    hints = typing.get_type_hints(kind)
    fields = {item.name: item for item in _given(kind)}
    values: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise _misfit(kind, f"{word!r} is not name=value")
        if name not in fields:
            known = ", ".join(fields) or "none"
            raise _misfit(kind, f"there is no parameter {name!r}; there are: {known}")
        if name in values:
            raise _misfit(kind, "given twice", name)
        values[name] = _converted(kind, name, hints[name], text)
    missing = [name for name, item in fields.items() if name not in values and _required(item)]
    if missing:
        raise _misfit(kind, f"missing: {', '.join(missing)}")
    return kind(**values)


def require_whole(operation: Operation[Any]) -> None:
    """Raise ParameterError for a certificate by its first digits where no host is asked."""
    for item in dataclasses.fields(operation):
        if isinstance(value := getattr(operation, item.name), Digits):
            reason = f"{value} is not a whole thumbprint, and no host is asked for it"
            raise ParameterError(reason, operation=operation.name(), field=item.name)


def describe_parameters(kind: type[Operation[Any]]) -> tuple[str, ...]:
    """The parameters of an operation as ``name: type``, with the defaults that there are."""
    hints = typing.get_type_hints(kind)
    return tuple(
        f"{item.name}: {type_name(hints[item.name])}" + ("" if _required(item) else _default(item))
        for item in _given(kind)
    )


def _given(kind: type[Operation[Any]]) -> list[dataclasses.Field[Any]]:
    """The fields that a caller gives; the others the operation makes itself."""
    return [item for item in dataclasses.fields(kind) if item.init]


def type_name(hint: Any) -> str:
    """A type as a person reads it: ``Thumbprint or null``, ``list of str``."""
    arguments = typing.get_args(hint)
    if _is_union(hint):
        return " or ".join(type_name(one) for one in arguments)
    if typing.get_origin(hint) is tuple:
        return f"list of {type_name(arguments[0])}"
    if _is_mapping(hint):
        return "JSON object"
    return "null" if hint is type(None) else str(getattr(hint, "__name__", hint))


def _converted(kind: type[Operation[Any]], name: str, hint: Any, text: str) -> Any:
    try:
        return _value(hint, text)
    except ParameterError as error:
        raise _misfit(kind, error.reason, name) from error
    except (ValueError, TypeError) as error:
        raise _misfit(kind, f"{text!r} is not a {type_name(hint)}", name) from error


def _value(hint: Any, text: str) -> Any:
    if hint is Secret:
        return _secret(text)
    if _is_union(hint):
        if text == "null":
            return None
        return _value(next(one for one in typing.get_args(hint) if one is not type(None)), text)
    if typing.get_origin(hint) is tuple:
        parts = json.loads(text) if text.startswith("[") else text.split(",") if text else []
        return _typed(hint, parts)
    if _is_mapping(hint):
        return _typed(hint, json.loads(text))
    if hint is bool:
        return text.lower() == "true" if text.lower() in ("true", "false") else _no(text)
    if hint is int:
        return int(text, 0)
    return _scalar(hint, text)


def _typed(hint: Any, data: Any) -> Any:
    """What JSON gave, as the type that the field promises."""
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        if not isinstance(data, list):
            _no(data)
        return tuple(_typed(arguments[0], one) for one in data)
    if _is_mapping(hint):
        if not isinstance(data, dict):
            _no(data)
        return {str(key): _typed(arguments[1], one) for key, one in data.items()}
    if hint in (bool, int):
        return data if type(data) is hint else _value(hint, str(data))
    return _scalar(hint, data)


def _scalar(hint: Any, data: Any) -> Any:
    if not isinstance(data, str) or not isinstance(hint, type):
        _no(data)
    if hint is Thumbprint:
        digits = first_digits(data)
        return whole(digits) or Digits(digits)
    if issubclass(hint, Enum):
        known = [str(one.value) for one in hint]
        if data not in known:
            raise ParameterError(f"{data!r} is none of {', '.join(known)}")
        return hint(data)
    if not issubclass(hint, str):
        raise ParameterError(f"a {type_name(hint)} cannot be given on the command line")
    return hint(data)


def _secret(text: str) -> Secret:
    variable = text.removeprefix(_REFERENCE)
    if variable == text or not variable:
        # The text is not repeated: it may be the secret.
        raise ParameterError(
            "a secret is never an argument, where other processes see it: "
            "put it into an environment variable and write env:VARIABLE"
        )
    if variable not in os.environ:
        raise ParameterError(f"there is no environment variable {variable}")
    return Secret(os.environ[variable])


def _no(data: Any) -> typing.NoReturn:
    raise ValueError(data)


def _required(item: dataclasses.Field[Any]) -> bool:
    return item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING


def _default(item: dataclasses.Field[Any]) -> str:
    factory = item.default_factory
    value = item.default if factory is dataclasses.MISSING else factory()
    if isinstance(value, tuple):
        return f" = {','.join(str(one) for one in value)}"
    return f" = {'null' if value is None else json.dumps(value, default=str)}"


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def _is_mapping(hint: Any) -> bool:
    origin = typing.get_origin(hint)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _misfit(kind: type[Operation[Any]], reason: str, field: str | None = None) -> ParameterError:
    return ParameterError(reason, operation=kind.name(), field=field)
