"""From an inventory's variables to connection options: Ansible's meaning, psrebind's refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fleet.inventories import host_of

from psrebind.errors import InvalidInput, InventoryError
from psrebind.fleet.connection_vars import connection, endpoint, is_local
from psrebind.fleet.inventory.model import InventoryHost
from psrebind.sessions.remote import ConnectionOptions


def options(line: str, **given: Any) -> ConnectionOptions:
    """The options of one host's line of INI."""
    found = connection(host_of(line), given).options
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("line", "ssl", "port"),
    [
        ("w", False, 5985),
        ("w:5986", True, 5986),
        ("w:5985", False, 5985),
        ("w:15985", False, 15985),
        ("w ansible_connection=psrp", True, 5986),
        ("w ansible_connection=winrm ansible_port=5985", False, 5985),
        ("w ansible_connection=psrp ansible_port=15985", True, 15985),
        ("w ansible_psrp_protocol=http ansible_connection=psrp", False, 5985),
        ("w ansible_winrm_scheme=https", True, 5986),
        ("w ansible_port=1 ansible_psrp_port=2 ansible_winrm_port=3", False, 2),
        ("w ansible_connection=winrm ansible_winrm_scheme=http ansible_psrp_port=2", False, 5985),
        ("w ansible_connection=ansible.builtin.psrp", True, 5986),
    ],
)
def test_protocol_and_port(line: str, ssl: bool, port: int) -> None:
    """HTTPS is the default of hosts that name psrp or winrm, as with Ansible; HTTP of others."""
    found = options(line)
    assert (found.ssl, found.effective_port) == (ssl, port)
    assert endpoint(host_of(line)) == ("w", port)


def test_an_address_leaves_the_host_its_name() -> None:
    """TLS and Kerberos go by the name; a name in ansible_host is the name to go by."""
    by_address = options("web01 ansible_host=10.0.0.1")
    assert (by_address.host, by_address.address) == ("web01", "10.0.0.1")
    by_name = options("web01 ansible_host=web01.example.com")
    assert (by_name.host, by_name.address) == ("web01.example.com", None)
    through = options("web01 ansible_host=10.0.0.1 ansible_psrp_proxy=http://proxy:8080")
    assert (through.host, through.address, through.proxy) == ("10.0.0.1", None, "http://proxy:8080")


def test_all_that_a_host_can_say(tmp_path: Path) -> None:
    """Files, timeouts, the configuration and the way to log on reach their fields."""
    authorities = tmp_path / "ca.pem"
    authorities.touch()
    found = options(
        f"w:5986 ansible_psrp_ca_cert={authorities} ansible_psrp_auth=certificate "
        "ansible_psrp_certificate_pem=c.pem ansible_psrp_certificate_key_pem=k.pem "
        "ansible_psrp_connection_timeout=7 ansible_psrp_read_timeout=90 "
        "ansible_psrp_configuration_name=Maintenance ansible_psrp_path=wsman "
        "psrebind_reply_limit=256"
    )
    assert (found.ca_file, found.auth) == (authorities, "certificate")
    assert (found.certificate_pem, found.certificate_key) == (Path("c.pem"), Path("k.pem"))
    assert (found.connect_timeout, found.read_timeout) == (7, 90)
    assert (found.configuration_name, found.reply_limit) == ("Maintenance", 256)


@pytest.mark.parametrize(
    ("transport", "auth"),
    [("ntlm", "ntlm"), ("ssl", "basic"), ("\"['kerberos','ntlm']\"", "kerberos")],
)
def test_transports_of_winrm(transport: str, auth: str) -> None:
    """pywinrm's words are translated, and of several the first counts."""
    line = f"w:5986 ansible_connection=winrm ansible_winrm_transport={transport}"
    assert options(line).auth == auth


REFUSED = {
    "connection": ("w ansible_connection=ssh", "ansible_connection", "--exclude"),
    "port": ("w ansible_port=high", "ansible_port", "1 to 65535"),
    "port is a truth": ("w ansible_port=True", "ansible_port", "1 to 65535"),
    "reply limit": ("w psrebind_reply_limit=none", "psrebind_reply_limit", "1 to 100000"),
    "protocol": ("w ansible_psrp_protocol=ftp", "ansible_psrp_protocol", "http, https"),
    "auth": ("w ansible_psrp_auth=digest", "ansible_psrp_auth", "negotiate"),
    "ignore": (
        "w:5986 ansible_psrp_cert_validation=ignore",
        "ansible_psrp_cert_validation",
        "pin",
    ),
    "path": ("w ansible_winrm_path=/other", "ansible_winrm_path", "wsman"),
    "encryption": (
        "w ansible_psrp_message_encryption=never",
        "ansible_psrp_message_encryption",
        "encrypts",
    ),
    "truth": ("w ansible_psrp_ignore_proxy=maybe", "ansible_psrp_ignore_proxy", "true or false"),
    "address": ("w ansible_host=http://x/", "ansible_host", "not the name"),
    "text": ("w ansible_user=1.5", "ansible_user", "quotes"),
    "basic": ("w ansible_psrp_auth=basic", None, "in the clear"),
    "CA file": ("w:5986 ansible_psrp_ca_cert=/no/such.pem", None, "/no/such.pem"),
}


