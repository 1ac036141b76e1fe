"""Alerts by webhook, signed so that the receiver knows who sent them and when.

Reaches: the URL that the settings of alerts name, and nothing else.
Lawful basis: none is needed for what is sent: a rule, a case's name, a number and a link.
Manners: over verified TLS; to a private address only if the settings allow it; no redirect; one
    POST a try, and the receiver knows a second one by its id.
Format: Standard Webhooks 1.0 (HMAC-SHA-256 over id, time and body); JSON.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable
from datetime import datetime

from cautery.errors import InputError, RefusedError, SourceError
from cautery.model import Limits, Secret, host_of, iso
from cautery.model.alert import Alert
from cautery.model.ports import VerifiedFetcher

_PREFIX = "whsec_"
_LEAST, _MOST = 24, 64
"""Bytes of a secret, as the specification has it."""
_LIMITS = Limits(max_bytes=65_536, total_s=20.0, connect_s=5.0, redirects=0)


class Webhook:
    """One receiver (port :class:`~cautery.workflows.alerts.ports.Way`).

    Parameters
    ----------
    secret : Secret
        ``whsec_`` and base64, as the receiver has it.

    Raises
    ------
    InputError
        If it is no such secret.
    """

    def __init__(
        self,
        name: str,
        url: str,
        secret: Secret,
        fetcher: VerifiedFetcher,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self.name = name
        self._url, self._fetcher, self._now = url, fetcher, now
        self._key = secret_bytes(secret)

    async def send(self, alert: Alert) -> None:
        """Hand an alert in, once.

        Raises
        ------
        RefusedError
            If it is refused for good.
        SourceError
            If it was not taken now.
        """
        body = body_of(alert)
        response = await self._fetcher.fetch(
            self._url,
            limits=_LIMITS,
            method="POST",
            body=body,
            headers=signed_headers(self._key, alert.id, body, now=self._now()),
        )
        if response.status // 100 == 2:
            return
        what = f"{host_of(self._url)} answered {response.status}"
        # 410: the specification lets a receiver end it so. What may pass is tried again.
        if response.status in (408, 425, 429) or response.status >= 500:
            raise SourceError(what)
        raise RefusedError(what)


def body_of(alert: Alert) -> bytes:
    """Return the bytes that are sent: no host, no person, no title."""
    return json.dumps(
        {
            "type": f"case.{alert.rule}",
            "timestamp": iso(alert.at),
            "data": {
                "case": alert.case,
                "count": alert.count,
                "text": alert.text,
                "link": alert.link,
            },
        }
    ).encode()


def signed_headers(key: bytes, id: str, body: bytes, *, now: datetime) -> list[tuple[str, str]]:
    """Return the headers of one try: id, time, and the signature over both and the body."""
    at = str(int(now.timestamp()))
    mac = hmac.digest(key, f"{id}.{at}.".encode() + body, "sha256")
    return [
        ("Content-Type", "application/json"),
        ("webhook-id", id),
        ("webhook-timestamp", at),
        ("webhook-signature", f"v1,{base64.b64encode(mac).decode()}"),
    ]


def secret_bytes(secret: Secret) -> bytes:
    """Return the key in a secret.

    Raises
    ------
    InputError
        If it is none; it is not quoted.
    """
    text = secret.reveal()
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(_PREFIX) or not _LEAST <= len(key) <= _MOST:
        raise InputError(
            f"the secret of a webhook is {_PREFIX} and {_LEAST} to {_MOST} bytes in base64",
            hint="Make one: cautery alerts secret",
        )
    return key
