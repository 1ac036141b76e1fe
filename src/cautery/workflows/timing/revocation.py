"""Ask whether the certificates of a time-stamp were revoked: by OCSP, and else by their lists.

An answer is kept for an hour: a watch asks each authority once a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from cryptography import x509

from cautery.errors import EvidenceError, SourceError
from cautery.evidence.outside.revocation import (
    MAX_CRL_BYTES,
    MAX_OCSP_BYTES,
    Revocations,
    RevokedError,
    crl_urls,
    ocsp_request,
    ocsp_urls,
    path_of,
)
from cautery.evidence.outside.stamps import chain_of, decoded, signing_certificate
from cautery.model import Limits
from cautery.model.ports import Fetcher

_KEPT = timedelta(hours=1)
_MOST_PLACES = 2
"""Of each kind that a certificate names. Judgement: the second is there if the first is down."""
_MOST_KEPT = 16
"""Answers that are kept for the next minutes."""
_OCSP_TYPE = "application/ocsp-request"


class Revocation:
    """Asks, and keeps answers.

    Parameters
    ----------
    fetcher : Fetcher
        Answers prove themselves by their signatures, so anybody may bring them.
    now : callable
        The clock's time.
    within_s : float
        Seconds for one answer.
    """

    def __init__(self, fetcher: Fetcher, *, now: Callable[[], datetime], within_s: float) -> None:
        self._fetcher = fetcher
        self._now = now
        self._within_s = within_s
        self._kept: dict[tuple[str, bytes], tuple[datetime, bytes]] = {}

    async def answers(self, stamp: bytes, roots: Sequence[x509.Certificate]) -> tuple[bytes, ...]:
        """Return what says of a time-stamp's certificates whether they were revoked.

        One that cannot be had is done without: the time-stamp says what it says.

        Parameters
        ----------
        stamp : bytes
            The authority's answer, DER.

        Raises
        ------
        EvidenceError
            If the time-stamp cannot be read.
        """
        response = decoded(stamp)
        path = path_of(signing_certificate(response), roots=roots, others=chain_of(response))
        found: dict[bytes, None] = {}
        for certificate, issuer in path:
            for url, question in _questions(certificate, issuer):
                answer = await self._answer(url, question, certificate, issuer)
                if answer is not None:
                    found[answer] = None
                    break
        return tuple(found)

    async def _answer(
        self, url: str, question: bytes, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> bytes | None:
        """Return an answer that holds now, or that the certificate was revoked; ``None``: none."""
        until, answer = self._kept.get((url, question), (None, b""))
        is_new = until is None or until < self._now()
        try:
            if is_new:
                answer = await self._fetch(url, question)
            if not Revocations().known_good(
                certificate, issuer=issuer, at=self._now(), answers=(answer,)
            ):
                return None
        except RevokedError:
            pass  # it is kept with the time-stamp, which is refused for it
        except (SourceError, EvidenceError):
            return None
        if is_new:
            self._kept[url, question] = (self._now() + _KEPT, answer)
            while len(self._kept) > _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        return answer

    async def _fetch(self, url: str, question: bytes) -> bytes:
        most = MAX_OCSP_BYTES if question else MAX_CRL_BYTES
        limits = Limits(max_bytes=most, total_s=self._within_s, connect_s=4.0, redirects=2)
        if question:
            response = await self._fetcher.fetch(
                url,
                limits=limits,
                method="POST",
                body=question,
                headers=[("Content-Type", _OCSP_TYPE)],
            )
        else:
            response = await self._fetcher.fetch(url, limits=limits)
        if response.status != 200:
            raise SourceError(f"it answered with status {response.status}")
        return response.body


def _questions(certificate: x509.Certificate, issuer: x509.Certificate) -> list[tuple[str, bytes]]:
    """Return where to ask and with what: responders first, whose answers are small; then lists."""
    responders = ocsp_urls(certificate)[:_MOST_PLACES]
    question = ocsp_request(certificate, issuer) if responders else b""
    return [
        *((url, question) for url in responders),
        *((url, b"") for url in crl_urls(certificate)[:_MOST_PLACES]),
    ]
