"""Replace renewed certificates on Windows hosts, and check them by TLS handshake."""

__version__ = "0.1.0"
