"""A session with this machine: a PowerShell child that speaks PSRP on standard input and output.

psrpcore is imported when the first script comes. Not tried on Windows yet: Windows PowerShell 5.1
behind `-s`, Sysnative under a 32-bit Python, and the child without a console; what a script has
started there outlives a kill.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from psrebind import sessions
from psrebind.errors import ConnectError, HostError, SessionError
from psrebind.replies import Reply, parse
from psrebind.script import Script
from psrebind.sessions.base import Limits, OnStream, Session
from psrebind.sessions.credentials import PASSWORD_VARIABLE
from psrebind.sessions.script_call import Phase, ScriptCall, Stopped, lost, stopped
from psrebind.sessions.stdio import Child, ChildEnded, NotPsrp

if TYPE_CHECKING:
    from psrebind.sessions.child_pool import ChildPool

HOST: Final = "localhost"
ENGINE_VARIABLE: Final = "PSREBIND_PWSH"
SWITCHES: Final = ("-NoProfile", "-NonInteractive", "-NoLogo", "-s")
# The first start after a boot reads a hundred megabytes, under a virus scanner.
OPENING: Final = 60.0
_DOWNLOAD: Final = "https://aka.ms/powershell"


def find_engine(environment: Mapping[str, str], platform: str = sys.platform) -> Path | None:
    """The engine that PSREBIND_PWSH names; else Windows PowerShell on Windows, as WebAdministration
    needs it, and elsewhere pwsh on the PATH."""
    if named := environment.get(ENGINE_VARIABLE):
        return Path(named)
    if platform != "win32":
        found = shutil.which("pwsh", path=environment.get("PATH", ""))
        return Path(found) if found else None
    names = {name.upper(): value for name, value in environment.items()}
    root = Path(names.get("SYSTEMROOT") or r"C:\Windows")
    # A 32-bit process, and only that, sees Sysnative; its System32 holds a 32-bit PowerShell.
    places = [
        root / folder / "WindowsPowerShell" / "v1.0" / "powershell.exe"
        for folder in ("Sysnative", "System32")
    ]
    return next((place for place in places if place.is_file()), None)


class LocalSession(Session):
    """A session with this machine; starts its PowerShell when the first script comes.

    A change that was sent is waited for without a limit: it cannot go on without this process.
    Without an environment the child gets this process's own, save the variables that hold the
    password for hosts: PSREBIND_PASSWORD and those that are named as ``hidden``.
    """

    def __init__(
        self,
        executable: Path | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        hidden: Collection[str] = (),
        opening: float = OPENING,
    ) -> None:
        self._executable = executable
        self._environment = environment
        self._hidden = {name.upper() for name in (PASSWORD_VARIABLE, *hidden)}
        self._opening = opening
        self._child: Child | None = None
        self._pool: ChildPool | None = None

    @property
    def host(self) -> str:
        """The host as the user named it."""
        return HOST

    def open(self, *, limits: Limits | None = None) -> None:
        """Start the PowerShell now, to learn whether there is one."""
        self._ask(ScriptCall(None, limits or Limits()), None)

    def invoke(
        self, script: Script, *, limits: Limits | None = None, on_stream: OnStream | None = None
    ) -> Reply:
        """Run one script in the session's runspace and give its reply."""
        return parse(self._ask(ScriptCall(script, limits or Limits()), on_stream))

    def close(self) -> None:
        """End the session; never raises."""
        pool, self._pool = self._pool, None
        child, self._child = self._child, None
        try:
            if pool is not None:
                pool.close()
        finally:
            if child is not None:
                child.end()

    def _ask(self, call: ScriptCall, on_stream: OnStream | None) -> str:
        if reason := call.limits.reached:
            raise stopped(self.host, Phase.OPENING, reason)
        try:
            return self._run(call, on_stream)
        except HostError:
            # The script's own failure: the pool is in order.
            raise
        except Stopped as error:
            self.close()
            raise stopped(self.host, call.phase, str(error), call.script) from error
        except (ChildEnded, NotPsrp) as error:
            self.close()
            raise self._lost(call, str(error)) from error
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                call.limits.cancelled.set()
            self.close()
            raise

    def _run(self, call: ScriptCall, on_stream: OnStream | None) -> str:
        if self._pool is not None and not self._pool.usable:
            self.close()
        pool = self._pool
        if pool is None:
            self._child = child = self._started()
            self._pool = pool = sessions.ChildPool(child)
            pool.open(call, self._opening)
        call.advance(Phase.OPEN)
        return "" if call.script is None else pool.run(call.script, call, on_stream)

    def _started(self) -> Child:
        environment = self._environment
        if environment is None:
            environment = {k: v for k, v in os.environ.items() if k.upper() not in self._hidden}
        # Every script finds Windows' programs by this variable; what stands for Windows sets it.
        is_windows = sys.platform == "win32" or "SYSTEMROOT" in map(str.upper, environment)
        if self._executable is None and not is_windows:
            raise ConnectError(
                self.host, "this machine is no Windows", advice="Name a Windows host instead"
            )
        engine = self._executable or find_engine(environment)
        if engine is None:
            raise ConnectError(
                self.host,
                "there is no PowerShell on the PATH",
                advice=f"Install it ({_DOWNLOAD}), or set {ENGINE_VARIABLE} to the path of one",
            )
        if engine.name.lower() == "powershell.exe":
            # Started under PowerShell 7 we have its module path, whose modules 5.1 cannot load.
            environment = {k: v for k, v in environment.items() if k.upper() != "PSMODULEPATH"}
        try:
            return Child([str(engine), *SWITCHES], environment)
        except OSError as error:
            raise ConnectError(
                self.host,
                f"{engine} cannot be started: {error.strerror or error}",
                advice=f"Set {ENGINE_VARIABLE} to the path of a PowerShell ({_DOWNLOAD})",
            ) from error

    def _lost(self, call: ScriptCall, reason: str) -> SessionError:
        if call.phase >= Phase.SENT:
            return lost(self.host, call.script, f"PowerShell {reason}")
        if call.phase >= Phase.OPEN:
            return ConnectError(self.host, f"PowerShell {reason}, before the script was sent")
        engine = self._executable or "PowerShell"
        return ConnectError(self.host, f"{engine} {reason}", advice="Is it a PowerShell?")
