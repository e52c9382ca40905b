"""Reading inventories: formats that are not Ansible's, and what is refused, with its line."""

from __future__ import annotations

import contextlib
import io
import shlex
from pathlib import Path

import pytest
from fleet.inventories import FOLDER, host_of, inventory_of, refusal
from hypothesis import given
from hypothesis import strategies as st

from psrebind.errors import InventoryError
from psrebind.fleet.connection_keys import KEYS, PASSWORDS, SETTINGS
from psrebind.fleet.inventory.file import parse_inventory, read_inventory, reader_of
from psrebind.fleet.inventory.yaml_nodes import DEEPEST


def listing(hostvars: str, hosts: str = '"w"') -> str:
    """JSON as ansible-inventory prints it, of variables and hosts in one group."""
    return f'{{"_meta": {{"hostvars": {{{hostvars}}}}}, "web": {{"hosts": [{hosts}]}}}}'


VAULT_LISTING = listing(
    '"w": {\n"ansible_user": "x",\n"ansible_password": {"__ansible_vault": ""}}'
)
REFUSED = {
    "vault": ("a.yml", "all:\n  vars:\n    ansible_password: !vault |\n      x\n", 3, "!vault"),
    "template": ("a.yml", "all:\n  hosts:\n    w:\n      ansible_host: '{{ x }}'\n", 4, "{{"),
    "template in INI": ("a.ini", "web\n\n[all:vars]\nansible_user={{ x }}\n", 4, "{{"),
    "duplicate key": ("a.yml", "all:\n  hosts:\n    w:\n    v:\n    w:\n", 5, "line 3"),
    "tag": ("a.yml", "all:\n  hosts: !!python/name:os.system\n", 2, "tag"),
    "list of hosts": ("a.yml", "all:\n  hosts:\n  - web01\n", 2, "without a dash"),
    "number as a host": ("a.yml", "all:\n  hosts:\n    12:\n", 3, "quotes"),
    "second document": ("a.yml", "all:\n---\nall:\n", 2, "document"),
    "plugin": ("a.yml", "plugin: amazon\n", 1, "ansible-inventory"),
    "not YAML": ("a.yml", "all:\n  hosts: [\n", 3, "not YAML"),
    "recursive alias": ("a.yml", "all: &a\n  children:\n    b: *a\n", 3, "nothing yet"),
    "all as a child": ("a.yml", "b:\n  children:\n    all:\n", 3, "in no other"),
    "a host's bad name": ("a.ini", "web01\nweb/02\n", 2, "not the name"),
    "a bad range": ("a.ini", "web[20:01]\n", 1, "ends before"),
    "no range": ("a.ini", "[g]\nweb[1-3]\n", 2, "not a range"),
    "a bad port": ("a.ini", "web:99999\n", 1, "no port"),
    "a bad section": ("a.ini", "[web:vars:x]\n", 1, "no section"),
    "an unknown section": ("a.ini", "[web:hots]\n", 1, "no section"),
    "a long line": ("a.ini", "w\nw " + "a=b " * 20000, 2, "longer than"),
    "undeclared child": ("a.ini", "[a:children]\nb\n", 2, "nowhere declared"),
    "undeclared variables": ("a.ini", "web\n[a:vars]\nx=1\n", 2, "nowhere declared"),
    "a circle": ("a.ini", "[a:children]\nb\n[b:children]\na\n", 4, "circle"),
    "priority": ("a.ini", "[a]\nw\n[a:vars]\nansible_group_priority=x\n", 4, "whole number"),
    "list for one value": ("a.ini", "w ansible_host=\"['a']\"\n", 1, "not a list"),
    "too many hosts": ("a.ini", "a\nw[1:99999999]\n", 2, "more than"),
    "CSV without names": ("a.csv", "color,size\nred,1\n", 1, "no column"),
    "CSV row too long": ("a.csv", "host,port\nw,1\nv,2,3\n", 3, "3 cells"),
    "CSV row unnamed": ("a.csv", "host,port\n,1\n", 2, "no name"),
    "CSV quote": ("a.csv", 'host,port\n"w"x,1\n', 2, "not CSV"),
    "CSV columns twice": ("a.csv", "host,port,Port\nw,1,2\n", 1, "say the same"),
    "a program": ("hosts", "#!/usr/bin/env python\n", 1, "a program"),
    "a list's bad name": ("a.txt", "web01\n\nweb 02!\n", 3, "not the name"),
    "vault in JSON": ("a.json", VAULT_LISTING, 3, "!vault"),
    "duplicate key in JSON": ("a", listing('"w": {},\n"w": {}'), 2, "stands in line 1"),
    "a range in JSON": ("a", listing("", '"v",\n"w[1:3]"'), 2, "not the name"),
    "table of hosts in JSON": (
        "a",
        '{"_meta": {},\n"web": {"hosts": {"w": {}}}}',
        2,
        "[ is needed",
    ),
    "no vars in JSON": ("a", listing('"w":\nnull'), 2, "{ is needed"),
    "JSON cut off": ("a", '{"_meta":\n{"hostvars": {"w": {"a"', 2, ": is needed"),
    "not JSON": ("a", listing('"w": {"a":\n yes}'), 2, "not JSON: Expecting value"),
    "deep JSON": ("a", '{"_meta": {"a":\n' + "[" * 100_000, 2, "not JSON"),
    "more than JSON": ("a", listing("") + "\n{}", 2, "more text"),
    "a list as a key": ("a", '{"_meta": {},\n[1]: {}}', 2, "a key is text"),
    "an impossible IDN": ("a.txt", "web\n☃\u200d.example\n", 2, "not"),
}


