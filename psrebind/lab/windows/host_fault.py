"""The error that a simulated host answers with."""

from __future__ import annotations

# What .NET gives an exception that names no other: COR_E_EXCEPTION.
PLAIN_EXCEPTION = 0x80131500


class HostFault(Exception):
    """A simulated Windows command says no, in the terms of a PowerShell error record."""

    def __init__(
        self,
        message: str,
        error_id: str,
        category: str = "NotSpecified",
        *,
        exception_type: str = "System.InvalidOperationException",
        hresult: int = PLAIN_EXCEPTION,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.error_id = error_id
        self.category = category
        self.exception_type = exception_type
        self.hresult = hresult
