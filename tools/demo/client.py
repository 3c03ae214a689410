"""Fetching a domain the way a browser would, from the node's address instead of from DNS."""

from __future__ import annotations

import dataclasses
import http.client
import socket
import ssl


@dataclasses.dataclass(frozen=True)
class Page:
    """What came back: the status, the Location of a redirect, and the first line of the text."""

    url: str
    status: int
    location: str
    first_line: str


def fetch(address: str, fqdn: str, tls: bool = False, path: str = "/") -> Page:
    """Fetch one page of ``fqdn`` from ``address``; over TLS the certificate's name is checked, not its issuer."""
    connection = _TlsConnection(address, fqdn) if tls else http.client.HTTPConnection(address, 80, timeout=30)
    try:
        connection.request("GET", path, headers={"Host": fqdn, "User-Agent": "wcp360-demo"})
        response = connection.getresponse()
        lines = response.read().decode("utf-8", "replace").strip().splitlines() or [""]
        scheme = "https" if tls else "http"
        return Page(f"{scheme}://{fqdn}{path}", response.status, response.getheader("Location") or "", lines[0])
    finally:
        connection.close()


class _TlsConnection(http.client.HTTPSConnection):
    """HTTPS to an address under another name, trusting the very certificate that is offered for that name."""

    def __init__(self, address: str, fqdn: str) -> None:
        self._fqdn = fqdn
        offered = _certificate(address, fqdn)
        super().__init__(address, 443, timeout=30, context=ssl.create_default_context(cadata=offered))
        self._tls = ssl.create_default_context(cadata=offered)

    def connect(self) -> None:
        plain = socket.create_connection((self.host, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self._fqdn)


def _certificate(address: str, fqdn: str) -> str:
    unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unchecked.check_hostname = False
    unchecked.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((address, 443), 30) as plain,
        unchecked.wrap_socket(plain, server_hostname=fqdn) as wrapped,
    ):
        return ssl.DER_cert_to_PEM_cert(wrapped.getpeercert(binary_form=True) or b"")
