"""Each way to break a lab host, and the orders that the running lab takes for stories."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lab_hosts import host, issue, site
from lab_tasks import PLACE, authority, bound_host, edit, events, hashes, register

from psrebind.errors import InvalidInput
from psrebind.lab.stage import renewals, scenario
from psrebind.lab.stage.breakage import break_host, breaks
from psrebind.lab.stage.control_server import HOST_ORDERS
from psrebind.lab.windows.certificate_stores import StoredCertificate
from psrebind.lab.windows.commands import load_host
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.http_sys import ClientHello, choose_certificate


def enabled_host(folder: Path) -> tuple[Host, StoredCertificate]:
    """Return a host with a bound certificate and the rebind task."""
    where, certificate = bound_host(folder)
    register(where)
    return where, certificate


def test_breaks_have_sentences() -> None:
    """Each break has a name and one sentence."""
    assert set(breaks()) == {
        "task-gone",
        "task-edited",
        "channel-off",
        "key-gone",
        "stray-record",
        "legacy-hash",
        "mapper-starts",
        "log-rolled-over",
    }
    assert all(sentence.endswith(".") for sentence in breaks().values())


def test_unknown_break_is_invalid(tmp_path: Path) -> None:
    """A break that there is not is refused with the names of those that there are."""
    with pytest.raises(InvalidInput, match="task-gone"):
        break_host(host(tmp_path), "everything")


@pytest.mark.parametrize("name", ["task-gone", "task-edited", "channel-off"])
def test_broken_trigger_leaves_the_old_certificate(tmp_path: Path, name: str) -> None:
    """Without the task, its trigger or the channel a renewal changes no binding."""
    where, certificate = enabled_host(tmp_path)
    break_host(where, name)
    renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert hashes(where) == [certificate.thumbprint]


def test_task_gone_is_gone(tmp_path: Path) -> None:
    """The task is not there any more, and cannot be broken twice."""
    where, _ = enabled_host(tmp_path)
    break_host(where, "task-gone")
    with pytest.raises(HostFault):
        where.call("tasks.export", PLACE)
    for name in ("task-gone", "task-edited"):
        with pytest.raises(InvalidInput, match="no rebind task"):
            break_host(where, name)


def test_task_edited_is_there(tmp_path: Path) -> None:
    """The edited task is registered, ready, and another one than IIS Manager's."""
    where, _ = enabled_host(tmp_path)
    break_host(where, "task-edited")
    assert where.call("tasks.list", PLACE)[0]["state"] == "Ready"
    edited = where.call("tasks.export", PLACE)
    register(where, edit(), force=True)
    assert edited != where.call("tasks.export", PLACE)


def test_key_gone_fails_the_rebind(tmp_path: Path) -> None:
    """The certificate that waits has lost its key: appcmd ends with 1312, the old one stays."""
    where, old = enabled_host(tmp_path)
    new = renewals.import_certificate(where, authority(tmp_path), like=old.thumbprint)
    break_host(where, "key-gone")
    assert [one.key_linked for one in where.state.certificates] == [True, False]
    paths = [f"Cert:\\LocalMachine\\My\\{one}" for one in (old.thumbprint, new)]
    where.call("pki.switch", {"old": paths[0], "new": paths[1], "notify_only": True})
    assert hashes(where) == [old.thumbprint]
    assert where.state.tasks[0].runs[-1].result == 1312


def test_key_gone_needs_a_waiting_certificate(tmp_path: Path) -> None:
    """Where every certificate is bound there is no key to lose."""
    with pytest.raises(InvalidInput, match="waits"):
        break_host(enabled_host(tmp_path)[0], "key-gone")


def test_stray_record_answers_for_every_name(tmp_path: Path) -> None:
    """After a rebind the stray record still serves the old certificate for the SNI name."""
    where, old = enabled_host(tmp_path)
    break_host(where, "stray-record")
    new = renewals.renew(where, authority(tmp_path), old.thumbprint)
    hello = ClientHello(address="127.0.0.1", port=8443, server_name="www.example")
    served = choose_certificate(where.state.handshake_state, hello)
    assert hashes(where) == [new]
    assert served is not None
    assert served.thumbprint == old.thumbprint
    assert [one.key for one in where.state.records] == ["www.example:8443", "127.0.0.1:8443"]


def test_stray_record_needs_a_free_port(tmp_path: Path) -> None:
    """Where no name has a record no stray one is added."""
    where = host(tmp_path, sites=(site("*:8443:"),), certificates=(issue(tmp_path),))
    with pytest.raises(InvalidInput, match="no port"):
        break_host(where, "stray-record")


@pytest.mark.parametrize("kept", [True, False])
def test_the_mapper_binds_the_left_over_hash_again(tmp_path: Path, kept: bool) -> None:
    """At its start the site has the old certificate again, or none where that one is gone."""
    where, old = enabled_host(tmp_path)
    with pytest.raises(InvalidInput, match="legacy-hash first"):
        break_host(where, "mapper-starts")
    break_host(where, "legacy-hash")
    assert renewals.renew(where, authority(tmp_path), old.thumbprint) == hashes(where)[0]
    if not kept:
        where.change(lambda state: replace(state, certificates=state.certificates[1:]))
    break_host(where, "mapper-starts")
    assert hashes(where) == [old.thumbprint if kept else ""]


def test_a_hash_is_left_only_of_a_certificate(tmp_path: Path) -> None:
    """A host without a bound certificate has none to leave."""
    with pytest.raises(InvalidInput, match="to leave a hash of"):
        break_host(host(tmp_path, sites=(site("*:8443:"),)), "legacy-hash")


def test_rolled_over_log_forgets_renewals(tmp_path: Path) -> None:
    """Only events after the roll-over are left, with far higher record ids."""
    where, old = enabled_host(tmp_path)
    renewals.renew(where, authority(tmp_path), old.thumbprint)
    break_host(where, "log-rolled-over")
    (left,) = events(where)
    assert (left["id"], left["record_id"]) == (1007, 1004)
    with pytest.raises(InvalidInput, match="no certificate"):
        break_host(host(tmp_path / "bare"), "log-rolled-over")


def test_a_log_that_is_off_does_not_roll_over(tmp_path: Path) -> None:
    """Nothing is written to it, so that it would be empty, which is something else."""
    where, _ = enabled_host(tmp_path)
    break_host(where, "channel-off")
    with pytest.raises(InvalidInput, match=r"log of .* is off: nothing rolls it over"):
        break_host(where, "log-rolled-over")


def test_breaks_survive_a_restart(tmp_path: Path) -> None:
    """A broken host is still broken after it is loaded."""
    where, _ = enabled_host(tmp_path)
    break_host(where, "stray-record")
    break_host(where, "channel-off")
    assert load_host(where.folder).state == where.state
    assert where.state.channels[0].enabled is False


def test_demo_hosts_can_be_broken(tmp_path: Path) -> None:
    """Each demo host takes some break, and the names are those of the table."""
    made = scenario.create(tmp_path, scenario.ALL_NAMES)
    for one in made.hosts.values():
        break_host(one, "channel-off")
    for name in ("web04", "web05", "web06"):
        break_host(made.hosts[name], "stray-record")
    assert set(HOST_ORDERS) == {"renew", "import", "break", "overview"}
