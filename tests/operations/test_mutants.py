"""Template mutants: each line that keeps a promise is broken in turn, and a check notices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import running
from operations import call_checks, changes, queries, renewal_checks, spelling_checks
from operations.mutants import Mutant, kill

from psrebind.lab.stage.lab import Lab

MUTANTS = (
    Mutant(
        "records-by-language",
        "_http_record",
        "[string]::Equals($_.endpoint, $Endpoint, 'OrdinalIgnoreCase')",
        "$_.endpoint -eq $Endpoint",
        spelling_checks.each_binding_is_its_own,
    ),
    Mutant(
        "options-of-the-first",
        "invoke_iis_renewal",
        "[string]::Equals($_.record, $Name, 'OrdinalIgnoreCase')",
        "[string]::Equals($_.record, $Options[0].record, 'OrdinalIgnoreCase')",
        spelling_checks.appcmd_gives_each_its_options,
    ),
    Mutant(
        "drop-the-read-back",
        "set_iis_binding",
        "if (-not (Test-RecordCertificate $after $Thumbprint $Store)) {",
        "if ($false) {",
        changes.silence_is_failure,
    ),
    Mutant(
        "drop-the-restore",
        "set_iis_binding",
        "Restore-HttpRecord $wanted $Thumbprint $Store $Options",
        "@()",
        changes.keeps_options,
    ),
    Mutant(
        "ignore-what-is-expected",
        "set_iis_binding",
        "if (-not $isSet -and (Get-Thumbprint $before) -ne $promised) {",
        "if ($false) {",
        changes.expects,
    ),
    Mutant(
        "ignore-the-store",
        "set_iis_binding",
        "AddSslCertificate($Thumbprint, $Store)",
        "AddSslCertificate($Thumbprint, 'My')",
        changes.uses_the_store,
    ),
    Mutant(
        "ignore-the-store-before",
        "set_iis_binding",
        "$isSet = Test-RecordCertificate $before $Thumbprint $Store",
        "$isSet = (Get-Thumbprint $before) -eq $Thumbprint",
        changes.moves_between_stores,
    ),
    Mutant(
        "delete-then-add",
        "set_iis_binding",
        "if (-not $isSet) { $binding.AddSslCertificate",
        "if (-not $isSet) { $binding.RemoveSslCertificate(); $binding.AddSslCertificate",
        changes.never_without_a_record,
    ),
    Mutant(
        "always-change",
        "set_iis_binding",
        "if (-not $isWhole) {",
        "if ($true) { $isSet = $false; $Expected = $before.thumbprint",
        changes.changes_once,
    ),
    Mutant(
        "always-say-changed",
        "set_iis_binding",
        "changed     = -not $isWhole",
        "changed     = $true",
        changes.changes_once,
    ),
    Mutant(
        "do-not-name-the-store",
        "_iis_binding",
        '"$thumbprint in $($Record.store)"',
        "$thumbprint",
        changes.names_the_store,
    ),
    Mutant(
        "appcmd-without-the-restore",
        "invoke_iis_renewal",
        "Restore-HttpRecord $record $New $now.store $given",
        "@()",
        renewal_checks.keeps_options,
    ),
    Mutant(
        "appcmd-without-options",
        "invoke_iis_renewal",
        "Restore-HttpRecord $record $New $now.store $given",
        "Restore-HttpRecord $record $New $now.store @()",
        renewal_checks.keeps_options,
    ),
    Mutant(
        "appcmd-always-changed",
        "invoke_iis_renewal",
        "changed = @($after | Where-Object { $_.thumbprint -eq $New }).Count -gt 0",
        "changed = $true",
        renewal_checks.changes_once,
    ),
    Mutant(
        "appcmd-success-is-a-change",
        "invoke_iis_renewal",
        "Where-Object { $_.thumbprint -eq $New }).Count -gt 0",
        "Where-Object { $appcmd.exit -eq 0 }).Count -gt 0",
        renewal_checks.silence_is_not_a_change,
    ),
    Mutant(
        "appcmd-whatever-the-record-has",
        "invoke_iis_renewal",
        "if ((Get-Thumbprint $now) -eq $New) {",
        "if ($true) {",
        renewal_checks.a_record_that_goes_comes_back,
    ),
    Mutant(
        "appcmd-of-every-record",
        "invoke_iis_renewal",
        "Where-Object { $_.thumbprint -eq $Old }",
        "Where-Object { $true }",
        renewal_checks.changes_once,
    ),
    Mutant(
        "appcmd-loses-in-silence",
        "invoke_iis_renewal",
        "Get-LostOption $record $now",
        "@()",
        renewal_checks.names_what_is_lost,
    ),
    Mutant(
        "appcmd-and-a-gap",
        "invoke_iis_renewal",
        "Repair-HttpRecord $record $New $record.store $given $isEnded",
        "''",
        renewal_checks.a_gap_that_stays_is_told,
    ),
    Mutant(
        "everybody-is-elevated",
        "get_host",
        "return $principal.IsInRole($role)",
        "return $true",
        queries.elevation_is_seen,
    ),
    Mutant(
        "high-integrity-is-elevated",
        "get_host",
        "SeTakeOwnershipPrivilege",
        "SeBackupPrivilege",
        queries.elevation_is_seen,
    ),
    Mutant(
        "elevated-by-any-answer",
        "get_host",
        "if ($held.exit -eq 0) {",
        "if ($true) {",
        queries.elevation_is_unknown_without_an_answer,
    ),
    Mutant(
        "elevated-by-a-program",
        "get_host",
        "if ($languageMode -eq 'FullLanguage') {",
        "if ($false) {",
        queries.no_program_is_run_for_elevation,
    ),
    Mutant(
        "policy-of-the-machine-alone",
        "_system_policy",
        "'MachinePolicy', 'LocalMachine'",
        "@('LocalMachine')",
        queries.the_policy_is_that_of_system,
    ),
    Mutant(
        "policy-of-the-caller",
        "_system_policy",
        "    'RemoteSigned'",
        '    "$(Get-ExecutionPolicy)"',
        queries.the_policy_is_that_of_system,
    ),
    Mutant(
        "never-logs",
        "get_host",
        "$logging['EnableScriptBlockLogging'] -eq 1",
        "$false",
        queries.script_block_logging_is_seen,
    ),
    Mutant(
        "a-missing-module-stops-nothing",
        "_envelope",
        "if (-not (Get-Module -Name $module) -and",
        "if ($false -and",
        queries.a_missing_module_stops_one_body,
    ),
    Mutant(
        "any-binding-of-the-site",
        "_iis_binding",
        "[string]::Equals($_.bindingInformation, $Information, 'OrdinalIgnoreCase')",
        "$true",
        changes.one_binding_exactly,
    ),
    Mutant(
        "any-site-of-the-binding",
        "_iis_binding",
        ".Contains($path) -and",
        ".Contains('') -and",
        call_checks.a_place_of_two_sites_is_one_of_each,
    ),
    Mutant(
        "bindings-are-read-for-each",
        "_iis_binding",
        "if ($null -eq $memory['bindings']) { return }",
        "$memory['bindings'] = @{}",
        call_checks.changing_reads_the_bindings_once,
    ),
    Mutant(
        "records-are-kept-in-a-change",
        "_http_record",
        "if (-not $Reading -or $null",
        "if ($null",
        call_checks.reading_after_a_change_is_fresh,
    ),
    Mutant(
        "records-are-read-by-each-body",
        "_http_record",
        "if (-not $Reading -or $null",
        "if ($true -or $null",
        call_checks.reading_asks_once_for_each,
    ),
    Mutant(
        "values-named-as-notes-are-dropped",
        "_registry",
        "foreach ($name in @($Key.Property) -match $notes) {",
        "foreach ($name in @()) {",
        queries.values_named_as_notes_are_seen,
    ),
    Mutant(
        "no-word-on-the-way",
        "_envelope",
        "if ($Changes) { Write-Step $Operation }",
        "",
        call_checks.each_change_is_told_as_it_begins,
    ),
    Mutant(
        "restore-without-options",
        "_http_options",
        "@('http', 'update', 'sslcert') + $record + $Options",
        "@('http', 'update', 'sslcert') + $record",
        changes.keeps_options,
    ),
    Mutant(
        "leave-the-gap-open",
        "_http_options",
        "for ($try = 1; $try -le 3; $try++)",
        "for ($try = 1; $try -le 0; $try++)",
        changes.a_gap_of_appcmd_closes,
    ),
    Mutant(
        "no-way-back",
        "set_iis_binding",
        "$rescue = Repair-HttpRecord $wanted $Thumbprint $Store $Options $isEnded",
        "$rescue = ''",
        changes.a_key_found_late_costs_nothing,
    ),
    Mutant(
        "a-key-that-does-not-open-is-no-matter",
        "_private_key",
        '    throw "The private key',
        '    Write-Warning "The private key',
        changes.a_key_that_does_not_open_touches_nothing,
    ),
    Mutant(
        "a-number-is-lost",
        "_http_options",
        "        $Record.ErrorDetails = New-Object",
        "        throw $Text; $Record.ErrorDetails = New-Object",
        changes.a_key_found_late_costs_nothing,
    ),
    Mutant(
        "back-without-options",
        "_http_options",
        "            Add-HttpRecord $Wanted $record $Options",
        "            Add-HttpRecord $Wanted $record @()",
        changes.a_key_found_late_costs_nothing,
    ),
    Mutant(
        "leave-a-binding-bare",
        "set_iis_binding",
        "if ($null -eq (Find-HttpRecord $Kind $Endpoint)) {",
        "if ($false) {",
        changes.no_binding_is_left_bare,
    ),
    Mutant(
        "delete-wherever-update-fails",
        "_http_options",
        "if ($update.exit -eq 0 -or (Test-NetshUpdate)) { return }",
        "if ($update.exit -eq 0) { return }",
        changes.no_gap_where_there_is_update,
    ),
    Mutant(
        "zero-is-not-absent",
        "_http_options",
        "if ($text -eq '0') { '' } else { $text }",
        "$text",
        changes.absent_is_zero,
    ),
    Mutant(
        "keys-below-are-not-seen",
        "_http_record",
        "                Add-HttpRecordKey $key.values $key.below\n",
        "",
        queries.keys_below_a_record_are_seen,
    ),
    Mutant(
        "by-name-alone",
        "_iis_binding",
        "        Read-IisBinding\n",
        "",
        changes.an_odd_site_name_is_found,
    ),
    Mutant(
        "every-site-has-a-state",
        "get_iis_binding",
        "if ($site.state) { $state =",
        "if ($true) { $state =",
        queries.a_site_without_state_hides_nothing,
    ),
    Mutant(
        "without-case",
        "_envelope",
        "if ($text -cnotmatch '[^ -~]') {",
        "if ($text -notmatch '[^ -~]') {",
        queries.a_reply_is_ascii,
    ),
    Mutant(
        "never-delete-and-add",
        "_http_options",
        "if ($update.exit -eq 0 -or (Test-NetshUpdate)) { return }",
        "return",
        changes.restores_without_update,
    ),
    Mutant(
        "compare-numbers-and-texts-only",
        "_http_options",
        "foreach ($part in 'values', 'binary') {",
        "foreach ($part in @('values')) {",
        changes.keeps_a_foreign_application,
    ),
    Mutant(
        "do-not-look-after-restoring",
        "set_iis_binding",
        "lost        = @(Get-LostOption $wanted $after)",
        "lost        = @()",
        changes.names_what_is_lost,
    ),
    Mutant(
        "no-mutex",
        "_envelope",
        "$owned = $mutex.WaitOne(0)",
        "$owned = $true",
        changes.one_at_a_time,
    ),
    Mutant(
        "one-store-only",
        "get_certificate",
        "foreach ($store in $Stores) {",
        "foreach ($store in @($Stores[0])) {",
        queries.reads_both_stores,
    ),
    Mutant(
        "sni-records-by-key",
        "_http_record",
        "if ($Kind -eq 'hostnameport' -and $Values['HostnamePort']) {",
        "if ($false) {",
        queries.finds_each_record,
    ),
    Mutant(
        "other-protocol",
        "get_iis_binding",
        "Get-WebBinding -Protocol 'https'",
        "Get-WebBinding -Protocol 'http'",
        queries.finds_each_record,
    ),
    Mutant(
        "disabled-services-too",
        "get_iis_binding",
        "$values['Start'] -ne 4",
        "$true",
        queries.sees_services,
    ),
    Mutant(
        "another-property",
        "_iis_settings",
        "[@id='5506']",
        "[@id='5511']",
        queries.reads_what_iis_6_left,
    ),
    Mutant(
        "ftp-of-sites-alone",
        "_iis_settings",
        "'sites/site', 'sites/siteDefaults'",
        "@('sites/site')",
        queries.reads_ftp_certificates,
    ),
    Mutant(
        "ftp-without-its-service",
        "_iis_settings",
        "if (-not (Test-FtpService)) { return }",
        "if ($false) { return }",
        queries.reads_ftp_certificates,
    ),
    Mutant(
        "without-the-number",
        "_envelope",
        "$reply.hresult = [long]$exception.HResult",
        "$reply.hresult = $null",
        changes.a_failure_has_its_number,
    ),
    Mutant(
        "number-of-the-wrapper",
        "_envelope",
        "while ($null -ne $exception.InnerException) {",
        "while ($false) {",
        changes.a_failure_has_its_number,
    ),
    Mutant(
        "every-language-mode",
        "_envelope",
        "if ($Changes -and $languageMode -ne 'FullLanguage') {",
        "if ($false) {",
        queries.constrained_language_reads_and_refuses,
    ),
)


@pytest.fixture(scope="module")
def lab(pwsh: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running lab with a PowerShell: nothing that must be proved counts without one."""
    with running(tmp_path_factory.mktemp("lab"), pwsh) as found:
        yield found


@pytest.mark.engine
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_killed(lab: Lab, tmp_path: Path, mutant: Mutant) -> None:
    """The check fails on the broken template."""
    kill(lab, tmp_path, mutant)
