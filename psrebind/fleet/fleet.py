"""Many hosts as one value, and what can be done on all of them: the API behind the command line.

Every method gives one Result for each host as it comes, and keeps nothing of it afterwards.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any, Self, TypeVar

from psrebind.fleet.host import FleetHost, Login, login_with, reach_host
from psrebind.fleet.inventory.file import read_inventory
from psrebind.fleet.inventory.model import Inventory, InventoryHost
from psrebind.fleet.runner import FORKS, Result, Runner
from psrebind.fleet.selection import ALL, Term, select
from psrebind.fleet.watcher import NoWatcher, Watcher
from psrebind.model import STORES, Certificate, Secret, UnreadableCertificate
from psrebind.operations.base import Operation
from psrebind.operations.get_host import Host
from psrebind.operations.get_lifecycle_event import GetLifecycleEvent
from psrebind.operations.runner import Renderer, ScriptRunner
from psrebind.rebind.events import EventReport, read_events
from psrebind.rebind.host_plan import HostPlan, HostResult, OnPlan, apply_plan, plan_rebind
from psrebind.rebind.invoke import InvokeResult, invoke
from psrebind.rebind.notice import NoticeReport, send_notice
from psrebind.rebind.observe import read_certificates, read_facts
from psrebind.rebind.options import RebindOptions, TaskMethod
from psrebind.rebind.replay import plan_replay
from psrebind.rebind.task import TaskResult, disable_task, enable_task
from psrebind.rebind.task_reader import read_task_report
from psrebind.rebind.task_report import TaskReport
from psrebind.rebind.typed_renewal import TypedRenewal
from psrebind.replies import Reply
from psrebind.services.iis_bindings import BindingLine, read_bindings
from psrebind.sessions.base import Limits, Session, StreamRecord
from psrebind.templates import Library
from psrebind.thumbprints import first_digits

_DEFAULTS = RebindOptions()
# Long enough for any script of ours; a host that hangs holds one fork so long and no longer.
SECONDS = 600.0

T = TypeVar("T")
Results = Iterator[Result[FleetHost, T]]


@dataclass(frozen=True)
class Fleet:
    """Hosts, how many at a time, and how long each may take; two names of one endpoint are one.

    In one run a credential is sent to one host alone until it was accepted, and to none once it
    was refused. A run that is left early stops its hosts; ``limits.cancelled`` stops every run of
    the fleet, as Ctrl-C does, and ``enough`` lets no new host begin. A ``watcher`` hears of it.
    """

    hosts: tuple[FleetHost, ...]
    _: KW_ONLY
    forks: int = FORKS
    seconds: float | None = SECONDS
    limits: Limits = field(default_factory=Limits)
    library: Library | None = None
    watcher: Watcher = field(default_factory=NoWatcher)
    enough: Event = field(default_factory=Event)

    @classmethod
    def of(
        cls,
        names: Iterable[str],
        *,
        user: str | None = None,
        password: Secret | None = None,
        **settings: Any,
    ) -> Self:
        """The hosts of these names, all reached alike; settings are those of ConnectionOptions."""
        given = settings | {"user": user}
        found = select(None, ",".join(names), given=given)
        return cls.of_hosts(found, given, login_with(password))

    @classmethod
    def from_inventory(
        cls,
        source: str | Path | Inventory,
        target: str = ALL,
        *,
        limit: Sequence[str | Term] = (),
        exclude: Sequence[str | Term] = (),
        password: Secret | None = None,
        **settings: Any,
    ) -> Self:
        """The hosts that a target names in an inventory; settings win over what stands there."""
        inventory = source if isinstance(source, Inventory) else read_inventory(source)
        found = select(inventory, target, limit=limit, exclude=exclude, given=settings)
        return cls.of_hosts(found, settings, login_with(password))

    @classmethod
    def of_hosts(
        cls,
        hosts: Iterable[InventoryHost],
        given: Mapping[str, Any],
        login: Login,
        *,
        hidden: tuple[str, ...] = (),
    ) -> Self:
        """These hosts as ``given`` and the inventory say; the ``hidden`` variables stay here."""
        found = [reach_host(host, given, login) for host in hosts]
        return cls(tuple(dataclasses.replace(host, hidden=hidden) for host in found))

    def with_hosts(self, names: Collection[str]) -> Self:
        """The same fleet with the hosts of these names only."""
        hosts = tuple(host for host in self.hosts if host.name in names)
        return dataclasses.replace(self, hosts=hosts)

    def run(self, operations: Sequence[Operation[Any]]) -> Results[Reply]:
        """Send the operations to each host as one pipeline."""
        return self.each(lambda runner: runner.run(operations), operations)

    def each(
        self, work: Callable[[ScriptRunner], T], questions: Sequence[Operation[Any]] = ()
    ) -> Results[T]:
        """Do any work on each host in a thread of its own.

        ``questions`` are operations that it will send: a template that is wrong raises
        TemplateError before any host is asked.
        """
        renderer = Renderer(self.library)
        if questions:
            renderer.script(questions)

        def on_host(session: Session, host: FleetHost, limits: Limits) -> T:
            def hear(record: StreamRecord) -> None:
                self.watcher.heard(host, record)

            return work(ScriptRunner(session, host.name, host.address, renderer, limits, hear))

        runner = Runner(
            FleetHost.session,
            on_host,
            forks=self.forks,
            seconds=self.seconds,
            limits=self.limits,
            on_started=self.watcher.started,
            enough=self.enough,
        )
        return runner.run(self.hosts)

    def facts(self) -> Results[Host]:
        """What each host is, and what it lacks for psrebind."""
        return self.each(read_facts)

    def bindings(self) -> Results[list[BindingLine]]:
        """The HTTPS bindings of each host, their certificates and what is odd."""
        return self.each(read_bindings)

    def certificates(
        self, stores: Sequence[str] = STORES
    ) -> Results[Sequence[Certificate | UnreadableCertificate]]:
        """The certificates of the machine stores, archived ones included."""
        return self.each(lambda runner: read_certificates(runner, tuple(stores)))

    def events(
        self, question: GetLifecycleEvent | None = None, thumbprint: str | None = None
    ) -> Results[EventReport]:
        """The certificate lifecycle events; of one certificate by its first digits, if given."""
        asked = question or GetLifecycleEvent()
        digits = first_digits(thumbprint) if thumbprint else None
        return self.each(lambda runner: read_events(runner, asked, digits), [asked])

    def plan_rebind(
        self, old: str, new: str, options: RebindOptions = _DEFAULTS
    ) -> Results[HostPlan]:
        """What replacing a certificate would change; two thumbprints, or their first digits."""
        typed = TypedRenewal.of(old, new)
        return self.each(lambda runner: plan_rebind(runner, typed, options))

    def rebind(
        self,
        old: str,
        new: str,
        options: RebindOptions = _DEFAULTS,
        *,
        on_plan: OnPlan | None = None,
    ) -> Results[HostResult]:
        """Replace a certificate on the bindings that have it, and check by TLS handshake."""
        typed = TypedRenewal.of(old, new)
        return self.each(
            lambda runner: apply_plan(runner, plan_rebind(runner, typed, options), options, on_plan)
        )

    def plan_replay(
        self, since: datetime | None = None, options: RebindOptions = _DEFAULTS
    ) -> Results[HostPlan]:
        """The renewals that nothing followed, as the rebinds that would follow."""
        return self.each(lambda runner: plan_replay(runner, since, options))

    def replay(
        self,
        since: datetime | None = None,
        options: RebindOptions = _DEFAULTS,
        *,
        on_plan: OnPlan | None = None,
    ) -> Results[HostResult]:
        """Find the renewals that nothing followed, and do the rebinds."""
        return self.each(
            lambda runner: apply_plan(runner, plan_replay(runner, since, options), options, on_plan)
        )

    def apply(
        self, plans: Mapping[str, HostPlan], options: RebindOptions = _DEFAULTS
    ) -> Results[HostResult]:
        """Carry out the plans of the hosts that have one; by the hosts' names."""
        return self.with_hosts(plans).each(
            lambda runner: apply_plan(runner, plans[runner.name], options)
        )

    def task_report(
        self, method: TaskMethod = TaskMethod.APPCMD, since: datetime | None = None
    ) -> Results[TaskReport]:
        """The task that follows renewals, its log, and what became of each renewal in reach."""
        return self.each(lambda runner: read_task_report(runner, method, since))

    def enable_task(
        self, method: TaskMethod = TaskMethod.APPCMD, *, force: bool = False, dry_run: bool = False
    ) -> Results[TaskResult]:
        """Register the task that follows renewals, and turn its log on."""
        return self.each(lambda runner: enable_task(runner, method, force=force, dry_run=dry_run))

    def disable_task(
        self, method: TaskMethod = TaskMethod.APPCMD, *, dry_run: bool = False
    ) -> Results[TaskResult]:
        """Take the task that follows renewals away."""
        return self.each(lambda runner: disable_task(runner, method, dry_run=dry_run))

    def notify(
        self, old: str, new: str, *, link: bool = False, force: bool = False
    ) -> Results[NoticeReport]:
        """Raise event 1001 as a renewal does, so that the hosts' own tasks rebind."""
        typed = TypedRenewal.of(old, new)
        return self.each(lambda runner: send_notice(runner, typed, link=link, force=force))

    def invoke(
        self, operation: Operation[Any], before_folder: Path | None = None
    ) -> Results[InvokeResult]:
        """Run one operation; of a change, the state before is kept."""
        return self.each(lambda runner: invoke(runner, operation, before_folder))
