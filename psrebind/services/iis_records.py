"""The http.sys records behind IIS bindings: as they shall be, and what a change took from them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from psrebind.decode.bindings import record_key
from psrebind.decode.records import RawRecord, lost_options, merge_records, same_option
from psrebind.iis_model import Binding, Record
from psrebind.model import Renewal
from psrebind.services.steps import History, Kept, Step

SERVICE_NAME = "iis"


def binding_key(binding: Binding) -> Hashable:
    """The name of the record that a binding needs, whether there is one or not."""
    return record_key(binding.kind, binding.endpoint)


def kept_record(binding: Binding, history: History) -> Kept | None:
    """The newest state before of a binding's record."""
    return history.get((SERVICE_NAME, binding_key(binding)))


def wanted(
    binding: Binding, renewal: Renewal, history: History
) -> tuple[Record | None, str | None]:
    """A binding's record with what an earlier change took from it, and what that was."""
    kept = kept_record(binding, history)
    now = binding.record
    if kept is None:
        return now, None
    if now is None:
        sides = {kept.renewal.old, kept.renewal.new, kept.state.thumbprint}
        if not sides & {renewal.old, renewal.new}:
            return None, None
        return kept.state, f"its record is gone since the change of {kept.time}"
    if lost := options_lost_since(kept, now, renewal):
        sentence = f"it lost {', '.join(lost)} in the change of {kept.time}"
        return merge_records(kept.state, now), sentence
    return now, None


def options_lost_since(kept: Kept, now: Record, renewal: Renewal | None = None) -> tuple[str, ...]:
    """The options that a record had before a change and lacks now, by name.

    After a change that succeeded somebody may have wanted it so: then only who asks for the very
    same renewal again is told.
    """
    if kept.ended and kept.renewal != renewal:
        return ()
    if now.thumbprint not in (kept.state.thumbprint, kept.renewal.old, kept.renewal.new):
        return ()
    return lost_options(kept.state, now)


def options_lost(
    step: Step, before: RawRecord | None, after: RawRecord, said: Iterable[str]
) -> tuple[str, ...]:
    """What a record lost in a step, by name: what the host said, and values not as they were."""
    old = step.state if step.repair or before is None else before.record
    new = after.record
    names = sorted({*old.values, *new.values})
    lost = [one for one in names if not same_option(old.values.get(one), new.values.get(one))]
    # A record of no program becomes one of IIS: there is no other way to write it.
    another = old.application_id not in (None, new.application_id)
    return tuple(dict.fromkeys((*said, *lost, *(["AppId"] if another else []))))


def misfit(step: Step, after: RawRecord) -> str | None:
    """Why a record does not have the certificate that a step puts there."""
    if after.thumbprint == step.after and after.store.casefold() == step.store.casefold():
        return None
    has = f"{after.thumbprint} in {after.store}" if after.thumbprint else "no certificate"
    return f"{step.target} has {has}, not {step.after} in {step.store}"