@pytest.mark.parametrize(("file", "text", "line", "words"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_names_file_and_line(file: str, text: str, line: int, words: str) -> None:
    """Whatever is wrong is said with the file, the line and a word about it."""
    error = refusal(text, file)
    assert (error.file, error.line) == (file, line)
    assert words in error.reason
    assert str(error).startswith(f"{file}:{line}: ")


def test_what_is_not_understood_may_hold_anything() -> None:
    """Templates and vaults of keys that psrebind does not need do not stand in its way."""
    text = "all:\n  vars:\n    token: !vault |\n      x\n    a: '{{ b }}'\n  hosts:\n    w:\n"
    assert dict(host_of(text, "a.yml").variables) == {}


def test_aliases_of_aliases_are_not_written_out() -> None:
    """Ten lines that stand for billions of groups are refused, not worked through."""
    lines = ["a0: &a0 {hosts: {w: }}"]
    lines += [
        f"a{n}: &a{n} {{children: {{x{n}: *a{n - 1}, y{n}: *a{n - 1}, z{n}: *a{n - 1}}}}}"
        for n in range(1, 25)
    ]
    assert "too much" in refusal("\n".join(lines), "a.yml").reason


@pytest.mark.parametrize("depth", [DEEPEST, 5000])
def test_deep_nesting_is_refused(depth: int) -> None:
    """Brackets in brackets end in one sentence, whoever notices: libyaml has a bound of its own."""
    assert refusal("all: " + "[" * depth, "a.yml").reason == f"nested deeper than {DEEPEST}"


def test_a_directory_export_is_read() -> None:
    """Export-Csv of Windows PowerShell: a #TYPE line, semicolons, names in two columns."""
    inventory = read_inventory(FOLDER / "directory.csv")
    found = {host.name: host.variables["ansible_host"] for host in inventory.hosts}
    assert found == {"web01.example.com": "10.0.0.1", "SQL01": "10.0.0.2"}
    assert inventory.groups["production"] == ("web01.example.com",)
    assert str(inventory.hosts[1].location).endswith("directory.csv:4")


def test_a_plain_list_is_read() -> None:
    """One name a line or several, ranges, ports, addresses and comments."""
    inventory = read_inventory(FOLDER / "list.txt")
    names = [host.name for host in inventory.hosts]
    assert names[:5] == [f"web0{number}.example.com" for number in range(1, 6)]
    assert names[5:] == ["10.0.0.7", "2001:db8::7"]
    assert inventory.hosts[-1].variables["ansible_port"] == 5985


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("web01\nweb02:5986\nweb[01:03]\n", "list"),
        ("# c\n[web]\nweb01\n", "ini"),
        ("web01 ansible_host=10.0.0.1\n", "ini"),
        ("---\nall:\n", "yaml"),
        ("all:\n  hosts:\n", "yaml"),
        ('{"all": {"hosts": {"w": {}}}}', "yaml"),
        (f"\n{listing('')}", "json"),
        ("""all: {vars: {a: '"_meta"'}}""", "yaml"),
        ("host,port\nweb01,5986\n", "csv"),
        ('"Name"\n"web01"\n', "csv"),
        ("fe80::1\n", "list"),
    ],
)
def test_the_format_is_told_by_the_text(text: str, wanted: str) -> None:
    """Without an ending that says it, the first lines do."""
    assert reader_of(text, "standard input").__name__ == f"read_{wanted}"


PROGRAM = r"""
{"all": {"vars": {"ansible_port": 1, "ansible_group_priority": 2}, "x": [1]},
 "web": {"hosts": ["w"], "children": ["db"]}, "db": ["s"],
 "_meta": {"profile": {"a": 1}, "hostvars": {
   "w": {"tags": [{"__ansible_vault": ""}], "ansible_user": "\ud83d\ude00"},
   "s": {"ansible_user": {"__ansible_unsafe": "y"}},
   "gone": {"ansible_port": 2}}}}"""


