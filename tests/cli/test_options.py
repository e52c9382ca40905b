"""The shared options, and how a command gets them."""

from __future__ import annotations

import inspect
import typing

from psrebind.cli import options
from psrebind.cli.fleet_options import connection_settings
from psrebind.cli.options import Connection, Output, spread_fields
from psrebind.sessions import credentials, remote


def test_groups_are_laid_out_and_put_together_again() -> None:
    """Typer sees single options; the command gets its dataclasses."""

    def command(target: str, connection: Connection, output: Output) -> tuple[object, ...]:
        return target, connection, output

    laid_out = spread_fields(command)
    names = list(inspect.signature(laid_out).parameters)
    assert names[0] == "target"
    assert {"user", "port", "format"} < set(names)
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(laid_out).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    given = laid_out(**defaults | {"target": "web01", "port": 1234, "format": "csv"})
    assert given == ("web01", Connection(port=1234), Output(format="csv"))


def test_what_is_said_twice_is_the_same() -> None:
    """The light copies of the session's names are equal to the originals."""
    assert typing.get_args(options.Authentication) == typing.get_args(remote.Authentication)
    assert options.PASSWORD_VARIABLE == credentials.PASSWORD_VARIABLE


def test_no_option_takes_a_password() -> None:
    """Every process of a machine sees the arguments of the others."""
    names = inspect.signature(Connection).parameters
    assert [name for name in names if "password" in name] == ["password_env"]


def test_how_much_is_read_can_be_typed() -> None:
    """What is typed reaches the connection, and nothing is said where nothing was."""
    assert connection_settings(Connection(reply_limit=256)) == {"reply_limit": 256}
    assert connection_settings(Connection()) == {}
