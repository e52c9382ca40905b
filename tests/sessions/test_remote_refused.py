"""What RemoteSession says when the service lets the user in and refuses the shell."""

from __future__ import annotations

import pytest
from winrm import REPLY, Serve

from psrebind.errors import ConnectError
from psrebind.lab.engines.model.engine import ModelEngine
from psrebind.lab.server.wsman_faults import WSManFault
from psrebind.script import Script


class Denied(ModelEngine):
    """A session configuration that the user may not use."""

    async def open(self, creation_xml: bytes) -> None:
        """Refuse, as WinRM does before a shell exists."""
        raise WSManFault(5, "Access is denied. ", subcode="w:AccessDenied", blame="Sender")


def test_access_denied_names_the_group(serve: Serve) -> None:
    """Access denied is no wrong password: what the account lacks is said, and nothing ran."""
    with (
        serve(engine=lambda: Denied(lambda script, parameters: REPLY)) as winrm,
        winrm.session() as session,
        pytest.raises(ConnectError, match=r"access denied.*Remote Management Users"),
    ):
        session.invoke(Script("x"))
    assert "Command" not in winrm.actions
    assert winrm.endpoint.open_shells == 0
    assert winrm.endpoint.logons["labadmin"].failures == 0
