"""A host's file, its lock, and faults on request."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from lab_hosts import bind, host, only_record, site, special_host

from psrebind.lab.windows.commands import load_host
from psrebind.lab.windows.host_fault import HostFault


def test_state_survives_down_and_up(tmp_path: Path) -> None:
    """A host loaded from its folder equals the host that wrote it, unknown bytes included."""
    where, new = special_host(tmp_path, add_resets_options=False)
    bind(where, new)
    assert load_host(where.folder).state == where.state
    assert only_record(where).options.extra == {"New": b"\x01"}


def test_state_file_is_private(tmp_path: Path) -> None:
    """The file with the keys is readable by its owner only."""
    where = host(tmp_path)
    assert (where.folder / "state.json").stat().st_mode & 0o077 == 0


def test_unknown_command_fails_by_name(tmp_path: Path) -> None:
    """What the lab does not model says so."""
    with pytest.raises(HostFault, match=r"iis\.pools is not simulated"):
        host(tmp_path).call("iis.pools", {})


def test_fault_nothing_succeeds_without_effect(tmp_path: Path) -> None:
    """A command told to do nothing succeeds and changes nothing."""
    where, new = special_host(tmp_path)
    before = where.state
    where.faults["binding.AddSslCertificate"] = "nothing"
    bind(where, new)
    assert where.state == before


def test_fault_fail_is_a_sharing_violation(tmp_path: Path) -> None:
    """A command told to fail meets a sharing violation."""
    where, new = special_host(tmp_path)
    where.faults["binding.AddSslCertificate"] = "fail"
    with pytest.raises(HostFault) as caught:
        bind(where, new)
    assert caught.value.hresult == 0x80070020


def test_fault_slow_waits_and_then_works(tmp_path: Path) -> None:
    """A slow command waits first, then does its work."""
    where, new = special_host(tmp_path, add_ssl_certificate_deletes_first=False)
    waited: list[float] = []
    where.sleep = waited.append
    where.faults["binding.AddSslCertificate"] = {"slow": 3}
    bind(where, new)
    assert (waited, only_record(where).thumbprint) == ([3.0], new.thumbprint)


def test_changes_from_many_threads_are_all_kept(tmp_path: Path) -> None:
    """Changes made at the same time do not overwrite each other."""
    where = host(tmp_path)
    ready = threading.Barrier(8)

    def add(number: int) -> None:
        ready.wait(timeout=10)
        new = site(f"*:{number}:", number=number)
        where.change(lambda state: replace(state, sites=(*state.sites, new)))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.id for one in load_host(where.folder).state.sites} == set(range(1, 9))
