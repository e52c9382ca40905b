"""PSRP's fragments, put together within bounds; pypsrp copies all that is left for each of them."""

from __future__ import annotations

import struct
from typing import Final

from pypsrp.exceptions import FragmentError
from pypsrp.messages import Message
from pypsrp.powershell import Fragmenter, RunspacePool

from psrebind.sessions.bounds import Meter, OutOfBounds

_HEADER: Final = struct.Struct(">QQBI")
_START, _END = 1, 2
# A host sends one message after another, for the pool and for its pipeline.
MOST_BEGUN: Final = 100
# Where the XML of a message begins.
_XML: Final = 40


class Fragments(Fragmenter):
    """A Fragmenter whose work grows with what came, not with its square."""

    meter: Meter

    def defragment(self, data: bytes) -> list[Message]:
        """The messages that these fragments complete."""
        messages = []
        at = 0
        while at < len(data):
            self.meter.look()
            number, part, flags, length = _HEADER.unpack_from(data, at)
            at += _HEADER.size
            content = data[at : at + length]
            at += length
            if (whole := self._joined(number, part, flags, content)) is not None:
                self.meter.check(whole[_XML:].decode("utf-8-sig"))
                messages.append(Message.unpack(whole, self.serializer))
        return messages

    def _joined(self, number: int, part: int, flags: int, content: bytes) -> bytes | None:
        begun = self.incoming_buffer.setdefault(number, {"data": bytearray(), "id": 0})
        if part != begun["id"]:
            raise FragmentError(f"fragment {part} came instead of {begun['id']}")
        if flags & _START and flags & _END:
            del self.incoming_buffer[number]
            return content
        begun["data"] += content
        begun["id"] += 1
        if flags & _END:
            del self.incoming_buffer[number]
            return bytes(begun["data"])
        if len(self.incoming_buffer) > MOST_BEGUN:
            raise OutOfBounds(f"the host begins more than {MOST_BEGUN} messages at a time")
        return None


def limit_fragments(pool: RunspacePool, meter: Meter) -> None:
    """Let the pool put the host's messages together within the meter's bounds."""
    fragments = Fragments(pool.connection.max_payload_size, pool._serializer)
    fragments.meter = meter
    pool._fragmenter = fragments
