"""Template mutants of the rebind task's story: each promise is broken in turn, a check notices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import running
from operations import notice_checks, notification_checks, spelling_checks, task_checks
from operations.mutants import Mutant, kill

from psrebind.lab.stage.lab import Lab
from psrebind.lab.stage.scenario import ALL_NAMES

TASK = (
    ("drop-the-read-back", "if (-not $after) {", "if ($false) {", "silence_is_failure"),
    (
        "drop-the-comparison-after",
        "if (-not [string]::Equals((Get-CanonicalTask $after $Tables), $goal, 'Ordinal')) {",
        "if ($false) {",
        "silence_is_failure",
    ),
    (
        "ignore-the-shared-template",
        "$skipped = $shared.Count -gt 0 -and",
        "$skipped = $false -and",
        "skips_a_shared_template",
    ),
    (
        "ignore-force",
        "-and $autoenrollment -and -not $Force",
        "-and $autoenrollment",
        "skips_a_shared_template",
    ),
    (
        "skip-without-autoenrollment",
        "-and $autoenrollment -and",
        "-and",
        "skips_where_autoenrollment_is_on",
    ),
    (
        "drop-the-log",
        "if (-not $enabled) { Enable-Channel $Channel }",
        "",
        "turns_the_log_on",
    ),
    (
        "the-log-is-no-change",
        "$isDone = $same -and $enabled",
        "$isDone = $same",
        "turns_the_log_on",
    ),
    (
        "no-canonical-form",
        "$form = Get-CanonicalTask $before $Tables",
        "$form = $before",
        "spelling_is_no_change",
    ),
    ("always-register", "if (-not $same) {", "if ($true) {", "registers_once"),
    ("leave-what-is-there", "if (-not $same) {", "if (-not $before) {", "converges"),
)
PIECES = (
    (
        "get_rebind_task",
        "places-by-language",
        "[string]::Equals($_, $name, 'OrdinalIgnoreCase')",
        "$_ -eq $name",
        spelling_checks.another_task_is_not_ours,
    ),
    (
        "_channel",
        "believe-wevtutil",
        "if (-not (Get-Channel $Channel).IsEnabled) {",
        "if ($false) {",
        task_checks.a_log_that_stays_off_is_a_failure,
    ),
    (
        "_task",
        "no-same-spelling",
        "if ($null -ne $meaning) {",
        "if ($false) {",
        task_checks.spelling_is_no_change,
    ),
    (
        "_task",
        "no-defaults",
        "-and -not $isDefault",
        "",
        task_checks.spelling_is_no_change,
    ),
    (
        "_shared_template",
        "every-certificate-counts",
        "Where-Object { $bound[$_.Thumbprint] }",
        "Where-Object { $true }",
        task_checks.a_template_of_one_is_no_danger,
    ),
    (
        "_shared_template",
        "any-policy-is-on",
        "($policy -band 0x8000) -eq 0",
        "$true",
        task_checks.skips_where_autoenrollment_is_on,
    ),
    (
        "unregister_rebind_task",
        "drop-the-read-back",
        "if ($after) { throw",
        "if ($false) { throw",
        task_checks.unregisters_once,
    ),
    (
        "get_rebind_task",
        "its-own-task-only",
        "if ($waiting.Count -gt 0 -or ",
        "if (",
        task_checks.names_other_tasks,
    ),
    (
        "get_rebind_task",
        "every-event-task",
        '"$($_.Subscription)" -like "*$Channel*" })',
        "$true })",
        task_checks.names_other_tasks,
    ),
    (
        "send_renewal_notice",
        "drop-the-read-back",
        "if ($enabled -and $record -le $last) {",
        "if ($false) {",
        notice_checks.a_notice_that_nobody_hears,
    ),
    (
        "send_renewal_notice",
        "look-once",
        "$try -le 50",
        "$try -le 0",
        notice_checks.a_late_event_is_waited_for,
    ),
    (
        "_find_task",
        "any-error-is-absence",
        "-notlike 'CmdletizationQuery_NotFound*'",
        "-notlike '*'",
        task_checks.a_broken_task_is_not_absence,
    ),
    (
        "get_rebind_task",
        "one-broken-task-breaks-all",
        "-ErrorAction SilentlyContinue -ErrorVariable broken",
        "-ErrorAction Stop",
        task_checks.a_broken_task_hides_no_other,
    ),
    (
        "send_renewal_notice",
        "archived-is-absent",
        "if (@(Get-RegistrySubkeyName $key) -contains ",
        "if (@() -contains ",
        notice_checks.an_archived_certificate_is_found,
    ),
    (
        "send_renewal_notice",
        "always-link",
        "NotifyOnly = -not $Link",
        "NotifyOnly = $false",
        notice_checks.links_on_request,
    ),
    (
        "send_renewal_notice",
        "do-not-look-for-certificates",
        "if (Test-Path -LiteralPath $path) { return",
        "if ($true) { return",
        notice_checks.both_certificates_must_be_there,
    ),
    (
        "send_renewal_notice",
        "look-in-one-store",
        "foreach ($store in $Stores) {",
        "foreach ($store in $Stores[0]) {",
        notice_checks.a_certificate_elsewhere_is_found,
    ),
    (
        "send_renewal_notice",
        "a-refusal-without-the-store",
        "if ($outside.Count -eq 0) { throw }",
        "throw",
        notice_checks.a_certificate_elsewhere_is_found,
    ),
    (
        "_events",
        "no-query",
        "FilterXPath = $XPath;",
        "FilterXPath = '*';",
        notice_checks.reads_a_renewal,
    ),
    (
        "get_lifecycle_event",
        "an-empty-log-is-not-asked",
        "if ($null -ne $first) {",
        "if ($null -eq $first) { $row; continue } else {",
        notice_checks.a_refused_query_is_an_error,
    ),
    (
        "get_lifecycle_event",
        "the-other-way-round-where-constrained",
        "'/rd:true'",
        "'/rd:false'",
        notice_checks.constrained_language_reads_events,
    ),
    (
        "get_lifecycle_event",
        "lost-letters-in-silence",
        "$row.console = $true",
        "$row.console = $false",
        notice_checks.lost_letters_are_told,
    ),
    (
        "_events",
        "one-event-hides-all",
        "-ErrorAction Continue 2>&1",
        "-ErrorAction Stop",
        notice_checks.an_event_without_a_text_hides_none,
    ),
    (
        "_events",
        "every-error-is-one-event's",
        "if (-not $own -or ",
        "if (",
        notice_checks.what_is_no_single_event_is_an_error,
    ),
    (
        "_events",
        "one-error-is-too-many",
        "$texts.Count - $read -gt 100",
        "$texts.Count - $read -gt -1",
        notice_checks.an_event_without_a_text_hides_none,
    ),
    (
        "_events",
        "single-errors-in-silence",
        "-not $Silent",
        "$Silent",
        notice_checks.an_event_without_a_text_hides_none,
    ),
    (
        "_notification",
        "a-disabled-task-is-fine",
        "$Found.state -ne 'Disabled'",
        "$true",
        notification_checks.converges,
    ),
    (
        "_notification",
        "a-trigger-that-is-off-is-fine",
        "$_.Enabled -ne $false -and",
        "$true -and",
        notification_checks.converges,
    ),
    (
        "_notification",
        "any-text-is-the-same",
        '$found.handler = "$(Get-Content -LiteralPath $script -Raw)"',
        "$found.handler = ''",
        notification_checks.is_read_as_it_is,
    ),
    (
        "get_rebind_notification",
        "always-there",
        "Get-Notification $TaskPath $TaskName $Channel",
        "Get-Notification $TaskPath 'another' $Channel",
        notification_checks.is_read_as_it_is,
    ),
    (
        "get_rebind_task",
        "only-what-waits",
        "-or $own.Count -gt 0",
        "",
        notification_checks.is_read_without_its_event,
    ),
    (
        "_notification",
        "any-event-is-fine",
        "$Found.waiting -and",
        "$true -and",
        notification_checks.converges,
    ),
    (
        "_notification",
        "any-script-is-fine",
        """$Found.arguments -like "*-File ""$(Get-HandlerPath)""*" -and""",
        "$true -and",
        notification_checks.converges,
    ),
    (
        "_events",
        "every-one",
        "; MaxEvents = $Most;",
        ";",
        notice_checks.reads_a_renewal,
    ),
    (
        "get_lifecycle_event",
        "the-newest-for-the-oldest",
        "$channel '*' 1 $true $true",
        "$channel $Query 1 $true $true",
        notice_checks.says_what_the_logs_are,
    ),
)
NOTIFICATION = (
    (
        "drop-the-script",
        "if (-not [string]::Equals($after.handler, $Handler, 'Ordinal')) {",
        "if ($false) {",
        "silence",
    ),
    (
        "a-text-that-reads-alike",
        "[string]::Equals($before.handler, $Handler, 'Ordinal')",
        "$before.handler -ceq $Handler",
        "converges",
    ),
    ("drop-the-task", "if (-not (Test-Notification $after)) {", "if ($false) {", "silence"),
    ("keep-an-edited-script", "if (-not $written) {", "if (-not $before.handler) {", "converges"),
    ("keep-an-odd-task", "if (-not $registered) {", "if (-not $before.state) {", "converges"),
    ("ignore-the-shared-template", "$skipped = $shared", "$skipped = $false -and $shared", "skips"),
    (
        "drop-the-log",
        "if (-not $enabled) { Enable-Channel $Channel }",
        "",
        "turns_the_log_on",
    ),
    ("always-write", "if (-not $written) {", "if ($true) {", "registers_once"),
    ("always-register", "if (-not $registered) {", "if ($true) {", "registers_once"),
)
REMOVAL = (
    ("believe-in-the-task", "if ($after.state) { throw", "if ($false) { throw"),
    ("believe-in-the-script", "if ($null -ne $after.handler) { throw", "if ($false) { throw"),
    (
        "leave-the-script",
        "if ($null -ne $before.handler) { Remove-Item",
        "if ($false) { Remove-Item",
    ),
)
MUTANTS = (
    *(
        Mutant(name, "register_rebind_task", old, new, getattr(task_checks, killer))
        for name, old, new, killer in TASK
    ),
    *(Mutant(name, template, old, new, killer) for template, name, old, new, killer in PIECES),
    *(
        Mutant(
            name,
            "register_rebind_notification",
            old,
            new,
            next(one for one in notification_checks.CHECKS if one.__name__.startswith(killer)),
        )
        for name, old, new, killer in NOTIFICATION
    ),
    *(
        Mutant(
            name,
            "unregister_rebind_notification",
            old,
            new,
            notification_checks.unregisters_once,
        )
        for name, old, new in REMOVAL
    ),
)


@pytest.fixture(scope="module")
def lab(pwsh: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running lab with a PowerShell: nothing that must be proved counts without one."""
    with running(tmp_path_factory.mktemp("lab"), pwsh, names=ALL_NAMES) as found:
        yield found


@pytest.mark.engine
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.template}-{mutant.name}")
def test_a_mutant_is_killed(lab: Lab, tmp_path: Path, mutant: Mutant) -> None:
    """The check fails on the broken template."""
    kill(lab, tmp_path, mutant)
