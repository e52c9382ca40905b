"""A service in one file beside IIS: planned, changed, verified and kept as IIS is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from answers import body, reply
from certificates import Made, blob, make
from fakes import FakeSession
from observations import record, renewal, state
from tls_server import tls_server

from psrebind import services
from psrebind.iis_model import BindingInfo
from psrebind.operations.get_certificate import CertificateBlob
from psrebind.operations.get_host import HostFacts
from psrebind.operations.runner import Renderer, ScriptRunner
from psrebind.operations.set_iis_binding import BindingChange
from psrebind.rebind.before_file import states_before
from psrebind.rebind.observe import observe
from psrebind.rebind.options import Method, RebindOptions
from psrebind.rebind.outcome import Outcome
from psrebind.rebind.run import Applied, Prepared, apply, prepare
from psrebind.rebind.verify import Verdict
from psrebind.replies import Body, Reply
from psrebind.script import Script
from psrebind.services.rules import Rule
from psrebind.templates import Library

FOLDER = Path(__file__).parent / "toy_service"
OLD, NEW = make("a.example"), make("a.example")
FACTS = HostFacts("web01", "", "Windows", "20348", 1, "10.0", True, "RemoteSigned", False, ())
BLOBS = [CertificateBlob("My", made.thumbprint, blob(made)) for made in (OLD, NEW)]


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The toy's module, which its file in a folder of services makes a service."""
    monkeypatch.setattr(services, "__path__", [*services.__path__, str(FOLDER)])
    services.services.cache_clear()
    yield import_module("psrebind.services.toy")
    services.services.cache_clear()


class Host:
    """A host with an IIS binding and listeners in memory; broken, it says yes and does nothing."""

    def __init__(self, toy: Any, *listeners: Any, bound: Made = OLD) -> None:
        self.toy = toy
        self.listeners = {one.name: one for one in listeners}
        self.bound = bound
        self.broken = False
        self.session = FakeSession(self._answer)
        self.runner = ScriptRunner(
            self.session, address="127.0.0.1", renderer=Renderer(Library([FOLDER]))
        )

    def prepared(self, method: Method = Method.BINDING) -> Prepared:
        """Prepare OLD to NEW."""
        options = RebindOptions(method=method, before_folder=Path("nowhere"))
        found = prepare(self.runner, renewal(OLD, NEW), options, observe(self.runner))
        return replace(found, patience=0.0)

    def applied(self, folder: Path) -> Applied:
        """Prepare and apply."""
        return apply(self.runner, self.prepared(), RebindOptions(before_folder=folder))

    def _answer(self, script: Script) -> Reply:
        asked = re.findall(r"\$Operation = '(\w+)'", script.text)
        return reply([self._body(name, script.text) for name in asked])

    def _body(self, name: str, text: str) -> Body:
        if name == "set_toy_listener":
            return body(name, self._change(*re.findall(r"\$Listener = '(.*)'", text)))
        if name == "set_iis_binding":
            before, self.bound = self._record(), NEW
            information = BindingInfo("*:1:a.example")
            return body(name, BindingChange("A", information, 1, before, self._record(), (), True))
        rows: dict[str, list[Any]] = {
            "get_host": [FACTS],
            "get_certificate": BLOBS,
            "get_iis_binding": [state(["*:1:a.example 1"], [self._record()])],
            "get_toy_listener": list(self.listeners.values()),
        }
        return body(name, *rows[name])

    def _record(self) -> Any:
        return record("a.example:1", self.bound)

    def _change(self, name: str) -> Any:
        before = self.listeners[name]
        if not self.broken:
            self.listeners[name] = replace(before, thumbprint=NEW.thumbprint)
        return self.toy.ListenerChange(before.thumbprint, NEW.thumbprint, True)


def test_plan_change_and_end(toy: Any, tmp_path: Path) -> None:
    """The listener is a step after that of IIS, is changed in the same script, and is kept."""
    host = Host(toy, toy.Listener("one", 0, "My", OLD.thumbprint))
    found = host.applied(tmp_path)
    assert [(one.step.service, one.step.target) for one in found.steps] == [
        ("iis", "hostnameport=a.example:1"),
        ("toy", "one"),
    ]
    assert [one.changed for one in found.steps] == [True, True]
    assert (found.outcome, len(host.session.scripts)) == (Outcome.CHANGED, 2)
    assert host.listeners["one"].thumbprint == NEW.thumbprint
    (check,) = found.steps[1].checks
    assert (check.place.name, check.endpoint, check.verdict) == ("one", None, Verdict.UNVERIFIED)
    kept = states_before("web01", tmp_path)["toy", ("one",)]
    assert (kept.state["thumbprint"], kept.ended) == (OLD.thumbprint, True)
    assert host.prepared().plan.done == host.prepared().observation.places


def test_clients_are_looked_at(toy: Any, tmp_path: Path) -> None:
    """A listener with TLS is verified by a handshake at the port that its service names."""
    with tls_server(OLD) as server:
        host = Host(toy, toy.Listener("one", server.port, "My", OLD.thumbprint), bound=NEW)
        prepared = host.prepared()
        assert [one.before.thumbprint for one in prepared.checks] == [OLD.thumbprint]
        server.made = NEW
        found = apply(host.runner, prepared, RebindOptions(before_folder=tmp_path))
    assert [one.verdict for one in found.steps] == [Verdict.VERIFIED]


def test_the_rules_of_every_certificate(toy: Any) -> None:
    """A listener whose store lacks the new certificate is refused by the common rule."""
    host = Host(toy, toy.Listener("one", 0, "WebHosting", OLD.thumbprint), bound=NEW)
    plan = host.prepared().plan
    (refusal,) = plan.refusals
    assert (refusal.place.name, refusal.rule, plan.steps) == ("one", Rule.NOT_IN_STORE, ())


def test_a_silent_failure(toy: Any, tmp_path: Path) -> None:
    """A change that says yes and does nothing is found by the last reading."""
    host = Host(toy, toy.Listener("one", 0, "My", OLD.thumbprint), bound=NEW)
    host.broken = True
    (result,) = host.applied(tmp_path).steps
    assert result.error == f"one has {OLD.thumbprint} at the end of the run"


def test_windows_own_command_is_of_iis_alone(toy: Any) -> None:
    """What has no command of Windows is left alone by the method that runs it."""
    host = Host(toy, toy.Listener("one", 0, "My", OLD.thumbprint))
    plan = host.prepared(Method.APPCMD).plan
    assert [one.service for one in plan.steps] == ["iis"]


def test_a_service_is_named_in_lines(toy: Any) -> None:
    """Two words say whose a place is, and where."""
    listener = toy.Listener("one", 0, "My", None)
    assert services.service(listener.service).columns(listener) == ("toy", "one")
