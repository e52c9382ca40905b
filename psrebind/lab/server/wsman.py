"""WS-Management's actions on shells, and the XML of their replies."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from psrebind.lab.server import soap, wsman_faults
from psrebind.lab.server.shells import DEFAULT_IDLE_TIMEOUT, Shell, ShellTable, parse_id
from psrebind.lab.server.soap import Element, WSManRequest, element
from psrebind.lab.server.streams import ShellGone

_RSP: Final = soap.NAMESPACES["rsp"]
DONE: Final = f"{_RSP}/CommandState/Done"
RUNNING: Final = f"{_RSP}/CommandState/Running"
# The session configurations that there are; Windows does not tell upper case from lower.
CONFIGURATIONS: Final = frozenset({f"{soap.NAMESPACES['pwsh']}/microsoft.powershell"})
# Clients spell them `.../signal/Terminate`, `powershell/signal/ctrl_c`, and Windows' own `crtl_c`.
STOP_SIGNALS: Final = frozenset({"terminate", "ctrl_c", "crtl_c", "ctrl_break"})


class WSManService:
    """Carries out requests on the shells of one host."""

    def __init__(self, shells: ShellTable, *, machine: str) -> None:
        self._shells = shells
        self._machine = machine
        self._running: set[asyncio.Task[list[Element]]] = set()
        self._actions: dict[str, Callable[[WSManRequest, str], Awaitable[list[Element]]]] = {
            "Create": self._create,
            "Command": self._command,
            "Send": self._send,
            "Receive": self._receive,
            "Signal": self._signal,
            "Delete": self._delete,
            "Get": self._get,
        }

    async def answer(
        self, envelope: bytes, *, user: str, note: Callable[[str, str | None], None]
    ) -> tuple[HTTPStatus, bytes]:
        """Return the status and the envelope that answer an envelope; `note` hears what it asks."""
        message_id = ""
        try:
            request = soap.parse(envelope)
            message_id = request.message_id
            note(soap.ACTIONS.get(request.action, request.action), request.shell)
            return HTTPStatus.OK, soap.reply(request, *await self.carry_out(request, user))
        except wsman_faults.WSManFault as fault:
            reply = soap.fault_reply(fault, message_id=message_id, machine=self._machine)
            return HTTPStatus.INTERNAL_SERVER_ERROR, reply

    async def carry_out(self, request: WSManRequest, user: str) -> list[Element]:
        """Return the body that answers a request, or raise the fault that refuses it.

        A client that goes away cancels its Receive, so that no data is lost; everything else is
        carried out to the end, as Windows does.
        """
        kind = soap.ACTIONS.get(request.action, "")
        action = self._actions.get(kind)
        if action is None:
            raise wsman_faults.unsupported_action(request.action)
        try:
            if kind == "Receive":
                return await action(request, user)
            task = asyncio.ensure_future(action(request, user))
            self._running.add(task)
            task.add_done_callback(self._finished)
            return await asyncio.wait_for(asyncio.shield(task), request.operation_timeout)
        except TimeoutError:
            raise wsman_faults.timed_out() from None
        except ShellGone as error:
            await self._close_broken(request)
            raise wsman_faults.shell_failed(str(error)) from None

    async def stop(self) -> None:
        """Give up what is being carried out, and close every shell."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._shells.close_all()

    def _finished(self, task: asyncio.Task[list[Element]]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Looked at here, since the client that waited for it may be gone.
            task.exception()

    async def _close_broken(self, request: WSManRequest) -> None:
        with contextlib.suppress(wsman_faults.WSManFault):
            await self._shells.close(self._shells.find(request.shell))

    async def _create(self, request: WSManRequest, user: str) -> list[Element]:
        if request.resource_uri.lower() not in CONFIGURATIONS:
            raise wsman_faults.unknown_resource(request.resource_uri)
        body = _body(request)
        shell_id = parse_id(body.get("ShellId") or str(uuid.uuid4()), "ShellId")
        idle = soap.seconds(soap.find_text(body, "rsp:IdleTimeOut"), DEFAULT_IDLE_TIMEOUT)
        creation_xml = _bytes(soap.find_text(body, "pwsh:creationXml"))
        shell = await self._shells.create(
            shell_id, creation_xml, user=user, idle_timeout=idle, options=request.options
        )
        created = element(
            "wst:ResourceCreated",
            children=[
                element("wsa:Address", soap.ANONYMOUS),
                element(
                    "wsa:ReferenceParameters",
                    children=[
                        element("wsman:ResourceURI", request.resource_uri),
                        element("wsman:SelectorSet", children=[_selector(shell)]),
                    ],
                ),
            ],
        )
        return [created, _describe(shell, request.resource_uri)]

    async def _command(self, request: WSManRequest, user: str) -> list[Element]:
        body = _body(request)
        pipeline = parse_id(body.get("CommandId") or str(uuid.uuid4()), "CommandId")
        arguments = body.findall("rsp:Arguments", soap.NAMESPACES)
        data = b"".join(_bytes(argument.text) for argument in arguments)
        with self._shells.using(request.shell) as shell:
            await shell.command(pipeline, data)
        command_id = element("rsp:CommandId", str(pipeline).upper())
        return [element("rsp:CommandResponse", children=[command_id])]

    async def _send(self, request: WSManRequest, user: str) -> list[Element]:
        with self._shells.using(request.shell) as shell:
            for stream in _body(request).findall("rsp:Stream", soap.NAMESPACES):
                await shell.send(_pipeline(stream), _bytes(stream.text))
        return [element("rsp:SendResponse")]

    async def _receive(self, request: WSManRequest, user: str) -> list[Element]:
        desired = _body(request).find("rsp:DesiredStream", soap.NAMESPACES)
        pipeline = None if desired is None else _pipeline(desired)
        room = (request.envelope_size - soap.ENVELOPE_OVERHEAD) // 4 * 3
        with self._shells.using(request.shell) as shell:
            received = await shell.receive(
                pipeline, timeout=request.operation_timeout, at_most=room
            )
        if not received.data and not received.done:
            raise wsman_faults.timed_out()
        attributes = {} if pipeline is None else {"CommandId": str(pipeline).upper()}
        children = []
        if received.data:
            text = base64.b64encode(received.data).decode("ascii")
            stream = {"Name": "stdout", **attributes}
            children.append(element("rsp:Stream", text, attributes=stream))
        if pipeline is not None:
            state = {**attributes, "State": DONE if received.done else RUNNING}
            children.append(element("rsp:CommandState", attributes=state))
        return [element("rsp:ReceiveResponse", children=children)]

    async def _signal(self, request: WSManRequest, user: str) -> list[Element]:
        body = _body(request)
        code = soap.find_text(body, "rsp:Code") or ""
        if code.rpartition("/")[2].lower() not in STOP_SIGNALS:
            raise wsman_faults.malformed("an unknown signal code")
        with self._shells.using(request.shell) as shell:
            await shell.signal(parse_id(body.get("CommandId"), "CommandId"))
        return [element("rsp:SignalResponse")]

    async def _delete(self, request: WSManRequest, user: str) -> list[Element]:
        await self._shells.close(self._shells.find(request.shell))
        return []

    async def _get(self, request: WSManRequest, user: str) -> list[Element]:
        with self._shells.using(request.shell) as shell:
            return [_describe(shell, request.resource_uri)]


def _describe(shell: Shell, resource_uri: str) -> Element:
    fields = {
        "ShellId": str(shell.id).upper(),
        "ResourceUri": resource_uri,
        "Owner": shell.user,
        "ClientIP": "127.0.0.1",
        "IdleTimeOut": f"PT{shell.idle_timeout:.3f}S",
        "InputStreams": "stdin pr",
        "OutputStreams": "stdout",
        "State": "Connected",
    }
    return element(
        "rsp:Shell", children=[element(f"rsp:{key}", text) for key, text in fields.items()]
    )


def _selector(shell: Shell) -> Element:
    return element("wsman:Selector", str(shell.id).upper(), attributes={"Name": "ShellId"})


def _body(request: WSManRequest) -> Element:
    if request.body is None:
        raise wsman_faults.malformed("the body is empty")
    return request.body


def _pipeline(stream: Element) -> uuid.UUID | None:
    command = stream.get("CommandId")
    return None if command is None else parse_id(command, "CommandId")


def _bytes(text: str | None) -> bytes:
    try:
        return base64.b64decode(text or "", validate=False)
    except binascii.Error:
        raise wsman_faults.malformed("a stream is not base64") from None