def test_a_program_s_json_is_read() -> None:
    """What is not understood is left out, a group may be a list, and text beyond ASCII is text."""
    found = inventory_of(PROGRAM)
    assert [(host.name, host.groups) for host in found.hosts] == [
        ("w", ("web",)),
        ("s", ("db", "web")),
    ]
    users = [{"ansible_user": user, "ansible_port": 1} for user in ("😀", "y")]
    assert [host.variables for host in found.hosts] == users
    assert [notice.sentence[:18] for notice in found.notices] == ["'x' in the group a"]


def test_standard_input_is_an_inventory() -> None:
    """`-` reads standard input, and errors name it."""
    assert read_inventory("-", stdin=io.BytesIO(b"web01\n")).hosts[0].name == "web01"
    with pytest.raises(InventoryError, match=r"standard input:2: "):
        read_inventory("-", stdin=io.BytesIO(b"web01\nweb/02\n"))


def test_files_written_by_windows_are_read(tmp_path: Path) -> None:
    """UTF-8 with a mark, and the UTF-16 of PowerShell's redirection, with its line ends."""
    for encoding in ("utf-8-sig", "utf-16"):
        file = tmp_path / "hosts.txt"
        file.write_bytes("web01\r\nmünchen.example\r\n".encode(encoding))
        names = [host.name for host in read_inventory(file).hosts]
        assert names == ["web01", "münchen.example"]


@pytest.mark.parametrize(
    ("data", "words"),
    [(None, "cannot be read"), (b"web01\n\xff\xfa", "not UTF-8"), (b"", "no hosts")],
)
def test_a_file_that_is_no_inventory_is_named(
    data: bytes | None, words: str, tmp_path: Path
) -> None:
    """A missing, a binary and an empty file are refused by their names."""
    file = tmp_path / "hosts"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(InventoryError, match=words) as caught:
        read_inventory(file)
    assert caught.value.file == str(file)


def test_an_encrypted_file_of_variables_is_refused(tmp_path: Path) -> None:
    """A file that ansible-vault wrote is named, and what to do instead."""
    (tmp_path / "hosts").write_text("web01\n")
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n33\n")
    with pytest.raises(InventoryError, match=r"all\.yml:1: .*PSREBIND_PASSWORD"):
        read_inventory(tmp_path / "hosts")


def test_every_key_is_of_one_setting() -> None:
    """No key decides two settings, and each password is among the keys."""
    assert sorted(key for keys in SETTINGS.values() for key in keys) == sorted(KEYS)
    assert KEYS >= PASSWORDS


WORDS = ["all", "hosts", "children", "vars", "host", "web[1:3]", "12:30:45", "2024-99-99", ".inf"]
MARKS = [":", "=", "[", "]", "{", "}", "{{", "&a ", "*a", "<<", "- ", "!vault ", "!!int ", "'", '"']
ODD = ["\n", "\n  ", "\n    ", "#", "|", ",", ";", "1", "0x", "\x00", "\u2028", "\ud800", "é"]
PIECES = st.sampled_from([*sorted(KEYS), *WORDS, *MARKS, *ODD])
TEXTS = st.one_of(st.text(), st.lists(PIECES).map("".join))


@given(text=TEXTS, ending=st.sampled_from(["", ".yml", ".ini", ".csv", ".txt"]))
def test_readers_raise_nothing_but_their_own_error(text: str, ending: str) -> None:
    """Any text is an inventory with hosts, or an InventoryError."""
    for each in (text, f'{{"_meta": {text}', listing("", text)):
        with contextlib.suppress(InventoryError):
            assert parse_inventory(each, file=f"hosts{ending}").hosts


@given(data=st.binary())
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Any bytes on standard input are an inventory or an InventoryError."""
    with contextlib.suppress(InventoryError):
        assert read_inventory("-", stdin=io.BytesIO(data)).hosts


@given(st.text(st.sampled_from("ab=\\\"'# \t\u00a0"), max_size=14))
def test_words_are_those_of_shlex(text: str) -> None:
    """Quotes, escapes and comments of a host's line mean what they mean to Ansible."""
    line = f"web01 ansible_user=x{text}".strip()
    try:
        expected = shlex.split(line, comments=True)
    except ValueError:
        assert "the line cannot be read" in refusal(line).reason
        return
    if len(expected) == 2:
        assert host_of(line).variables["ansible_user"] == expected[1].partition("=")[2]
