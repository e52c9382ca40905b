"""One value of each operation, for the contract and the scripts kept for review."""

from __future__ import annotations

from typing import Any

from psrebind.model import BindingInfo, RecordKind, Thumbprint
from psrebind.operations import Operation
from psrebind.operations.get_certificate import GetCertificate
from psrebind.operations.get_host import GetHost
from psrebind.operations.get_iis_binding import GetIisBinding
from psrebind.operations.invoke_iis_renewal import InvokeIisRenewal
from psrebind.operations.set_iis_binding import SetIisBinding

OLD, NEW = Thumbprint("0a" * 20), Thumbprint("1b" * 20)

SAMPLES: dict[str, Operation[Any]] = {
    sample.name(): sample
    for sample in (
        GetHost(),
        GetCertificate(),
        GetIisBinding(),
        SetIisBinding(
            site="Bücher's",
            information=BindingInfo("*:443:www.example.com"),
            kind=RecordKind.SNI,
            endpoint="www.example.com:443",
            expected=OLD,
            thumbprint=NEW,
            options=("clientcertnegotiation=enable",),
        ),
        InvokeIisRenewal(old=OLD, new=NEW, options={"ipport=0.0.0.0:443": ("usagecheck=disable",)}),
    )
}