@pytest.mark.parametrize(("line", "key", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_with_its_place(line: str, key: str | None, words: str) -> None:
    """A value that psrebind cannot follow names host, file, line and key."""
    with pytest.raises(InventoryError) as caught:
        connection(host_of(f"# a comment\n{line}\n"))
    error = caught.value
    assert (error.file, error.line, error.key) == ("hosts.ini", 2, key)
    assert error.reason.startswith("w: ")
    assert words in error.reason
    assert key is None or line.partition("=")[2] not in error.reason, "it may be a secret"


def test_the_place_is_that_of_the_variable() -> None:
    """A group's wrong value is looked for where the group says it, not where the host stands."""
    with pytest.raises(InventoryError, match=r"hosts\.ini:4: ansible_port"):
        connection(host_of("[web]\nw\n[web:vars]\nansible_port=x\n"))


def test_the_command_line_wins() -> None:
    """Port, ssl, auth, timeouts given there replace the inventory's; None gives nothing."""
    line = "w:5986 ansible_psrp_auth=kerberos ansible_psrp_connection_timeout=7"
    found = options(line, port=1, ssl=False, auth="ntlm", connect_timeout=9, proxy=None)
    assert (found.port, found.ssl, found.auth, found.connect_timeout) == (1, False, "ntlm", 9)


def test_a_pin_replaces_what_the_inventory_trusts() -> None:
    """With a pin of the command line, neither the CA file nor the lack of a check matters."""
    line = "w:5986 ansible_psrp_cert_validation=ignore ansible_psrp_ca_cert=/no/such.pem"
    pin = "AB" * 20
    found = options(line, pinned=pin)
    assert (found.pinned, found.ca_file) == (pin, None)


def test_a_password_is_for_its_own_user() -> None:
    """The inventory's password never goes out for a user of the command line."""
    host = host_of("w ansible_user=alice ansible_password=x")
    own = connection(host)
    assert own.user == "alice"
    assert own.password is not None
    assert own.password.reveal() == "x"
    other = connection(host, {"user": "bob"})
    assert (other.user, other.password) == ("bob", None)


@pytest.mark.parametrize(
    ("line", "local"),
    [
        ("localhost", True),
        ("w ansible_connection=local", True),
        ("localhost ansible_connection=psrp", False),
        ("w", False),
    ],
)
def test_the_local_session(line: str, local: bool) -> None:
    """localhost is this machine unless the inventory reaches it over the network."""
    host = host_of(line)
    assert is_local(host) is local
    assert (connection(host).options is None) is local


@pytest.mark.parametrize(
    ("line", "given", "place"),
    [
        ("localhost", {"port": 15985}, ("localhost", 15985)),
        ("localhost", {"address": "::1", "user": "x", "ssl": True}, ("::1", 5986)),
        ("localhost:15985 ansible_user=x", {}, ("localhost", 15985)),
        ("localhost ansible_psrp_port=15985", {"user": "x"}, ("localhost", 15985)),
        ("LocalHost ansible_host=10.0.0.1", {}, ("10.0.0.1", 5985)),
    ],
)
def test_localhost_with_a_port_or_an_address_is_the_end_of_a_tunnel(
    line: str, given: dict[str, Any], place: tuple[str, int]
) -> None:
    """Who says where WinRM is means the machine behind it, and not this one."""
    host = host_of(line)
    found = connection(host, given).options
    assert found is not None
    assert (found.address or found.host.lower(), found.effective_port) == place
    assert endpoint(host, given) == place


@pytest.mark.parametrize(
    ("line", "given", "words"),
    [
        ("localhost", {"user": "x"}, "localhost: this machine takes no user: leave that out"),
        ("localhost", {"ssl": True, "port": None}, "takes no ssl"),
        ("localhost ansible_user=x", {}, "ansible_user: localhost: .*ansible_connection=local"),
        ("localhost ansible_psrp_auth=ntlm", {}, "ansible_psrp_auth: .* give a port"),
    ],
)
def test_localhost_with_other_settings_is_refused(
    line: str, given: dict[str, Any], words: str
) -> None:
    """A user or a way to log on may be meant for another machine: nothing is changed here."""
    with pytest.raises(InventoryError, match=words):
        connection(host_of(line), given)


def test_a_local_connection_takes_what_others_need() -> None:
    """Where the inventory says local, the settings of its groups and of the fleet do not matter."""
    host = host_of("localhost:15985 ansible_connection=local ansible_user=x")
    assert connection(host, {"user": "y", "port": 1}).options is None
    assert endpoint(host, {"port": 1}) == ("localhost", 0)


def test_a_host_without_inventory_is_refused_without_a_file() -> None:
    """A mistake of the command line alone blames no inventory."""
    with pytest.raises(InvalidInput, match=r"^w: basic without ssl"):
        connection(InventoryHost("w"), {"auth": "basic"})
