"""The host's answers to a change, compared with what was wanted. Pure; sends nothing.

A command that silently did nothing is a failure, and so is an option that was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psrebind.decode.bindings import record_key
from psrebind.decode.records import RawRecord, same_option
from psrebind.errors import HostError
from psrebind.model import Binding, Record
from psrebind.operations.get_iis_binding import IisBindings
from psrebind.operations.invoke_iis_renewal import IisRenewal, InvokeIisRenewal
from psrebind.rebind.plan import Plan, Step
from psrebind.rebind.verify import Check, Verdict
from psrebind.replies import Body

# What stops every change of a script alike, before any of them ran.
_OBSTACLES = ("psrebind.Busy", "psrebind.LanguageMode", "psrebind.MissingModule,")
_ORDER = tuple(Verdict)


@dataclass(frozen=True)
class StepResult:
    """What became of one step; ``error`` and ``lost`` are empty for a step that succeeded."""

    step: Step
    changed: bool = False
    lost: tuple[str, ...] = ()
    error: str | None = None
    checks: tuple[Check, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether configuration or clients are not as they should be."""
        return bool(self.error or self.lost) or self.verdict is Verdict.BROKEN

    @property
    def verdict(self) -> Verdict | None:
        """The worst verdict of the step's bindings; None where none was looked at."""
        found = [check.verdict for check in self.checks if check.verdict]
        return max(found, key=_ORDER.index, default=None)


@dataclass(frozen=True)
class AppcmdResult:
    """What appcmd said, and the bindings that it passed over in silence."""

    exit: int
    output: tuple[str, ...]
    skipped: tuple[Binding, ...]


def common_obstacle(bodies: Sequence[Body]) -> str | None:
    """One sentence for what stopped every change before it ran, if something did."""
    errors = [body.error for body in bodies if body.error]
    identities = {error.error_id for error in errors}
    if len(errors) < len(bodies) or len(identities) != 1:
        return None
    first = errors[0]
    return str(first) if first.error_id.startswith(_OBSTACLES) else None


def binding_result(step: Step, body: Body) -> StepResult:
    """Judge the answer of set_iis_binding."""
    try:
        rows = step.operation.rows(body)
    except HostError as error:
        return StepResult(step, error=str(error))
    if len(rows) != 1:
        return StepResult(step, error=f"the host answered {len(rows)} rows, not one")
    row = rows[0]
    before = step.record if step.repair or row.before is None else row.before.record
    lost = tuple(dict.fromkeys((*row.lost, *_lost(before, row.after))))
    return StepResult(step, row.changed, lost, _misfit(step, row.after))


def appcmd_results(
    planned: Plan, operation: InvokeIisRenewal, body: Body
) -> tuple[list[StepResult], AppcmdResult | None]:
    """Judge the answer of invoke_iis_renewal, step by step, and say what it passed over."""
    steps = [step for step in planned.steps if step.by_appcmd]
    try:
        rows = operation.rows(body)
    except HostError as error:
        text = str(error)
        return [StepResult(step, error=text) for step in steps], None
    if len(rows) != 1:
        text = f"the host answered {len(rows)} rows, not one"
        return [StepResult(step, error=text) for step in steps], None
    row = rows[0]
    results = [_appcmd_step(step, row) for step in steps]
    foreseen = tuple(skip.binding for skip in planned.skipped)
    passed_over = [one.step for one in results if one.error and not one.changed and not row.exit]
    others = tuple(binding for step in passed_over for binding in step.bindings)
    return results, AppcmdResult(row.exit, row.output, (*foreseen, *others))


def _appcmd_step(step: Step, row: IisRenewal) -> StepResult:
    before, after = _record_of(step, row.before), _record_of(step, row.after)
    prefix = f"{step.record_name}: "
    said = (text.removeprefix(prefix) for text in row.lost if text.startswith(prefix))
    if after is None:
        return StepResult(step, error=f"the record {step.record_name} is gone")
    changed = before is not None and before.thumbprint != after.thumbprint
    if not (misfit := _misfit(step, after)):
        was = step.record if step.repair or before is None else before.record
        lost = tuple(dict.fromkeys((*said, *_lost(was, after))))
        return StepResult(step, changed, lost)
    if row.exit:
        return StepResult(step, changed, error=f"{misfit}; appcmd ended with {row.exit}")
    return StepResult(step, changed, error=f"{misfit}: appcmd passed it over in silence")


def still_other(step: Step, now: IisBindings) -> str | None:
    """Why a step failed by the bindings as they were read last, whatever its row said."""
    flags = {(one.site_id, one.information): one.flags for one in step.bindings}
    for binding in now.bindings:
        before = flags.get((binding.site_id, binding.information))
        if before is None:
            continue
        if binding.thumbprint != step.after:
            has = binding.thumbprint or "no certificate"
            return f"{binding.place} has {has} at the end of the run"
        if binding.flags != before:
            return (
                f"{binding.place} had sslFlags {before} and has {binding.flags} at the end of the "
                "run"
            )
    return None


def _record_of(step: Step, records: Sequence[RawRecord]) -> RawRecord | None:
    wanted = record_key(step.operation.kind, step.operation.endpoint)
    return next((one for one in records if record_key(one.kind, one.endpoint) == wanted), None)


def _misfit(step: Step, after: RawRecord) -> str | None:
    if after.thumbprint == step.after and after.store.casefold() == step.store.casefold():
        return None
    has = f"{after.thumbprint} in {after.store}" if after.thumbprint else "no certificate"
    return f"{step.record_name} has {has}, not {step.after} in {step.store}"


def _lost(old: Record, after: RawRecord) -> tuple[str, ...]:
    """The values of a record that are not as they were, by name."""
    new = after.record
    names = sorted({*old.values, *new.values})
    lost = [one for one in names if not same_option(old.values.get(one), new.values.get(one))]
    # A record of no program becomes one of IIS: there is no other way to write it.
    another = old.application_id not in (None, new.application_id)
    return (*lost, *(["AppId"] if another else []))
