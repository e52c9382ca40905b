"""One value of each operation, for the contract and the scripts kept for review."""

from __future__ import annotations

from typing import Any

from psrebind.iis_model import BindingInfo, RecordKind
from psrebind.model import Thumbprint
from psrebind.operations import Operation
from psrebind.operations.get_certificate import GetCertificate
from psrebind.operations.get_host import GetHost
from psrebind.operations.get_iis_binding import GetIisBinding
from psrebind.operations.get_lifecycle_event import GetLifecycleEvent
from psrebind.operations.get_rebind_notification import GetRebindNotification
from psrebind.operations.get_rebind_task import GetRebindTask
from psrebind.operations.invoke_iis_renewal import InvokeIisRenewal
from psrebind.operations.register_rebind_notification import RegisterRebindNotification
from psrebind.operations.register_rebind_task import RegisterRebindTask
from psrebind.operations.send_renewal_notice import SendRenewalNotice
from psrebind.operations.set_iis_binding import SetIisBinding
from psrebind.operations.unregister_rebind_notification import UnregisterRebindNotification
from psrebind.operations.unregister_rebind_task import UnregisterRebindTask

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
        GetLifecycleEvent(),
        GetRebindTask(),
        GetRebindNotification(),
        RegisterRebindTask(),
        UnregisterRebindTask(),
        RegisterRebindNotification(),
        UnregisterRebindNotification(),
        SendRenewalNotice(old=OLD, new=NEW),
        InvokeIisRenewal(old=OLD, new=NEW, options={"ipport=0.0.0.0:443": ("usagecheck=disable",)}),
    )
}
