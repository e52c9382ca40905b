"""What netsh and appcmd do to a record, and how they end.

Every probe binds what it needs first, and leaves the bindings as it likes.
"""

from __future__ import annotations

from psrebind.check_host.operations import InvokeCheckAppcmd
from psrebind.check_host.query_checks import QueryResults
from psrebind.check_host.questions import Answers, Unanswered
from psrebind.check_host.records import NOBODY, OPTIONS, certificate_arguments, has_options
from psrebind.check_host.site import CheckSite
from psrebind.check_host.value_probes import properties
from psrebind.model import Thumbprint
from psrebind.operations.invoke_iis_renewal import InvokeIisRenewal

NO_LOGON_SESSION = 1312
UNKNOWN = "psrebindcheck=enable"


def probe_programs(site: CheckSite, answers: Answers, results: QueryResults) -> None:
    """Try what the two programs do."""
    _netsh(site, answers, results)
    _appcmd(site, answers, results)


def _netsh(site: CheckSite, answers: Answers, results: QueryResults) -> None:
    update, keeps = "netsh_update_first_build", "netsh_update_keeps_unnamed_options"
    unknown = "netsh_unknown_parameter_exit_status"
    with answers.attempt(update, keeps):
        site.bind(site.plain, site.first)
        done = site.netsh(site.plain, "update", *certificate_arguments(site), *OPTIONS)
        present = done.exit == 0 and has_options(done.after)
        _update(answers, results, present=present)
        if not present:
            answers.leave(keeps, "this Windows has no netsh update")
        else:
            bare = site.netsh(site.plain, "update", *certificate_arguments(site))
            because = f"netsh ended with {bare.exit}"
            answers.settle(keeps, has_options(bare.after), because)
    with answers.attempt(unknown):
        site.netsh(site.plain, "delete")
        done = site.netsh(site.plain, "add", *certificate_arguments(site), UNKNOWN)
        made = "made" if done.after else "did not make"
        agrees = done.exit == 0 and not done.after
        because = f"netsh add ended with {done.exit} and {made} the record"
        answers.settle(unknown, done.exit, because, agrees=agrees)


def _update(answers: Answers, results: QueryResults, *, present: bool) -> None:
    question = "netsh_update_first_build"
    assumed = answers.questions[question].assumed
    build = results.host.build.partition(".")[0] if results.host else ""
    if not build.isdecimal():
        raise Unanswered("the build of this Windows is not known")
    expected = int(build) >= assumed
    because = f"build {build} {'has' if present else 'does not have'} netsh update"
    seen = assumed if present == expected else f"{'at most' if present else 'after'} {build}"
    answers.settle(question, seen, because)


def _appcmd(site: CheckSite, answers: Answers, results: QueryResults) -> None:
    skip, error = "appcmd_exit_status_on_skip", "appcmd_exit_status_on_error"
    with answers.attempt(skip, error):
        site.bind(site.plain, site.first)
        done = site.ask(InvokeIisRenewal(old=site.first, new=Thumbprint(NOBODY)))
        if done.changed or not done.before:
            raise Unanswered("appcmd did not skip the binding")
        answers.settle(skip, done.exit, f"appcmd skipped a binding and ended with {done.exit}")
        keyless = _keyless(results, answers)
        if keyless is None:
            raise Unanswered("it needs a certificate without its key in My, and none is there")
        # psrebind's own operation opens the key first, and does not come to appcmd.
        failed = site.ask(InvokeCheckAppcmd(old=site.first, new=Thumbprint(keyless)))
        if failed.changed:
            raise Unanswered("appcmd bound a certificate whose key is not linked")
        seen = None if failed.exit == NO_LOGON_SESSION else failed.exit
        because = f"a certificate without its key: appcmd ended with {failed.exit}"
        answers.settle(error, seen, because)


def _keyless(results: QueryResults, answers: Answers) -> str | None:
    key, archived = (answers.found[f"blob_property_{name}"].seen for name in ("key", "archived"))
    for one in results.blobs:
        held = properties(one.blob or b"")
        if one.store.casefold() == "my" and held and not {key, archived} & set(held):
            return one.thumbprint
    return None
