"""What to do about an error of a host that a person can mend."""

from __future__ import annotations

from psrebind.errors import ScriptError
from psrebind.operations.get_host import missing_module

MISSING_MODULE = "psrebind.MissingModule,"
# ERROR_NO_SUCH_LOGON_SESSION, which http.sys gives for a key that it cannot open.
_NO_LOGON_SESSION = 0x80070520
_KEY = (
    "Windows cannot use the private key of the new certificate: import it again with its key, or "
    "let SYSTEM read the key. It said:"
)


def add_remedy(error: ScriptError) -> None:
    """Let an error say what to do about a missing module or a key that Windows cannot use."""
    if error.error_id.startswith(MISSING_MODULE):
        error.message = missing_module(error.error_id.removeprefix(MISSING_MODULE))
        error.place = ""
    elif (error.hresult or 0) & 0xFFFFFFFF == _NO_LOGON_SESSION and _KEY not in error.message:
        error.message = f"{_KEY} {error.message}"
