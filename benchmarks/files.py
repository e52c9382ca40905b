"""What it costs to read files: inventories of 200,000 hosts, and files made to cost much.

Each is read in a process of its own: seconds of the processor, and the most memory it held, which
only Linux tells.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from decode.hostile import HOSTILE

HOSTS = 200_000
_INVENTORY = "from psrebind.fleet.inventory.file import read_inventory as read"
_EVENTS = "from psrebind.decode.event_files import read_events as read; from pathlib import Path"
# The high-water mark of the process itself: that of wait4 counts what it was forked from.
_READ = """
import sys, time
from psrebind.errors import PsrebindError
{load}
try:
    read({argument})
except PsrebindError as error:
    print(error, file=sys.stderr)
peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(time.process_time(), peak[0].split()[1])
"""


@dataclass(frozen=True)
class Limit:
    """The most that one file may cost."""

    seconds: float
    megabytes: float


@dataclass(frozen=True)
class FileCost:
    """What reading one file cost, and what it may cost."""

    name: str
    seconds: float
    megabytes: float
    limit: Limit

    @property
    def holds(self) -> bool:
        """Whether it is within its limit."""
        return self.seconds <= self.limit.seconds and self.megabytes <= self.limit.megabytes


INVENTORY = Limit(60, 1000)
EVENT_FILE = Limit(1.5, 100)


def measure() -> Iterator[FileCost]:
    """Read every file once."""
    with tempfile.TemporaryDirectory(prefix="psrebind-bench-") as folder:
        for name, write in INVENTORIES.items():
            path = Path(folder) / name
            path.write_text("".join(write()), "utf-8")
            yield _cost(name, path, _READ.format(load=_INVENTORY, argument="sys.argv[1]"))
            path.unlink()
        for name, (make, _) in HOSTILE.items():
            content = make()
            path = Path(folder) / "events"
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            code = _READ.format(load=_EVENTS, argument="Path(sys.argv[1])")
            yield _cost(f"events: {name}", path, code, EVENT_FILE)


def _cost(name: str, path: Path, code: str, limit: Limit = INVENTORY) -> FileCost:
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, kilobytes = done.stdout.split()
    return FileCost(name, float(seconds), int(kilobytes) / 1024, limit)


def _names() -> list[str]:
    return [f"web{number:06}.dc{number % 20:02}.example.com" for number in range(HOSTS)]


def _address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _yaml() -> Iterator[str]:
    names = _names()
    yield "all:\n  vars:\n    ansible_user: admin\n  children:\n"
    for group in range(20):
        yield f"    site{group:02}:\n      hosts:\n"
        for number in range(group, HOSTS, 20):
            yield f"        {names[number]}:\n          ansible_host: {_address(number)}\n"
            yield "          ansible_port: 5986\n"


def _ini() -> Iterator[str]:
    names = _names()
    for group in range(20):
        yield f"[site{group:02}]\n"
        for number in range(group, HOSTS, 20):
            yield f"{names[number]} ansible_host={_address(number)} ansible_port=5986\n"


def _csv() -> Iterator[str]:
    yield "name,address,port,user,groups\n"
    for number, name in enumerate(_names()):
        groups = f"site{number % 20:02} role{number % 7} windows"
        yield f"{name},{_address(number)},5986,admin,{groups}\n"


def _list() -> Iterator[str]:
    return (f"{name}\n" for name in _names())


def _own_groups() -> Iterator[str]:
    """Every host in a group of its own."""
    return (f"[group{number}]\nhost{number}\n" for number in range(HOSTS))


def _wide() -> Iterator[str]:
    """Half a megabyte that stands for a hundred million memberships."""
    yield from (f"[parent{number}:children]\nmiddle\n" for number in range(5000))
    yield "[middle:children]\n"
    yield from (f"group{number}\n" for number in range(20_000))
    yield from (f"[group{number}]\nhost{number}\n" for number in range(20_000))


def _ranges() -> Iterator[str]:
    return ("w[1:200000] ansible_port=1 ansible_user=a\n" for _ in range(1000))


def _variables() -> Iterator[str]:
    return ("w[1:200000] " + "ansible_port=1 " * 3000 + "\n" for _ in range(100))


def _quotes() -> Iterator[str]:
    return (f"w{number} " + "ansible_user='b c' " * 2500 + "\n" for number in range(1250))


def _empty_tables() -> Iterator[str]:
    yield "all: ["
    yield from ("{}," for _ in range(20_000_000))
    yield "]"


def _json() -> Iterator[str]:
    names = _names()
    hostvars = {
        name: {"ansible_host": _address(number), "ansible_port": 5986, "ansible_user": "admin"}
        for number, name in enumerate(names)
    }
    groups = {f"site{group:02}": {"hosts": names[group::20]} for group in range(20)}
    yield json.dumps({"_meta": {"hostvars": hostvars}, **groups}, indent=4)


INVENTORIES: dict[str, Callable[[], Iterator[str]]] = {
    "hosts.yml": _yaml,
    "hosts.json": _json,
    "hosts.ini": _ini,
    "hosts.csv": _csv,
    "hosts.txt": _list,
    "own-groups.ini": _own_groups,
    "hostile-groups.ini": _wide,
    "hostile-ranges.ini": _ranges,
    "hostile-variables.ini": _variables,
    "hostile-quotes.ini": _quotes,
    "hostile-tables.yml": _empty_tables,
}
