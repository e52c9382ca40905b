"""What nobody here knows about Windows, each guess with a name, a default and its reason.

[K] general knowledge, [I] inferred, as in the field notes. Tests run both ways; the product must
survive either. Fixed guesses that no switch covers stand at the end of this file.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """The guesses of one simulated host."""

    add_ssl_certificate_deletes_first: bool = False
    """[I] AddSslCertificate removes the record, then adds it: handshakes fail in between."""

    rebind_ssl_certificate_deletes_first: bool = False
    """[I] RebindSslCertificate (appcmd uses it) has the same gap."""

    binding_checks_key_last: bool = False
    """[I] A record that exists is deleted, and only the new one's set finds that the key cannot be
    used (0x80070520): the binding has no certificate then."""

    gap_milliseconds: int = 60
    """[I] How long a record is away where a command deletes first."""

    add_resets_options: bool = True
    """[S for ACME clients] AddSslCertificate forgets appid, check mode, CTL and flags."""

    rebind_resets_options: bool = True
    """[I] RebindSslCertificate forgets them as well."""

    record_flags_follow_ssl_flags: bool = False
    """[K] IIS writes sslFlags 4..128 into DefaultFlags of a record that it creates."""

    ip_port_record_shadows_sni: bool = False
    """Sources in conflict (B5): an ip:port record of an exact address answers before a host:port
    record; one of all addresses never does [S]."""

    schannel_follows_renewal_link: bool = False
    """[S, not always seen] Schannel serves the renewed certificate for a record with the old."""

    missing_certificate_hresult: int = 0x80070490
    """[K] What AddSslCertificate says of a certificate not in the store; 0x80070520 is seen too."""

    archived_counts_as_missing: bool = False
    """[S against it for appcmd, which searches by hash; I for AddSslCertificate] Binding commands
    do not find an archived certificate; bound ones go on serving."""

    archived_path_is_missing: bool = False
    """[S against it: a path of the Cert: drive is searched by hash] A path to an archived
    certificate does not exist; lists leave it out either way."""

    switch_certificate_needs_my: bool = False
    """[I; the documents say: a path in the certificate provider] Switch-Certificate finds only
    certificates of the store My."""

    site_state_needs_http_binding: bool = True
    """[S for IIS's API, I for Get-Website] The state of a site without an http or https binding
    cannot be read: 0x800710D8."""

    binding_name_is_a_pattern: bool = True
    """[I] Get-WebBinding -Name takes `[` for a set of letters, and finds nothing by a name with a
    quote in it."""

    appcmd_exit_status_on_skip: int = 0
    """[S] appcmd skips a binding whose store lacks the new certificate, and succeeds."""

    appcmd_exit_status_on_error: int | None = None
    """[K] What appcmd exits with after an error; None means the low word of the HRESULT."""

    netsh_update_first_build: int = 15063
    """[I] HttpUpdateServiceConfiguration came with Windows 10 1703."""

    netsh_update_keeps_unnamed_options: bool = False
    """[I] netsh update hands a whole record over: what is not named takes its default."""

    netsh_unknown_parameter_exit_status: int = 0
    """[S] A parameter unknown to this Windows: success is reported and nothing is done."""

    empty_ctl_values_present: bool = False
    """[K] A record without CTL has empty DefaultSslCtl* values; otherwise they are absent."""

    blob_property_archived: int = 19
    """[K] CERT_ARCHIVED_PROP_ID in the store's blobs."""

    blob_property_renewal: int = 64
    """[K] CERT_RENEWAL_PROP_ID in the store's blobs."""

    blob_property_key: int = 2
    """[K] CERT_KEY_PROV_INFO_PROP_ID in the store's blobs."""

    removing_missing_record_fails: bool = True
    """[S] RemoveSslCertificate without a record throws FileNotFoundException."""

    event_delay_milliseconds: int = 0
    """[S that there is one, not how long] An event is found so long after it was written."""

    task_broken_fails_in_lists: bool = True
    """[I] A task whose XML is broken is an error beside the others when all are listed; else it
    is left out."""

    task_broken_fails_in_named_queries: bool = False
    """[I; docs/windows.md has a report] It is an error of a query for another path and name, too:
    0x80070002."""

    event_query_maximum_comparisons: int = 22
    """[K] The event log refuses a query with more comparisons than these as too complex."""

    task_export_adds_uri: bool = True
    """[K] Registration writes path and name into RegistrationInfo/URI."""

    task_export_orders_elements: bool = True
    """[K] An exported task has its elements in an order of Windows' own."""

    task_export_drops_defaults: bool = True
    """[K] Settings that equal the schema's default are left out of an export."""

    task_export_fills_defaults: bool = False
    """[I from the export of A5] Settings that were not given are filled in; beats dropping."""

    task_export_drops_system_logon_type: bool = True
    """[K] For S-1-5-18 LogonType is left out."""

    task_export_says_service_account: bool = False
    """[K] For S-1-5-18 LogonType becomes ServiceAccount; beats leaving it out."""

    task_missing_value_stays_as_written: bool = False
    """[I] A `$(Name)` that no value query answers stays in the arguments; else it is empty."""

    task_hidden_from_unelevated: bool = True
    """[K] Who is not elevated does not see the tasks of SYSTEM."""

    renewal_replaces_others_of_template: bool = False
    """[S, not always seen] Failure 2: renewing one replaces all others of its template by it."""


# Fixed guesses, no switch:
# - SslCcsBindingInfo keys its records by the bare port [S, docs/windows.md].
# - SslSniBindingInfo keys are a running number [K]; HostnamePort is the truth [S].
# - Order of answering: host:port, ip:port, then [::]:port for IPv6 alone, 0.0.0.0:port for both,
#   CCS [I]; a CCS record without a fitting file refuses the handshake.
# - A record `*.example:443` answers any one label below it that has no record of its own [K].
# - AddSslCertificate on a CCS binding is an invalid argument [K].
# - Which build brought which netsh parameter: netsh.py, PARAMETERS [K].
# - Texts of programs in German, and of HRESULTs: texts.py [K].
# - Size of an event in its channel: the length of its XML; the oldest events go one by one [I].
# - Event log XPath compares texts with case [I].
# - Action of 1006 after an import is "Install"; "Enroll" and "Renew" are the sample's spelling and
#   "replace" the documents' [I].
# - A task whose program ends with an error is not started again by RestartOnFailure [K].
# - A subscription that the event log would refuse is refused at registration [K].
# - What is left of settings at their default in an export: task_xml.py, ALWAYS_SHOWN [K].
# - A task that is registered anew by force forgets its runs [I].
