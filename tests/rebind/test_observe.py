"""Reading a host in one script, and what stops it."""

from __future__ import annotations

import pytest
from answers import body, reply
from certificates import NOW, blob, make
from fakes import FakeSession
from observations import record, state

from psrebind.errors import ReplyError, ScriptError
from psrebind.operations.get_certificate import CertificateBlob
from psrebind.operations.get_host import HostFacts
from psrebind.operations.runner import ScriptRunner
from psrebind.rebind.observe import observe
from psrebind.replies import Body

MADE = make("a.example")
FACTS = HostFacts(
    "web01",
    "",
    "Windows Server 2022",
    "20348",
    1,
    "Version 10.0",
    True,
    "RemoteSigned",
    False,
    ("WebAdministration",),
)
IIS = state(["*:443:a.example 1"], [record("a.example:443", MADE)])
BLOBS = (
    CertificateBlob("My", MADE.thumbprint, blob(MADE)),
    CertificateBlob("My", "00" * 20, None),
)


def session(**changed: Body) -> FakeSession:
    """A host that answers everything, but for what is given."""
    answers = {
        "get_host": body("get_host", FACTS),
        "get_certificate": body("get_certificate", *BLOBS),
        "get_iis_binding": body("get_iis_binding", IIS),
    } | changed
    return FakeSession(lambda script: reply(answers.values()))


def test_one_pipeline() -> None:
    """Host, certificates and bindings come from one script."""
    fake = session()
    found = observe(ScriptRunner(fake))
    assert len(fake.scripts) == 1
    assert (found.host.name, found.clock) == ("web01", NOW)
    assert [one.thumbprint for one in found.certificates] == [MADE.thumbprint]
    assert [one.reason for one in found.unreadable] == ["the value Blob is missing"]
    assert [one.thumbprint for one in found.places] == [MADE.thumbprint]


def test_missing_module() -> None:
    """A missing module says how to get it."""
    error = ScriptError("missing", error_id="psrebind.MissingModule,WebAdministration")
    with pytest.raises(ScriptError, match="Install-WindowsFeature Web-Scripting-Tools"):
        observe(ScriptRunner(session(get_iis_binding=body("get_iis_binding", error=error))))


@pytest.mark.parametrize("operation", ["get_host", "get_certificate", "get_iis_binding"])
def test_error(operation: str) -> None:
    """What any part met is raised: no plan is made of half an observation."""
    error = ScriptError("access is denied")
    with pytest.raises(ScriptError, match="access is denied"):
        observe(ScriptRunner(session(**{operation: body(operation, error=error)})))


@pytest.mark.parametrize("operation", ["get_host", "get_iis_binding"])
def test_no_row(operation: str) -> None:
    """A part that answers nothing at all is no answer."""
    with pytest.raises(ReplyError, match="one row was promised"):
        observe(ScriptRunner(session(**{operation: body(operation)})))


def test_store_names_without_case() -> None:
    """A certificate is found in a store however the store is spelled."""
    found = observe(ScriptRunner(session()))
    assert found.stored("MY", MADE.thumbprint)
    assert found.stored("WebHosting", MADE.thumbprint) is None
