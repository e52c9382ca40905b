"""A lab in a process of its own: ``python -m psrebind.lab.stage.control_server FOLDER``.

Stays until it is told to stop through its control port, or by a signal. Speaks one JSON line per
connection; the token in ``running.json`` (mode 600) is what lets in.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import signal
import socketserver
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from psrebind.errors import InvalidInput
from psrebind.lab.stage import breakage, renewals
from psrebind.lab.stage.control import MODEL
from psrebind.lab.stage.lab import Lab, assume, find_engine
from psrebind.lab.stage.overview import overview
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.persistence import write_text
from psrebind.thumbprints import the_only

RUNNING = "running.json"


class _Control(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, lab: Lab) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.lab = lab
        self.token = secrets.token_urlsafe(32)
        self.stopping = threading.Event()

    def answer(self, asked: dict[str, Any]) -> Any:
        """Carry out one order."""
        if not hmac.compare_digest(str(asked.get("token", "")), self.token):
            raise InvalidInput("the token is wrong")
        order = asked["order"]
        if order == "stop":
            self.stopping.set()
            return None
        if order == "status":
            return status(self.lab)
        if asked.get("host") not in self.lab.scenario.hosts:
            raise InvalidInput(f"the lab has no host {asked.get('host')!r}")
        host = self.lab.scenario.hosts[asked["host"]]
        if order == "assume":
            return assume(host, asked["name"], asked["value"])
        if order == "fault":
            host.faults[asked["name"]] = asked["value"]
            return None
        if order in HOST_ORDERS:
            return HOST_ORDERS[order](self.lab, host, asked)
        raise InvalidInput(f"there is no order {order!r}")


class _Request(socketserver.StreamRequestHandler):
    server: _Control

    def handle(self) -> None:
        try:
            reply = {"result": self.server.answer(json.loads(self.rfile.readline(65536)))}
        except (InvalidInput, HostFault, ValueError, KeyError) as error:
            reply = {"error": str(error)}
        self.wfile.write(json.dumps(reply).encode("ascii") + b"\n")


def _renew(lab: Lab, host: Host, asked: dict[str, Any]) -> Any:
    names = asked.get("names") or ()
    old = _meant(host, asked["old"])
    return {"old": old, "new": renewals.renew(host, lab.scenario.authority, old, names=names)}


def _import(lab: Lab, host: Host, asked: dict[str, Any]) -> Any:
    authority, names = lab.scenario.authority, asked.get("names") or ()
    like = _meant(host, asked["like"]) if asked.get("like") else _most_bound(host)
    new = renewals.import_certificate(host, authority, like=like, names=names)
    return {"like": like, "new": new}


def _meant(host: Host, digits: str) -> str:
    return the_only(digits, (one.thumbprint for one in host.state.certificates), host.identifier)


def _most_bound(host: Host) -> str:
    bound = Counter(one.thumbprint for one in host.state.records if one.thumbprint)
    if not bound:
        raise InvalidInput(f"{host.identifier} has no certificate on a binding: add --like")
    return bound.most_common(1)[0][0]


HOST_ORDERS: Mapping[str, Callable[[Lab, Host, dict[str, Any]], Any]] = {
    "renew": _renew,
    "import": _import,
    "break": lambda lab, host, asked: breakage.break_host(host, asked["name"]),
    "overview": lambda lab, host, asked: overview(host),
}


def status(lab: Lab) -> list[dict[str, Any]]:
    """One row per host: where it listens and what its endpoint has seen."""
    return [
        {
            "host": one.name,
            "address": one.address,
            "windows": one.host.facts.os_name,
            "engine": str(lab.engine or MODEL),
            "shells": one.endpoint.open_shells,
            "requests": len(one.endpoint.requests),
            "logons": sum(found.attempts for found in one.endpoint.logons.values()),
        }
        for one in lab.hosts.values()
    ]


@contextlib.contextmanager
def controlled(lab: Lab) -> Iterator[threading.Event]:
    """Run a lab and take its orders for the length of a with block; yields what "stop" sets."""
    running = lab.folder / RUNNING
    try:
        with lab.running(), _Control(lab) as control:
            threading.Thread(target=control.serve_forever, daemon=True).start()
            try:
                where = {"process": os.getpid(), "port": control.server_address[1]}
                write_text(running, json.dumps(where | {"token": control.token}))
                yield control.stopping
            finally:
                control.shutdown()
    finally:
        # Last of all: whoever waits for it may take the addresses at once.
        running.unlink(missing_ok=True)


def serve(folder: Path, engine: Path | None) -> None:
    """Run the folder's lab until it is told to stop."""
    with controlled(Lab.open(folder, engine)) as stopping:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        stopping.wait()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), None if "--model" in sys.argv else find_engine())
