"""A change that Windows refuses after it deleted the record: old or new, never none, and said so.

Six ways in which the key or the store of the new certificate can fail, on five releases, by binding
and by appcmd.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from labs import change_certificate, connect, records, remove_certificate, restored
from operations.changes import bindings, lock_key, pair, setting
from operations.renewal_checks import renewal
from releases import RELEASES, become

from psrebind.errors import ScriptError
from psrebind.lab.stage.lab import Lab, LabHost, assume
from psrebind.operations import run
from psrebind.operations.base import Operation

SITE = "Intranet"  # web01's binding with an address of its own


WAYS: dict[str, Callable[[LabHost, str], None]] = {
    "the key container is gone": lambda host, new: change_certificate(host, new, key=None),
    "no key is linked": lambda host, new: change_certificate(host, new, key=None, key_linked=False),
    "Windows may not read the key": lock_key,
    "the certificate is gone": remove_certificate,
    "it is in another store": lambda host, new: change_certificate(host, new, store="WebHosting"),
    "it is archived": lambda host, new: change_certificate(host, new, archived=True),
}


def words(lab: Lab, operation: Operation[object], host: str = "web01") -> str:
    """All that the host says to a change that fails, or that passes something over."""
    with connect(lab, host) as session:
        (body,) = run([operation], session).bodies
    return " ".join([str(body.error or ""), *body.warnings])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("release", RELEASES)
def test_a_binding_has_old_or_new(lab: Lab, release: str, way: str) -> None:
    """By binding: the record is as it was, options and all, and the error says why."""
    with restored(lab.hosts["web01"]) as host, connect(lab) as session:
        become(host, release)
        new = pair(lab, "web01")[1]
        change = setting(bindings(session)[SITE], new)
        before = records(host)
        assume(host.host, "binding_checks_key_last", True)
        assume(host.host, "archived_counts_as_missing", True)
        WAYS[way](host, new)
        with pytest.raises(ScriptError) as caught:
            change.row(run([change], session).bodies[0])
        assert records(host) == before
        told = "does not open" if "key " in way and "Windows" not in way else "is on it again"
        assert told in str(caught.value)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("release", RELEASES)
def test_appcmd_leaves_old_or_new(lab: Lab, release: str, way: str) -> None:
    """By appcmd: every record has the old certificate or the new one, with its options."""
    with restored(lab.hosts["web01"]) as host, connect(lab) as session:
        become(host, release)
        operation = renewal(lab, session)
        before = records(host)
        assume(host.host, "binding_checks_key_last", True)
        assume(host.host, "archived_counts_as_missing", True)
        WAYS[way](host, operation.new)
        said = words(lab, operation)
        after = records(host)
        assert set(after) == set(before)
        for name, one in after.items():
            assert replace(one, thumbprint=before[name].thumbprint) == before[name]
            assert one.thumbprint in (operation.old, operation.new, before[name].thumbprint)
        if "was gone" in said:
            assert f"{operation.old} is on it again" in said
