"""Large and hostile event files, made when they are needed; reading each must cost little."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

SIZE = 10_000_000
DATA = Path(__file__).parent.parent / "data" / "events"
EVENT = (DATA / "1001-replaced.xml").read_text().strip()
_BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 20))


def filled(unit: str, *, before: str = "", after: str = "") -> str:
    """A text of ten million characters made of one unit."""
    return before + unit * (SIZE // len(unit)) + after


# name -> (content, what a sentence about it must have, or None where events are read)
HOSTILE: dict[str, tuple[Callable[[], str | bytes], str | None]] = {
    "ten megabytes of events": (lambda: filled(EVENT), None),
    "ten megabytes of events, UTF-16": (
        lambda: b"\xff\xfe" + (EVENT * (SIZE // 2 // len(EVENT))).encode("utf-16-le"),
        None,
    ),
    "entity bomb": (
        lambda: f'<!DOCTYPE a [<!ENTITY e0 "lol">{_BOMB}]>{EVENT.replace("WEB01", "&e19;")}',
        "document type",
    ),
    "bomb inside an event": (
        lambda: EVENT.replace("<System>", f'<!DOCTYPE a [<!ENTITY e0 "x">{_BOMB}]><System>&e19;'),
        "document type",
    ),
    "external entity": (
        lambda: f'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>{EVENT}',
        "document type",
    ),
    "zeros": (lambda: b"\0" * SIZE, "empty"),
    "noise": (lambda: bytes(range(1, 256)) * (SIZE // 255), "neither XML nor JSON"),
    "blanks": (lambda: " " * SIZE, "empty"),
    "less-than signs": (lambda: filled("<"), "no Windows event"),
    "beginnings of events": (lambda: filled("<Event "), "cut off"),
    "open events": (lambda: filled("<Event>"), "cut off"),
    "open records": (lambda: filled("<Event><System>"), "no event"),
    "comments without an end": (lambda: filled("<!--", before="<Events>"), "no Windows event"),
    "sections without an end": (lambda: filled("<![CDATA[", before=EVENT[:-9]), "cut off"),
    "one deep event": (
        lambda: EVENT.replace("</UserData>", "<a>" * 100_000 + "</a>" * 100_000 + "</UserData>"),
        "nested deeper",
    ),
    "one wide event": (
        lambda: EVENT.replace("</UserData>", "<a/>" * 400_000 + "</UserData>"),
        "elements",
    ),
    "many attributes": (
        lambda: EVENT.replace(
            "<Action", " ".join(["<Action", *(f"a{n}=''" for n in range(90_000))])
        ),
        "elements",
    ),
    "one long text": (lambda: EVENT.replace("Renew", "R" * SIZE), "larger than"),
    "one long name": (lambda: EVENT.replace("<Action>Renew", "<" + "R" * SIZE), "larger than"),
    "small other events": (lambda: filled("<Event><System/></Event>"), "not read"),
    "deep JSON": (lambda: filled("["), "no Windows event"),
    "deep JSON objects": (lambda: filled('{"a":'), "one value"),
    "empty lists": (lambda: filled("[],", before="[", after="0]"), "no Windows event"),
    "one list of lists": (lambda: filled("[],", before='{"a":[', after="0]}"), "one value"),
    "empty objects": (lambda: filled("{},", before="[", after="0]"), "not read"),
    "quotes": (lambda: filled('"', before="["), "not read"),
    "escaped quotes": (lambda: filled('\\"', before='["'), "one value"),
    "broken lines": (lambda: filled('{"a":[\n', before=""), "one value"),
    "long numbers": (lambda: filled("9", before='{"Event":'), "one value"),
    "numbers": (lambda: filled("1,", before="[", after="1]"), "not read"),
    "one key of many dots": (lambda: '{"winlog.' + "a." * 900_000 + '": 1}', "0 events"),
    "clixml": (lambda: filled("<S", before="<Objs "), "Export-Clixml"),
    "larger than may be": (lambda: b"<" * 33_000_000, "larger than 32 MB"),
}
