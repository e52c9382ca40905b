"""The lab's WSMan endpoint, as a real WSMan client meets it, on both engines."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime
import os
import re
import signal
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pypsrp.complex_objects import ObjectMeta
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from psrebind.lab.auth import Logons
from psrebind.lab.endpoint import Endpoint, EndpointSettings
from psrebind.lab.engine_model import ModelEngine
from psrebind.lab.engine_pwsh import PwshEngine
from psrebind.lab.faults import NetworkFault, NetworkFaults
from psrebind.lab.hostfault import HostFault
from psrebind.lab.shells import ShellEngine

ADDRESS = "127.0.20.250"
USER = "labadmin"
PASSWORD = "Correct-Horse 1"
UNKNOWN_SHELL = 0x8033805B
TIMED_OUT = 2150858793
TOO_MANY_SHELLS = 2150859173
STARTUP = "function Get-Greeting { 'from the startup' }"


class Loop:
    """A loop in a thread of its own, as a lab has one."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def close(self) -> None:
        """End the loop and its thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
