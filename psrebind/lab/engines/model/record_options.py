"""How an http.sys record gets its options back, or comes back at all, after a change."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

from psrebind.iis_model import IIS_APPLICATION_ID
from psrebind.lab.engines.model.records import Row, find_record, record_name
from psrebind.lab.engines.model.request import Refused, native
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault

_NETSH_UPDATE = 17763
_NOT_COMPARED = ("SslCertHash", "SslCertStoreName", "HostnamePort")


@dataclass(frozen=True)
class WantedRecord:
    """A record as it shall be again, and the arguments of netsh that stand for its options."""

    host: Host
    record: Row
    options: list[str]

    def now(self) -> Row | None:
        """Return the record as it is now, None where it is gone."""
        return find_record(self.host, self.record["kind"], self.record["endpoint"])

    def restore(self, new: str, store: str) -> None:
        """Give the record its options back; by delete and add where netsh has no update."""
        name, after = record_name(self.record), self.now()
        if after is None:
            raise Refused(f"The record {name} is gone after the rebind.")
        if not lost_options(self.record, after):
            return
        words = self._words(new, store)
        done = self._netsh("update", *words, *self.options)["exit"] == 0
        if not done and self.host.facts.build < _NETSH_UPDATE:
            self._netsh("delete", name)
            self._add(words)

    def repair(self, new: str, store: str, *, ended: bool) -> str:
        """Do after a change what its template does, and say what a person must know of it."""
        name = record_name(self.record)
        try:
            now = self.now()
            if ended and now:
                return ""
            if now and now["thumbprint"] == new:
                self.restore(new, store)
                now = self.now()
            gone = now is None
            if gone and self.record["thumbprint"]:
                self._add(self._words(self.record["thumbprint"], self.record["store"]))
                now = self.now()
        except (HostFault, Refused) as fault:
            return f" What the record {name} has now is unknown: {fault}"
        if now is None:
            return f" The record {name} is gone."
        lost = ", ".join(lost_options(self.record, now))
        without = f", without {lost}" if lost else ""
        if gone:
            found = f"{now['thumbprint']} is on it again{without}."
            return f" The record {name} was gone after that: {found}"
        return f" The record {name} has {now['thumbprint']}{without}." if without else ""

    def _words(self, thumbprint: str, store: str) -> list[str]:
        application = self.record["binary"].get("AppId")
        appid = uuid.UUID(bytes_le=application) if application else uuid.UUID(IIS_APPLICATION_ID)
        return [
            record_name(self.record),
            f"certhash={thumbprint}",
            f"certstorename={store}",
            f"appid={{{appid}}}",
        ]

    def _add(self, words: list[str]) -> None:
        self._netsh("add", *words, *self.options)
        for attempt in range(3):
            if self.now() is not None:
                return
            time.sleep(min(attempt, 1))
            self._netsh("add", *words)

    def _netsh(self, verb: str, *words: str) -> Row:
        return native(self.host, "netsh.exe", "http", verb, "sslcert", *words)


def lost_options(before: Row, after: Row) -> list[str]:
    """Return the names of the values that differ."""
    found = []
    for part in ("values", "binary"):
        names = sorted({*before[part], *after[part]}.difference(_NOT_COMPARED), key=str.casefold)
        found += [
            name
            for name in names
            # Absent, empty and 0 mean the same.
            if (before[part].get(name) or None) != (after[part].get(name) or None)
            and (name != "AppId" or before[part].get(name))
        ]
    return found
