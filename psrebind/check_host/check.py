"""The check of one host: queries, changes on a site of its own when asked for, and a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from psrebind.check_host.binding_probes import probe_bindings
from psrebind.check_host.event_probes import Evidence, probe_events
from psrebind.check_host.program_probes import probe_programs
from psrebind.check_host.query_checks import Check, QueryResults, run_queries
from psrebind.check_host.questions import Answers, Question
from psrebind.check_host.report import Report
from psrebind.check_host.site import CheckTarget, OpenSession, check_site
from psrebind.errors import InvalidInput, PsrebindError
from psrebind.rebind.handshake import handshake
from psrebind.services.steps import Endpoint

# Above what services register, below what systems give out to clients.
FIRST_PORT, LAST_PORT = 47443, 47500


@dataclass(frozen=True, kw_only=True)
class HostCheck:
    """One host, how it is reached, and what may be tried on it.

    ``port`` is that of the check's own site, which has the next one too; ``rounds`` is how many
    changes there are for each look for a gap.
    """

    name: str
    address: str
    open_session: OpenSession
    questions: Mapping[str, Question]
    on_step: Callable[[str], None]
    changes: bool = False
    port: int | None = None
    rounds: int = 6
    left: list[str] = field(default_factory=list, init=False)

    def run(self) -> Report:
        """Carry the check out; what the host refuses becomes part of the report."""
        answers, evidence = Answers(self.questions), Evidence()
        with self.open_session() as session:
            self.on_step(f"asking {self.name}: queries only")
            results = run_queries(session, self.address, answers)
        checks = list(results.checks)
        if self.changes:
            self.on_step(f"trying on a site of its own on {self.name}; it goes at the end")
            try:
                evidence = self._change(results, answers)
            except PsrebindError as error:
                checks.append(Check("the changes of the check", False, str(error)))
        return Report(
            target=self.name,
            made=datetime.now(UTC),
            changes=self.changes,
            host=results.host,
            checks=tuple(checks),
            answers=answers.all(changes=self.changes),
            evidence=evidence,
            left=tuple(self.left),
        )

    def _change(self, results: QueryResults, answers: Answers) -> Evidence:
        port = self.port or _free_port(self.address, results)
        target = CheckTarget(self.address, port, self.open_session)
        try:
            with (
                self.open_session() as session,
                check_site(target, session, left=self.left) as site,
                self.open_session() as second,
            ):
                probe_bindings(site, second, answers, rounds=self.rounds)
                probe_programs(site, answers, results)
                return probe_events(site, answers)
        finally:
            # Whatever ended it, Ctrl-C included: what stayed is said.
            for one in self.left:
                self.on_step(f"left behind, remove it by hand: {one}")


def _free_port(address: str, results: QueryResults) -> int:
    every = results.bindings.bindings if results.bindings else ()
    bound = {one.information.port for one in every}
    for port in range(FIRST_PORT, LAST_PORT, 2):
        if not bound & {port, port + 1} and not _answers(address, port):
            return port
    raise InvalidInput(f"no free port from {FIRST_PORT} on: name one with --check-port")


def _answers(address: str, port: int) -> bool:
    return handshake(Endpoint(address, port, None), timeout=1.0).thumbprint is not None
