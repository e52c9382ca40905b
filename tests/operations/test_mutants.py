"""Template mutants: each line that keeps a promise is broken in turn, and a check notices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import running
from operations import changes, queries
from operations.mutants import Mutant, kill

from psrebind.lab.runtime import Lab

MUTANTS = (
    Mutant(
        "drop-the-read-back",
        "set_iis_binding",
        "if ((Get-Thumbprint $after) -ne $Thumbprint -or $after.store -ne $Store) {",
        "if ($false) {",
        changes.silence_is_failure,
    ),
    Mutant(
        "drop-the-restore",
        "set_iis_binding",
        "@(Restore-HttpRecord $before $Thumbprint $Store $Options)",
        "@()",
        changes.keeps_options,
    ),
    Mutant(
        "ignore-what-is-expected",
        "set_iis_binding",
        "if ((Get-Thumbprint $before) -ne $promised) {",
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
        "if ((Get-Thumbprint $before) -ne $Thumbprint -or $before.store -ne $Store) {",
        "if ((Get-Thumbprint $before) -ne $Thumbprint) {",
        changes.moves_between_stores,
    ),
    Mutant(
        "delete-then-add",
        "set_iis_binding",
        "    $binding.AddSslCertificate",
        "    $binding.RemoveSslCertificate()\n    $binding.AddSslCertificate",
        changes.never_without_a_record,
    ),
    Mutant(
        "always-change",
        "set_iis_binding",
        "if ((Get-Thumbprint $before) -ne $Thumbprint -or $before.store -ne $Store) {",
        "if ($true) { $Expected = $before.thumbprint",
        changes.changes_once,
    ),
    Mutant(
        "always-say-changed",
        "set_iis_binding",
        "changed     = (Get-Thumbprint $before)",
        "changed     = $true -or (Get-Thumbprint $before)",
        changes.changes_once,
    ),
    Mutant(
        "any-binding-of-the-site",
        "_iis_binding",
        "$_.bindingInformation -eq $Information",
        "$true",
        changes.one_binding_exactly,
    ),
    Mutant(
        "restore-without-options",
        "_http_record",
        "@('http', 'update', 'sslcert') + $record + $Options",
        "@('http', 'update', 'sslcert') + $record",
        changes.keeps_options,
    ),
    Mutant(
        "leave-the-gap-open",
        "_http_record",
        "if ($null -eq (Get-HttpRecord $kind $endpoint)) {",
        "if ($false) {",
        changes.a_gap_closes,
    ),
    Mutant(
        "never-delete-and-add",
        "_http_record",
        "if ($update.exit -ne 0) {",
        "if ($false) {",
        changes.restores_without_update,
    ),
    Mutant(
        "compare-numbers-and-texts-only",
        "_http_record",
        "foreach ($part in 'values', 'binary') {",
        "foreach ($part in @('values')) {",
        changes.keeps_a_foreign_application,
    ),
    Mutant(
        "do-not-look-after-restoring",
        "_http_record",
        "    Get-LostOption $Before $after\n}",
        "}",
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
