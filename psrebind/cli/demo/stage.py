"""Where the demo plays: it types commands, knocks at bindings, and notes what surprises it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from psrebind.cli import main
from psrebind.cli.demo.picture import Picture, excerpt_lines
from psrebind.cli.output.lab import shorten
from psrebind.decode.names import a_label
from psrebind.iis_model import BindingInfo
from psrebind.lab.stage.lab import Lab
from psrebind.rebind.handshake import Handshake, handshakes
from psrebind.services.steps import Endpoint
from psrebind.text import visible

_WIDTH = 100


@dataclass(frozen=True)
class Place:
    """One binding of one host, and where its clients knock."""

    host: str
    site: str
    information: BindingInfo
    endpoint: Endpoint


class Stage:
    """Prints what a person would type, runs it, and looks as a client does."""

    def __init__(self, lab: Lab, *, pause: bool = False, recording: bool = False):
        self.lab = lab
        self.surprises: list[str] = []
        self.served: dict[tuple[str, str], Handshake] = {}
        self._pause = pause
        self._picture = Picture() if recording else None
        self._scenes = 0
        self._console = Console(
            file=sys.stdout, highlight=False, emoji=False, markup=False, soft_wrap=True
        )

    def scene(self, title: str, *, pictured: bool = False) -> None:
        """Begin a scene; wait for a person where one asked for that."""
        if self._pause and self._scenes:
            print("-- Enter goes on --", end="", file=sys.stderr, flush=True)
            sys.stdin.readline()
        self._scenes += 1
        if self._picture:
            self._picture.open = pictured
        style = "bold cyan"
        self._console.print(Text(f"\n{self._scenes}. {title}", style))
        if self._picture:
            self._picture.print(Text(f"\n{title}", style))

    def say(self, sentence: str) -> None:
        """Print one explaining sentence."""
        self._print(Text(visible(sentence, keep="\n")))

    def type(self, *words: str, expected: int = 0, excerpt: Sequence[str] = ()) -> None:
        """Run one command as the process would; another exit status than expected surprises.

        The picture has only the lines with one of the ``excerpt``'s words, where there are any.
        """
        self._print(Text.assemble("\n", *_typed(words)))
        if self._picture:
            status, said = self._picture.capture(lambda: main(words))
            self._console.print(Text.from_ansi(said))
            self._picture.print(Text.from_ansi(excerpt_lines(said, excerpt)))
        else:
            status = main(words)
        if status:
            self._print(Text(f"[exit status {status}]", "dim"))
        self.check(
            status == expected,
            f"'{' '.join(words[:3])}' ended with {status}, and {expected} was to come",
        )

    def ask(
        self,
        command: str,
        host: str,
        *options: str,
        expected: int = 0,
        excerpt: Sequence[str] = (),
    ) -> None:
        """Run a command about one of the lab's hosts as its administrator."""
        address = self.lab.scenario.addresses[host]
        words = (*command.split(), address, "-u", self.lab.user, *options)
        self.type(*words, expected=expected, excerpt=excerpt)

    def look(self, *hosts: str) -> None:
        """Show what clients of some hosts are served, beside what they were served before."""
        places = [place for host in hosts for place in places_of(self.lab, host)]
        self._print(Text("\nAs a client sees it:"))
        for place, now in zip(
            places, handshakes([place.endpoint for place in places]), strict=True
        ):
            key = (place.host, place.information)
            self._print(_line(place, self.served.get(key), now))
            self.served[key] = now

    def leave_picture(self) -> None:
        """Keep the rest of the scene out of the picture."""
        if self._picture:
            self._picture.open = False

    def check(self, fact: bool, otherwise: str) -> None:
        """Note a surprise where a fact of the story does not hold."""
        if not fact:
            self.surprises.append(otherwise)

    def check_served(self, host: str, wanted: Mapping[str, str]) -> None:
        """Note a surprise where a site's clients were last served another certificate."""
        for place in places_of(self.lab, host):
            found = self.served[place.host, place.information].thumbprint
            expected = wanted.get(place.site)
            self.check(
                expected in (None, found),
                f"{host} {place.information} served {shorten(found)}, not {shorten(expected)}",
            )

    def save(self, path: Path) -> None:
        """Write the picture."""
        assert self._picture
        self._picture.save(path)

    def _print(self, text: Text) -> None:
        self._console.print(text)
        if self._picture:
            self._picture.print(text)


def places_of(lab: Lab, host: str) -> Sequence[Place]:
    """The HTTPS bindings of a host as its clients find them."""
    return [
        Place(host, site.name, information, _endpoint(lab.scenario.addresses[host], information))
        for site in lab.scenario.hosts[host].state.sites
        for binding in site.bindings
        if binding.protocol == "https"
        for information in (BindingInfo(binding.information),)
    ]


def _endpoint(address: str, information: BindingInfo) -> Endpoint:
    own = address if information.ip == "*" else information.ip
    return Endpoint(own, information.port, a_label(information.host) or None)


def _typed(words: Sequence[str]) -> list[tuple[str, str]]:
    """A command line; a long one goes on below, as a shell takes it, an option with its value."""
    lines = ["$ psrebind"]
    for index, word in enumerate(words):
        following = words[index + 1 :][:1]
        pair = word.startswith("--") and following and not following[0].startswith("-")
        needed = len(word) + (len(following[0]) + 1 if pair else 0)
        if len(lines[-1]) + needed + 3 > _WIDTH:
            lines[-1] += " \\"
            lines.append("     ")
        lines[-1] += f" {word}"
    return [("\n".join(lines), "bold green")]


def _line(place: Place, before: Handshake | None, now: Handshake) -> Text:
    text = Text(f"  {place.host}  {visible(place.site):<9} {visible(place.information):<36} ")
    changed = before is not None and before.thumbprint != now.thumbprint
    if changed and before is not None:
        text.append(f"{_shown(before)} → ", "yellow")
    text.append(_shown(now), "bold green" if changed else "yellow")
    if now.not_after:
        text.append(f"  until {now.not_after:%Y-%m-%d}", "dim")
    if now.names_ok is False:
        text.append("  another name's certificate", "bold red")
    return text


def _shown(found: Handshake) -> str:
    return shorten(found.thumbprint) if found.thumbprint else visible(str(found.error))
