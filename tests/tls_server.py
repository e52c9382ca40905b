"""A real TLS server on loopback that serves one certificate, by name if asked to."""

from __future__ import annotations

import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from certificates import Made


class TlsServer:
    """Serves ``made`` until it is set to another; ``names`` has what clients asked for."""

    def __init__(self, made: Made) -> None:
        self.made = made
        self.names: list[str | None] = []
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self._listener.getsockname()[1]
        return port

    def close(self) -> None:
        """Stop listening, so that the thread ends too."""
        # Closing alone does not wake a thread that waits in accept.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def serve(self) -> None:
        """Answer one client after the other until the listener is closed."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.settimeout(5)
            with client, suppress(OSError):
                self._answer(client)

    def _answer(self, client: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "server.pem"
            file.write_bytes(self.made.pem + self.made.key)
            context.load_cert_chain(file)
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        with context.wrap_socket(client, server_side=True) as encrypted:
            encrypted.recv(1)


@contextmanager
def tls_server(made: Made) -> Iterator[TlsServer]:
    """A server for the length of a with block."""
    server = TlsServer(made)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(timeout=10)
