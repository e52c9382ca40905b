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


def with_remedy(error: ScriptError) -> ScriptError:
    """The same error, with what to do about a missing module or a key that Windows cannot use."""
    text = error.message
    if error.error_id.startswith(MISSING_MODULE):
        text = missing_module(error.error_id.removeprefix(MISSING_MODULE))
    elif error.hresult is not None and error.hresult & 0xFFFFFFFF == _NO_LOGON_SESSION:
        text = text if text.startswith(_KEY) else f"{_KEY} {text}"
    if text == error.message:
        return error
    return ScriptError(
        text,
        error_id=error.error_id,
        category=error.category,
        exception=error.exception,
        hresult=error.hresult,
        place="" if error.error_id.startswith(MISSING_MODULE) else error.place,
    )
