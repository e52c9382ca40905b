"""One simulated Windows host: its state, its lock, its file, and the commands into it.

The PowerShell stubs and the engine without PowerShell both ask it. Its commands are handed in.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from psrebind.lab.windows import system_errors
from psrebind.lab.windows.persistence import encode, plain, save
from psrebind.lab.windows.state import Facts, HostState

FILE = "state.json"
Fault = str | Mapping[str, float]
# How a command is carried out on a host.
Run = Callable[["Host", str, Mapping[str, Any]], object]


class Host:
    """A host whose state lives in a folder; safe to call from many threads.

    `faults` maps an rpc command, or the beginning of a program's line (`netsh http update`), to
    "nothing", "fail" or {"slow": seconds}. `asked` counts the commands. Neither is kept in the
    folder.
    """

    def __init__(
        self,
        folder: Path,
        state: HostState,
        run: Run,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.folder = folder
        self.run = run
        self.sleep = sleep
        self.faults: dict[str, Fault] = {}
        self.asked: Counter[str] = Counter()
        # Tasks that events start run one after another, also those that a task's own events start.
        self.task_runs = threading.RLock()
        self.running_tasks: set[str] = set()
        self._state = state
        self._lock = threading.Lock()
        self._watchers: list[Callable[[], None]] = []

    @property
    def identifier(self) -> str:
        """Return the name that tells this host from others on the machine."""
        return self._state.facts.name

    @property
    def state(self) -> HostState:
        """Return this moment's state."""
        return self._state

    @property
    def facts(self) -> Facts:
        """Return what the host says about itself."""
        return self._state.facts

    def now(self) -> datetime:
        """Return the time by the host's own clock."""
        return datetime.now(UTC) + timedelta(seconds=self.facts.clock_offset)

    def require_administrator(self) -> None:
        """Raise what Windows raises for an account that does not administer the host."""
        if not self.state.facts.administers:
            raise system_errors.system_fault(system_errors.ACCESS_DENIED, german=self.state.german)

    def as_system(self) -> Host:
        """Return this host as its own account SYSTEM meets it."""
        return _SystemAccount(self)

    def call(self, command: str, arguments: Mapping[str, Any]) -> Any:
        """Carry out one rpc command; JSON in, JSON out, or HostFault."""
        self.asked[command] += 1
        return encode(self.run(self, command, plain(dict(arguments))))

    def change(self, make: Callable[[HostState], HostState]) -> HostState:
        """Replace the state by what a function makes of it, and keep it on disk."""
        with self._lock:
            after = make(self._state)
            save(self.folder / FILE, after)
            self._state = after
            watchers = tuple(self._watchers)
        for watcher in watchers:
            watcher()
        return after

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call a function after each change, in the changing thread; returns how to stop."""
        with self._lock:
            self._watchers.append(watcher)

        def stop() -> None:
            with self._lock:
                self._watchers.remove(watcher)

        return stop


class _SystemAccount(Host):
    """The same host and state, elevated whoever else is logged on; scheduled tasks act by it."""

    def __init__(self, host: Host) -> None:
        super().__init__(host.folder, host.state, host.run, sleep=host.sleep)
        self.faults = host.faults
        self.task_runs = host.task_runs
        self.running_tasks = host.running_tasks
        self._host = host

    @property
    def state(self) -> HostState:
        """Return this moment's state with SYSTEM as the user."""
        return replace(self._host.state, facts=self.facts)

    @property
    def facts(self) -> Facts:
        """Return what the host says about itself to SYSTEM."""
        return replace(self._host.facts, elevated=True, administrator=True, user="SYSTEM")

    def change(self, make: Callable[[HostState], HostState]) -> HostState:
        """Change the host's own state."""
        return self._host.change(make)
