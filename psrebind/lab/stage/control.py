"""Starting, asking and stopping a lab that runs in a process of its own.

Imports none of the lab's servers: the command line loads this file with every command.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from psrebind.errors import InvalidInput

MODEL = "model"
NO_POWERSHELL = (
    "no PowerShell runs in this lab: its answers come from a model in Python. "
    "For the real engine install PowerShell 7, or set PSREBIND_PWSH to its program"
)
_START_SECONDS = 60.0


def default_folder() -> Path:
    """Where the user's lab lives unless another place is named."""
    return user_state_path("psrebind") / "lab"


def order(folder: Path, order: str, **arguments: Any) -> Any:
    """Give the running lab one order; InvalidInput when none runs or it refuses."""
    try:
        running = json.loads((folder / "running.json").read_text("utf-8"))
        with socket.create_connection(("127.0.0.1", running["port"]), timeout=10) as connection:
            message = {"token": running["token"], "order": order, **arguments}
            connection.sendall(json.dumps(message).encode("ascii") + b"\n")
            with connection.makefile("rb") as stream:
                reply = json.loads(stream.readline())
    except (OSError, ValueError) as error:
        raise InvalidInput(f"no lab runs in {folder}; start it with: psrebind lab up") from error
    if "error" in reply:
        raise InvalidInput(f"the lab refused: {reply['error']}")
    return reply["result"]


def is_running(folder: Path) -> bool:
    """Whether the folder's lab runs and answers."""
    with contextlib.suppress(InvalidInput):
        order(folder, "status")
        return True
    return False


def has_engine(folder: Path) -> bool:
    """Whether a PowerShell answers in the running lab, not the model."""
    return all(row["engine"] != MODEL for row in order(folder, "status"))


def start(folder: Path, *, model: bool) -> None:
    """Start the folder's lab in the background and wait until it answers."""
    command = [sys.executable, "-m", "psrebind.lab.stage.control_server", str(folder)]
    log = folder / "lab.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command + ["--model"] * model,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_SECONDS
    while not is_running(folder):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            said = log.read_text("utf-8", "replace").strip().splitlines()
            reason = said[-1] if said else "it said nothing"
            raise InvalidInput(f"the lab did not start: {reason} (all of it: {log})")
        time.sleep(0.05)
    # It goes on without us: nobody will ask for its status.
    process.returncode = 0


def stop(folder: Path) -> None:
    """Stop the folder's lab and wait until it is gone; its state stays."""
    order(folder, "stop")
    deadline = time.monotonic() + _START_SECONDS
    while (folder / "running.json").exists() and time.monotonic() < deadline:
        time.sleep(0.05)


def is_free(address: str) -> bool:
    """Whether no lab host listens on a loopback address."""
    try:
        socket.create_server((address, 5985)).close()
    except OSError:
        return False
    return True
