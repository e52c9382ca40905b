"""pypsrp's WSMan, observed before each request and bounded in what it reads of an answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from pypsrp.exceptions import WinRMTransportError
from pypsrp.wsman import NAMESPACES, SelectorSet, WSMan, WSManAction

from psrebind.sessions.bounds import CutShort, Meter

# What ends something on the host; nobody waits for it, and no limit of a caller's counts.
LEAVING: Final = frozenset({WSManAction.SIGNAL, WSManAction.DELETE})
# How long the rest of an answer may take once nobody should wait for it any more.
PATIENCE: Final = 1.0
# A host holds a Receive back while it has nothing to say. One that does not is asked after a pause
# that doubles, from the first to the longest.
FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 1.0
_TICK: Final = 0.1


class ObservedWSMan(WSMan):
    """A WSMan that tells an observer of each action before it is sent.

    ``listening`` while the host holds a Receive back because it has nothing to say.
    """

    observer: Callable[[str], None] | None = None
    listening = False
    meter: Meter
    _action = ""
    _since = 0.0
    _late: float | None = None
    _silences = 0

    def measure(self, meter: Meter) -> None:
        """Read no more of the host's answers than the meter lets."""
        self.meter = meter
        meter.look = self._look
        sending = self.transport.send

        def send(message: bytes, **named: Any) -> Any:
            try:
                answer = sending(message, **named)
            except WinRMTransportError as error:
                raise self._checked(error) from None
            try:
                return meter.check(answer.decode("utf-8-sig"))
            except UnicodeDecodeError as error:
                raise ParseError("no UTF-8") from error

        self.transport.send = send  # type: ignore[method-assign]

    def invoke(self, action: str, *arguments: Any, **named: Any) -> Any:
        """Send one request, unless the observer raises."""
        if action == WSManAction.RECEIVE:
            self._pause(action)
        elif action == WSManAction.COMMAND:
            self.meter.restart()
        if self.observer:
            self.observer(action)
        self._action, self._since, self._late = action, time.monotonic(), None
        self.listening = action == WSManAction.RECEIVE
        answer = None
        try:
            answer = super().invoke(action, *arguments, **named)
            return answer
        finally:
            self.listening = False
            if action == WSManAction.RECEIVE:
                waited = time.monotonic() - self._since >= LONGEST_PAUSE
                self._silences = 0 if waited or _says_something(answer) else self._silences + 1

    def delete_shell(self, resource_uri: str, shell: str) -> None:
        """Delete a shell by its id, whoever opened it."""
        selectors = SelectorSet()
        selectors.add_option("ShellId", shell)
        self.delete(resource_uri, selector_set=selectors)

    def _pause(self, action: str) -> None:
        if not self._silences:
            return
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._silences - 1, 10))
        end = time.monotonic() + pause
        while (left := end - time.monotonic()) > 0:
            if self.observer:
                self.observer(action)
            time.sleep(min(left, _TICK))

    def _look(self) -> None:
        """Raise CutShort where the rest of an answer is not worth its time."""
        now = time.monotonic()
        if self._action in LEAVING:
            if now - self._since > self.transport.read_timeout + PATIENCE:
                raise CutShort("the host does not end its answer")
            return
        try:
            if self.observer:
                self.observer(self._action)
        except Exception as error:
            self._late = self._late or now
            if now - self._late > PATIENCE:
                raise CutShort(str(error)) from error

    def _checked(self, error: WinRMTransportError) -> WinRMTransportError:
        """The same error, with a text that pypsrp may look into for a fault."""
        try:
            return WinRMTransportError(
                error.protocol, error.code, self.meter.check(error.response_text)
            )
        except ParseError:
            return WinRMTransportError(error.protocol, error.code, "")


def _says_something(envelope: Any) -> bool:
    """Whether the answer to a Receive has anything in it."""
    if envelope is None:
        return False
    streams = envelope.iterfind(".//rsp:Stream", NAMESPACES)
    return any((stream.text or "").strip() for stream in streams)
