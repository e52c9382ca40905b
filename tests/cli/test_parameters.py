"""``name=value`` words to an operation, by the types of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from psrebind.errors import ParameterError
from psrebind.iis_model import RecordKind
from psrebind.model import Secret, Thumbprint
from psrebind.operations.base import Query
from psrebind.operations.parameters import OperationLine, describe_parameters, parse_parameters


@dataclass(frozen=True)
class Nothing:
    """A row of nothing."""


@dataclass(frozen=True, kw_only=True)
class GetSample(Query[Nothing]):
    """Take one parameter of each type."""

    thumbprint: Thumbprint | None = None
    count: int = 1
    deep: bool = False
    kind: RecordKind = RecordKind.IP
    names: tuple[str, ...] = ()
    prints: tuple[Thumbprint, ...] = ()
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    password: Secret | None = None
    ratio: float = 0.5


@dataclass(frozen=True, kw_only=True)
class GetNeedy(Query[Nothing]):
    """Need two parameters."""

    first: str
    second: str


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("thumbprint=" + "ab " * 20, "AB" * 20),
        ("thumbprint=null", None),
        ("count=0x10", 16),
        ("count=-3", -3),
        ("deep=true", True),
        ("deep=False", False),
        ("kind=hostnameport", RecordKind.SNI),
        ("names=a,b", ("a", "b")),
        ("names=", ()),
        ('names=["a,b", "c"]', ("a,b", "c")),
        ("prints=" + "ab" * 20, ("AB" * 20,)),
        ('options={"x": ["y", "z"]}', {"x": ("y", "z")}),
    ],
)
def test_values_are_of_the_type_of_the_field(word: str, value: object) -> None:
    """Each word becomes what its field promises."""
    name = word.partition("=")[0]
    assert getattr(parse_parameters(GetSample, [word]), name) == value


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("thumbprint=abc", "get_sample.thumbprint: 'abc' is not a thumbprint"),
        ("count=many", "get_sample.count: 'many' is not a int"),
        ("deep=perhaps", "get_sample.deep: 'perhaps' is not a bool"),
        ("kind=tcp", "'tcp' is none of ipport, hostnameport, ccs"),
        ("names=[1]", "get_sample.names: '\\[1\\]' is not a list of str"),
        ("names=[", "get_sample.names: '\\[' is not a list of str"),
        ("options=[]", "get_sample.options: '\\[\\]' is not a JSON object"),
        ("options=x", "get_sample.options: 'x' is not a JSON object"),
        ("ratio=1", "a float cannot be given on the command line"),
        ("color=red", "there is no parameter 'color'; there are: thumbprint, count"),
        ("thumbprint", "'thumbprint' is not name=value"),
    ],
)
def test_a_misfit_is_one_sentence(word: str, sentence: str) -> None:
    """What does not fit says which operation, which parameter, and why."""
    with pytest.raises(ParameterError, match=sentence):
        parse_parameters(GetSample, [word])


def test_a_parameter_is_given_once() -> None:
    """The same name twice is a mistake, not a choice."""
    with pytest.raises(ParameterError, match=r"get_sample\.count: given twice"):
        parse_parameters(GetSample, ["count=1", "count=2"])


def test_missing_parameters_are_named() -> None:
    """All that is missing is named at once."""
    with pytest.raises(ParameterError, match="get_needy: missing: first, second"):
        parse_parameters(GetNeedy, [])


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret is given by the name of its variable."""
    monkeypatch.setenv("THE_SECRET", "s3cret")
    secret = parse_parameters(GetSample, ["password=env:THE_SECRET"]).password
    assert secret is not None
    assert secret.reveal() == "s3cret"


@pytest.mark.parametrize("word", ["password=s3cret", "password=env:", "password=@s3cret"])
def test_a_secret_is_never_an_argument(word: str) -> None:
    """A secret as a word is refused with the way to do it, and is not repeated."""
    with pytest.raises(ParameterError, match="env:VARIABLE") as caught:
        parse_parameters(GetSample, [word])
    assert "s3cret" not in str(caught.value)


def test_a_secret_needs_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is not there is named."""
    monkeypatch.delenv("NO_SUCH_SECRET", raising=False)
    with pytest.raises(ParameterError, match="no environment variable NO_SUCH_SECRET"):
        parse_parameters(GetSample, ["password=env:NO_SUCH_SECRET"])


def test_an_operation_describes_itself() -> None:
    """The listing has name, kind, sentence and parameters with their defaults."""
    line = OperationLine.of(GetSample)
    assert (line.name, line.kind) == ("get_sample", "query")
    assert line.sentence == "Take one parameter of each type."
    assert describe_parameters(GetSample)[:3] == (
        "thumbprint: Thumbprint or null = null",
        "count: int = 1",
        "deep: bool = false",
    )
    assert describe_parameters(GetNeedy) == ("first: str", "second: str")
