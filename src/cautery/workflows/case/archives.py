"""Transactions as archives of a case: what may lie in the open, and what lies there already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from cautery import __version__
from cautery.evidence.warc import MEDIA_TYPE, write_warc
from cautery.model import Exchange, ExhibitId, Location, OwnLocation, Pseudonyms, digest_of
from cautery.model.own_secrets import OwnSecrets
from cautery.workflows.case.transactions import (
    MOST_TEXT,
    Budget,
    Payloads,
    in_the_open,
    shows_persons,
)


class Seal(Protocol):
    """Seals bytes, and records that."""

    def __call__(
        self,
        data: bytes,
        *,
        what: str,
        media_type: str,
        at: datetime,
        url: str | Location | None = None,
        confidential: bool = False,
    ) -> ExhibitId:
        """See :meth:`cautery.workflows.case.journal.Journal.seal`."""


class Archives:
    """Makes the archives of one case; safe from several threads at once.

    Parameters
    ----------
    seal : callable
        Where an archive goes.
    subject : callable
        Under whose key an archive is encrypted, from its first URL and what it is.
    secrets : OwnSecrets
        What must stand in no archive that lies in the open.
    payloads : Payloads or None
        What lies in archives of the case already, where others make some, too.
    """

    def __init__(
        self,
        seal: Seal,
        *,
        subject: Callable[[str | Location, str], str],
        secrets: OwnSecrets,
        pseudonyms: Pseudonyms,
        payloads: Payloads | None = None,
    ) -> None:
        self._seal = seal
        self._subject = subject
        self._secrets = secrets
        self._pseudonyms = pseudonyms
        self._payloads = payloads or Payloads()

    def seal(
        self, exchanges: Sequence[Exchange], *, what: str, confidential: bool, own: bool = False
    ) -> tuple[ExhibitId, ...]:
        """See :meth:`cautery.workflows.case.journal.Journal.seal_exchanges`."""
        budget = Budget()
        confidential = confidential or any(
            self._must_be_hidden(exchange, budget) for exchange in exchanges
        )
        return self._archived(exchanges, what=what, confidential=confidential, own=own)

    def seal_sorted(
        self, answers: Sequence[Sequence[Exchange]], *, what: str
    ) -> tuple[ExhibitId, ...]:
        """Seal the answers that may lie in the open as one archive, and each other one alone."""
        in_clear, exhibits, budget = list[Exchange](), list[ExhibitId](), Budget()
        for exchanges in answers:
            if any(self._must_be_hidden(exchange, budget) for exchange in exchanges):
                exhibits += self._archived(exchanges, what=what, confidential=True)
            else:
                in_clear += exchanges
        if in_clear:
            exhibits += self._archived(in_clear, what=what, confidential=False)
        return tuple(dict.fromkeys(exhibits))

    def _archived(
        self, exchanges: Sequence[Exchange], *, what: str, confidential: bool, own: bool = False
    ) -> tuple[ExhibitId, ...]:
        first = exchanges[0]
        url = OwnLocation(first.url) if own else Location(first.url)
        subject = self._subject(url, what) if confidential else ""
        sealed = exchanges
        if not confidential:
            sealed = [self._in_the_open(exchange) for exchange in exchanges]
        digests = [digest_of(exchange.payload) for exchange in sealed]
        with self._payloads.lock:
            earlier, beside = self._payloads.earlier(sealed, digests, subject)
        about = {"software": f"Cautery {__version__}", "isPartOf": what}
        if not confidential:
            about["description"] = (
                "URLs and headers redacted by keyed hashes (~...); payloads as received"
            )
        exhibit = self._seal(
            write_warc(sealed, about=about, earlier=earlier, digests=digests),
            what=what,
            media_type=MEDIA_TYPE,
            at=first.asked_at,
            url=url,
            confidential=confidential,
        )
        with self._payloads.lock:
            # Only now, so that nothing refers to an archive that is not sealed yet. Two threads may
            # keep the same payload twice meanwhile; that costs room alone.
            self._payloads.remember(sealed, digests, subject, exhibit)
        return (exhibit, *(warc for warc in beside if warc != exhibit))

    def _must_be_hidden(self, exchange: Exchange, budget: Budget) -> bool:
        return shows_persons(exchange, budget) or self._secrets.stand_in(
            exchange.payload[:MOST_TEXT]
        )

    def _in_the_open(self, exchange: Exchange) -> Exchange:
        opened = in_the_open(exchange, self._pseudonyms)
        headers = tuple((name, self._secrets.scrubbed(value)) for name, value in opened.headers)
        return replace(opened, headers=headers)
