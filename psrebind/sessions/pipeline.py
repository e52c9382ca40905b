"""One script as a pipeline of a runspace pool."""

from __future__ import annotations

from pypsrp.complex_objects import ObjectMeta
from pypsrp.powershell import PowerShell, RunspacePool

from psrebind.script import Script


def make_pipeline(pool: RunspacePool, script: Script) -> PowerShell:
    """A pipeline of a script, its secrets sealed for the host."""
    pipeline = PowerShell(pool)
    pipeline.add_script(script.text)
    if script.secrets:
        pool.exchange_keys()
        sealed = {
            name: pool.serialize(secret.reveal(), ObjectMeta("SS"))
            for name, secret in script.secrets.items()
        }
        pipeline.add_parameter("Secrets", sealed)
    return pipeline
