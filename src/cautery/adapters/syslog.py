"""Alerts by syslog: to this machine's own, or over verified TLS to a collector.

Reaches: the one socket or host that the settings of alerts name.
Lawful basis: none is needed for what is sent: a rule, a case's name, a number and a link.
Manners: one message a connection; nothing leaves this machine without TLS.
Format: RFC 5424 (messages), RFC 5425 (TLS, octet counting), RFC 5426 (UDP, to loopback alone).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
import ssl
from urllib.parse import urlsplit

from cautery.adapters.smtp import verifying_context
from cautery.errors import InputError, SourceError
from cautery.model import iso
from cautery.model.alert import Alert, AlertRule

_LOCAL0 = 16
_WARNING, _NOTICE = 4, 5
_SD = "cautery@32473"
"""RFC 5612 keeps this number for examples: Cautery has none of its own."""
_WAIT_S = 10.0
_PORT = 6514


class Syslog:
    """A collector (port :class:`~cautery.workflows.alerts.ports.Way`).

    Parameters
    ----------
    address : str
        ``unix:/dev/log``, ``udp://127.0.0.1:514`` or ``tls://HOST:6514``.
    ca : str or None
        PEM file of the only authorities that may vouch for the host; ``None``: the system's.

    Raises
    ------
    InputError
        If it is no such address, or would leave this machine without TLS.
    """

    def __init__(self, name: str, address: str, *, ca: str | None = None) -> None:
        self.name = name
        self._context: ssl.SSLContext | None = None
        if address.startswith("unix:/"):
            self._scheme, self._host, self._port = "unix", address.removeprefix("unix:"), 0
            return
        try:
            parts = urlsplit(address)
            self._scheme, self._host = parts.scheme, parts.hostname or ""
            self._port = parts.port or _PORT
        except ValueError:
            self._scheme = self._host = ""
        if self._scheme not in ("udp", "tls") or not self._host:
            raise InputError("syslog: write unix:/dev/log, tls://HOST:6514, or udp://127.0.0.1:514")
        if self._scheme == "udp" and not _is_loopback(self._host):
            raise InputError(f"syslog: {self._host}: nothing leaves this machine without TLS")
        if self._scheme == "tls":
            self._context = verifying_context(ca)

    async def send(self, alert: Alert) -> None:
        """Hand a message over, once.

        Raises
        ------
        SourceError
            If it cannot be handed over.
        """
        message = message_of(alert)
        try:
            if self._context is None:
                await asyncio.to_thread(self._datagram, message)
            else:
                await asyncio.wait_for(self._over_tls(message), _WAIT_S)
        except (OSError, ssl.SSLError, TimeoutError) as error:
            why = error.strerror if isinstance(error, OSError) else None
            raise SourceError(f"syslog: {why or type(error).__name__}") from error

    def _datagram(self, message: bytes) -> None:
        if self._scheme == "unix":
            family, to = socket.AF_UNIX, self._host
        else:
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            to = (self._host, self._port)  # type: ignore[assignment]
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.settimeout(_WAIT_S)
            sock.sendto(message, to)

    async def _over_tls(self, message: bytes) -> None:
        _, writer = await asyncio.open_connection(
            self._host, self._port, ssl=self._context, server_hostname=self._host
        )
        try:
            writer.write(f"{len(message)} ".encode() + message)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        finally:
            with contextlib.suppress(Exception):
                writer.close()


def message_of(alert: Alert) -> bytes:
    """Return an alert as a message: no host but this machine's, no person, no title."""
    severity = _WARNING if alert.rule is not AlertRule.PROVEN else _NOTICE
    data = " ".join(
        f'{name}="{_escaped(str(value))}"'
        for name, value in (
            ("id", alert.id),
            ("rule", alert.rule),
            ("case", alert.case),
            ("count", alert.count),
            ("link", alert.link),
        )
    )
    host = "".join(letter for letter in socket.gethostname() if "!" <= letter <= "~")[:255] or "-"
    head = f"<{_LOCAL0 * 8 + severity}>1 {iso(alert.at)} {host} cautery {os.getpid()} alert"
    # The byte order mark says that the text is UTF-8 (RFC 5424, section 6.4).
    return f"{head} [{_SD} {data}] \ufeff{alert.text} {alert.link}".encode()


def _escaped(value: str) -> str:
    for letter in ("\\", '"', "]"):
        value = value.replace(letter, f"\\{letter}")
    return "".join(letter if letter.isprintable() else " " for letter in value)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
