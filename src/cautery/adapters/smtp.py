"""Sends mail through our mail server, signed with our domain's key.

Reaches: the mail server that the sender's file of settings names, and nothing else.
Lawful basis: the notice in the mail, which a second person has approved.
Manners: one connection a mail; what is refused for now is tried again after longer and longer
    waits, what is refused for good is not. TLS is verified; without it only this machine is asked.
Format: RFC 5321 (SMTP), RFC 3207 and 8314 (TLS), RFC 6376 (DKIM).
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Any

from cautery.act.ports import Delivery
from cautery.errors import InputError, RefusedError, SourceError, UnansweredError
from cautery.model import Secret, hide_at_birth, revealed

WAITS_S = (5.0, 30.0, 120.0, 600.0)
"""Before each further try: a server that greylists wants minutes (RFC 6647, section 4)."""
TIMEOUT_S = 30.0
_SIGNED = (b"from", b"to", b"reply-to", b"subject", b"date", b"message-id", b"in-reply-to",
           b"references", b"mime-version", b"content-type", b"content-transfer-encoding", b"cc",
           b"sender")  # fmt: skip
"""Each is signed once more than the mail has it (RFC 6376, section 8.15): a field that is added on
the way, which readers would show instead of ours, breaks the signature."""


class Security(StrEnum):
    """How a connection to a mail server is secured."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dkim:
    """Our domain's key for mail.

    Parameters
    ----------
    domain, selector : str
        Under which the public key stands in the DNS.
    key : Secret
        The RSA private key, PEM.
    """

    domain: str
    selector: str
    key: Secret

    def __post_init__(self) -> None:
        hide_at_birth(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Our mail server, and the address that we send from.

    Parameters
    ----------
    ca : str or None
        PEM file of the only authorities that may vouch for it; ``None``: the system's.

    Raises
    ------
    InputError
        If it would be asked without TLS, and is not this machine.
    """

    host: str
    port: int
    security: Security
    sender: str
    username: str | None = None
    password: Secret | None = None
    ca: str | None = None
    dkim: Dkim | None = None

    def __post_init__(self) -> None:
        hide_at_birth(self)
        if self.security is Security.NONE and not _is_loopback(self.host):
            raise InputError(
                f"{self.host}: mail leaves this machine over TLS alone",
                hint='Write security = "starttls" or "tls".',
            )


class SmtpPostbox:
    """Sends through one mail server; fulfils :class:`cautery.act.ports.Postbox`.

    Parameters
    ----------
    waits_s : sequence of float
        Seconds before each further try.
    sleep : callable
        Waits.

    Raises
    ------
    InputError
        If the packages for mail are not installed, or the file of authorities cannot be read.
    """

    def __init__(
        self,
        server: MailServer,
        *,
        waits_s: Sequence[float] = WAITS_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._server = server
        self._waits_s = waits_s
        self._sleep = sleep
        self._smtp = required("aiosmtplib")
        self._context = None if server.security is Security.NONE else verifying_context(server.ca)

    @property
    def sender(self) -> str:
        """The mail address that mails come from."""
        return self._server.sender

    def signed(self, mail: bytes) -> bytes:
        """Return a mail under a DKIM signature, if there is a key.

        Raises
        ------
        InputError
            If the key cannot be used.
        """
        key = self._server.dkim
        if key is None:
            return mail
        dkim = required("dkim")
        head = b"\n" + mail.partition(b"\r\n\r\n")[0].lower()
        header_names = [name for name in _SIGNED if b"\n" + name + b":" in head]
        try:
            header: bytes = dkim.sign(
                mail,
                key.selector.encode("ascii"),
                key.domain.encode("ascii"),
                key.key.reveal().encode("ascii"),
                canonicalize=(b"relaxed", b"relaxed"),
                # Each once more than the mail has it, so that nobody can add another (RFC 6376,
                # 8.15).
                include_headers=[*header_names, *_SIGNED],
            )
        except (dkim.DKIMException, UnicodeEncodeError) as error:
            raise InputError(f"the DKIM key cannot sign: {type(error).__name__}") from None
        return header + mail

    async def send(
        self, mail: bytes, *, to: str, before: Callable[[], None] = lambda: None
    ) -> Delivery:
        """Hand a mail over; what is refused for now is tried again.

        Parameters
        ----------
        before : callable
            Called before each try; it raises where the mail may not leave any more.

        Raises
        ------
        SourceError
            If it is refused for good, or still after the last try.
        RefusedError
            If the server refuses this receiver or this mail for good.
        UnansweredError
            If it may have been taken: the server broke off. Then it is not tried again.
        """
        for tries, wait_s in enumerate((*self._waits_s, None), start=1):
            before()
            is_begun = False
            try:
                async with self._client() as client:
                    is_begun = True
                    _, answer = await client.sendmail(self._server.sender, [to], mail)
            except (self._smtp.SMTPException, OSError, ssl.SSLError) as error:
                code = _code(error)
                # Not tried again: who has taken it already would get it twice. Whoever is on the
                # way can break TLS after that, so no kind of error says that it was not taken.
                unanswered = code is None and is_begun
                final = unanswered or (code is not None and code >= 500)
                final |= isinstance(error, ssl.SSLCertVerificationError)
                final |= isinstance(error.__cause__, ssl.SSLCertVerificationError)
                if final or wait_s is None:
                    raise self._kind_of(error, unanswered=unanswered)(
                        f"{self._server.host} did not take the mail ({tries} "
                        f"{'try' if tries == 1 else 'tries'}): {_words(error)}"
                    ) from None
                await self._sleep(wait_s)
            else:
                return Delivery(tries=tries, answer=_printable(str(answer)))
        raise AssertionError

    def _kind_of(self, error: BaseException, *, unanswered: bool) -> type[SourceError]:
        if unanswered:
            return UnansweredError
        of_mail = (self._smtp.SMTPRecipientsRefused, self._smtp.SMTPDataError)
        # RFC 5321, 4.2.1: 5yz is final, 4yz may be tried again.
        is_final = (_code(error) or 0) >= 500
        return RefusedError if is_final and isinstance(error, of_mail) else SourceError

    def _client(self) -> Any:
        server = self._server
        return self._smtp.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=revealed(server.password),
            use_tls=server.security is Security.TLS,
            start_tls=server.security is Security.STARTTLS,
            tls_context=self._context,
            timeout=TIMEOUT_S,
        )


def required(module: str) -> Any:
    """Return a module of the extra for mail.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(
            f"sending notices needs the package {module}, which is not installed",
            hint="pip install 'cautery[mail]'",
        ) from error


def verifying_context(ca: str | None) -> ssl.SSLContext:
    """Return a context that verifies who answers, by the system's authorities or by ``ca``.

    Raises
    ------
    InputError
        If the file of authorities cannot be read.
    """
    # Not create_default_context: it heeds SSLKEYLOGFILE, so one variable would give secrets away.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if ca is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(ca)
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"{ca} contains no readable PEM certificate") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _code(error: BaseException) -> int | None:
    """Return the reply code of a refusal, also of one recipient's; ``None``: it has none."""
    refused = getattr(error, "recipients", None) or (error,)
    code = getattr(refused[0], "code", None)
    return code if isinstance(code, int) else None


def _words(error: BaseException) -> str:
    code, refused = _code(error), getattr(error, "recipients", None) or (error,)
    if isinstance(error, required("aiosmtplib").SMTPAuthenticationError):
        return f"{code}: it does not take our login"  # its own words may repeat that
    text = getattr(refused[0], "message", None) or str(error) or type(error).__name__
    return _printable(f"{code} {text}" if code else str(text))


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text[:300])
