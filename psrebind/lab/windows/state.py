"""Everything that is true of one simulated host, as one frozen value.

The host replaces it whole at each change, so a reader always holds one consistent moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.certificate_stores import StoredCertificate
from psrebind.lab.windows.event_channels import Channel, lifecycle_channels
from psrebind.lab.windows.http_sys import (
    ANY_ADDRESS,
    ANY_ADDRESSES,
    HandshakeState,
    Record,
    RecordKind,
    find_record,
    record_place,
    split_information,
)
from psrebind.lab.windows.task_xml import RegisteredTask

UNDEFINED = "Undefined"
# The execution policy of a Windows Server on which nobody set one.
SERVER_POLICY = "RemoteSigned"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a host says about itself; an iis_version of None means IIS is not installed.

    ``elevated`` is a token of high integrity, also where its account is no ``administrator``.
    ``execution_policy`` is the scope LocalMachine, ``machine_policy`` group policy's, and
    ``user_policy`` CurrentUser of whoever is logged on; ``autoenrollment`` is AEPolicy.
    ``address`` is where clients come to; ``services`` are some of its services, by name, with how
    each starts (4: disabled).
    """

    name: str
    domain: str = "lab.example"
    address: str = "127.0.0.1"
    os_name: str = "Windows Server 2022 Datacenter"
    build: int = 20348
    ubr: int = 2227
    powershell_version: str = "5.1.20348.2227"
    iis_version: str | None = "10.0"
    ui_culture: str = "en-US"
    execution_policy: str = "RemoteSigned"
    machine_policy: str = UNDEFINED
    user_policy: str = UNDEFINED
    language_mode: str = "FullLanguage"
    clock_offset: float = 0.0
    elevated: bool = True
    administrator: bool = True
    script_block_logging: bool = False
    user: str = "labadmin"
    autoenrollment: int | None = 7
    modules: tuple[str, ...] = ("WebAdministration", "ScheduledTasks", "PKI")
    services: Mapping[str, int] = field(default_factory=lambda: {"WinRM": 2, "RemoteAccess": 4})

    @property
    def administers(self) -> bool:
        """Tell whether the group Administrators is turned on in the token."""
        return self.elevated and self.administrator

    @property
    def system_policy(self) -> str:
        """Return the execution policy that scripts of SYSTEM meet."""
        defined = (one for one in (self.machine_policy, self.execution_policy) if one != UNDEFINED)
        return next(defined, SERVER_POLICY)


@dataclass(frozen=True, kw_only=True)
class Binding:
    """One binding of a site: `ip:port:host` and the sslFlags mask."""

    protocol: str
    information: str
    flags: int = 0


@dataclass(frozen=True, kw_only=True)
class Site:
    """One web site; ``ftp_hash`` is the certificate of its own that FTP has."""

    id: int
    name: str
    state: str = "Started"
    bindings: tuple[Binding, ...] = ()
    ftp_hash: str = ""


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """One property of IIS 6's metabase that customMetadata keeps; a binary one is Base64."""

    key: str
    id: int
    value: str


@dataclass(frozen=True, kw_only=True)
class HostState:
    """One host at one moment; central is the CCS folder, files the text files, by name.

    ``ftp_hash`` is the certificate of FTP sites that have none of their own.
    """

    facts: Facts
    assumptions: Assumptions = field(default_factory=Assumptions)
    sites: tuple[Site, ...] = ()
    records: tuple[Record, ...] = ()
    certificates: tuple[StoredCertificate, ...] = ()
    central: Mapping[str, StoredCertificate] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    channels: tuple[Channel, ...] = field(default_factory=lifecycle_channels)
    tasks: tuple[RegisteredTask, ...] = ()
    metadata: tuple[Metadata, ...] = ()
    ftp_hash: str = ""

    @property
    def handshake_state(self) -> HandshakeState:
        """Return what decides which certificate answers a handshake."""
        return HandshakeState(
            records=self.records,
            certificates=self.certificates,
            central=self.central,
            assumptions=self.assumptions,
        )

    @property
    def german(self) -> bool:
        """Tell whether programs speak German here."""
        return self.facts.ui_culture.casefold().startswith("de")

    @property
    def https_bindings(self) -> Iterator[tuple[Site, Binding]]:
        """Yield each https binding with its site."""
        for site in self.sites:
            for binding in site.bindings:
                if binding.protocol == "https":
                    yield site, binding

    def record_of(self, binding: Binding) -> Record | None:
        """Return the record that a binding's certificate lives in, None where there is none."""
        return find_record(self.records, *record_place(binding.information, binding.flags))

    @property
    def needed_ports(self) -> frozenset[tuple[str, int]]:
        """Return each address and port that a record or an https binding needs a listener on."""
        bound = [split_information(binding.information)[:2] for _, binding in self.https_bindings]
        recorded = [
            (record.name if record.kind is RecordKind.IPPORT else ANY_ADDRESS, record.port)
            for record in self.records
        ]
        return frozenset(
            (ANY_ADDRESS if address in ("*", "", *ANY_ADDRESSES) else address, port)
            for address, port in bound + recorded
        )
