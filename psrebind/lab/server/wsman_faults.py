"""The faults of the WS-Management service, with the codes and words that Windows has for them.

A code stands here only where Windows' own is known.
"""

from __future__ import annotations


class WSManFault(Exception):
    """A request that the service refuses, with the code that Windows gives for it."""

    def __init__(
        self, code: int | None, message: str, *, subcode: str, blame: str = "Receiver"
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.subcode = subcode
        self.blame = blame


def timed_out() -> WSManFault:
    """Return the fault of a request that had nothing to say within its OperationTimeout."""
    return WSManFault(
        2150858793,
        "The WS-Management service cannot complete the operation within the time specified in "
        "OperationTimeout.  ",
        subcode="w:TimedOut",
    )


def unknown_shell(shell: str) -> WSManFault:
    """Return the fault of a request for a shell that is not, or no longer, there."""
    return WSManFault(
        0x8033805B,
        f"The request for the Windows Remote Shell with ShellId {shell} failed because the shell "
        "was not found on the server. Possible causes are: the specified ShellId is incorrect or "
        "the shell no longer exists on the server. Provide the correct ShellId or create a new "
        "shell and retry the operation. ",
        subcode="w:InvalidSelectors",
        blame="Sender",
    )


def unknown_command(command: str) -> WSManFault:
    """Return the fault of a request for a pipeline that is not, or no longer, there."""
    return WSManFault(
        0x8033805B,
        "The parameter is incorrect: the command was not found on the server. "
        f"The specified CommandId is {command}. ",
        subcode="w:InvalidSelectors",
        blame="Sender",
    )


def too_many_shells(limit: int) -> WSManFault:
    """Return the fault of a Create above MaxShellsPerUser."""
    return WSManFault(
        2150859173,
        "The WS-Management service cannot process the request. This user is allowed a maximum "
        f"number of {limit} concurrent shells, which has been exceeded. Close existing shells or "
        "raise the quota for this user. ",
        subcode="w:QuotaLimit",
    )


def unknown_resource(uri: str) -> WSManFault:
    """Return the fault of a Create for a session configuration that the host does not have."""
    return WSManFault(
        0x8033803B,
        f"The WS-Management service cannot process the request. The resource URI ({uri}) was not "
        "found in the WS-Management catalog. The catalog contains the metadata that describes "
        "resources, or logical endpoints. ",
        subcode="wsa:DestinationUnreachable",
        blame="Sender",
    )


def unsupported_action(action: str) -> WSManFault:
    """Return the fault of an action that this service does not know."""
    return WSManFault(
        None,
        f"The WS-Management service does not support the action {action}. ",
        subcode="wsa:ActionNotSupported",
        blame="Sender",
    )


def malformed(reason: str) -> WSManFault:
    """Return the fault of a request whose XML is not what the action needs."""
    return WSManFault(
        2150858817,
        f"The request contained invalid XML: {reason}. ",
        subcode="w:SchemaValidationError",
        blame="Sender",
    )


def shell_failed(reason: str) -> WSManFault:
    """Return the fault of a shell whose process died or could not be started."""
    # A child's last words may hold what XML cannot.
    reason = "".join(each if each.isprintable() else " " for each in reason)
    return WSManFault(
        None,
        "The WSMan provider host process did not return a proper response.  A provider in the "
        f"host process may have behaved improperly. {reason}",
        subcode="w:InternalError",
    )
