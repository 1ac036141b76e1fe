"""Hands XARF reports to an addressee's API, in the manner of AWS's Abuse Signal.

Reaches: the URL that the sender's file of settings names, and nothing else.
Lawful basis: the notice that the report is of, which a second person has approved.
Manners: one POST a report, to nobody who does not prove over TLS to be the host; no redirect; what
    is refused for now is tried again after longer and longer waits.
Format: XARF 4.2 JSON by POST; any 2xx is an acceptance.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from cautery.act.ports import Delivery
from cautery.adapters.smtp import required
from cautery.errors import (
    CauteryError,
    InputError,
    SourceError,
    UnansweredError,
    UnprovenError,
)
from cautery.json_text import parsed_json
from cautery.model import Limits, Secret, host_of
from cautery.model.ports import VerifiedFetcher

WAITS_S = (5.0, 30.0, 120.0)
_LIMITS = Limits(max_bytes=65_536, total_s=20.0, connect_s=5.0, redirects=0)


class XarfApi:
    """Posts reports to one URL; fulfils :class:`cautery.act.ports.ReportApi`.

    Parameters
    ----------
    token : Secret or None
        Bearer token; ``None``: none.
    waits_s : sequence of float
        Seconds before each further try.
    """

    def __init__(
        self,
        url: str,
        fetcher: VerifiedFetcher,
        *,
        token: Secret | None = None,
        waits_s: Sequence[float] = WAITS_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._url = url
        self._fetcher = fetcher
        self._token = token
        self._waits_s = waits_s
        self._sleep = sleep

    @property
    def host(self) -> str:
        """The host that takes reports."""
        return host_of(self._url)

    async def hand_in(
        self, report: bytes, *, before: Callable[[], None] = lambda: None
    ) -> Delivery:
        """Hand one report in; the server may know it by its id, so that none counts twice.

        Parameters
        ----------
        before : callable
            Called before each try; it raises where the report may not leave any more.

        Raises
        ------
        InputError
            If the report does not fit its published schema.
        SourceError
            If it is refused for good, or still after the last try.
        UnansweredError
            If it may have been taken: in one of the tries there was no answer.
        """
        check_report(report)
        headers = [("Content-Type", "application/json")]
        if self._token is not None:
            headers.append(("Authorization", f"Bearer {self._token.reveal()}"))
        unanswered = False
        for tries, wait_s in enumerate((*self._waits_s, None), start=1):
            _ask(before, unanswered=unanswered)
            why = ""
            try:
                response = await self._fetcher.fetch(
                    self._url, limits=_LIMITS, method="POST", body=report, headers=headers
                )
            except SourceError as error:
                why = str(error)
                unanswered |= not isinstance(error, UnprovenError)
            else:
                if response.status // 100 == 2:
                    return Delivery(tries=tries, answer=str(response.status))
                why = f"{self.host} answered {response.status}"
                # 408, 425, 429 and what the server blames on itself may be tried again (RFC 9110,
                # 8470, 6585).
                if response.status not in (408, 425, 429) and response.status < 500:
                    raise (UnansweredError if unanswered else SourceError)(why)
            if wait_s is None:
                raise (UnansweredError if unanswered else SourceError)(f"{why} ({tries} tries)")
            await self._sleep(wait_s)
        raise AssertionError


def check_report(report: bytes) -> None:
    """Raise if a report does not fit XARF's published schema.

    Raises
    ------
    InputError
        With the first thing that does not fit.
    """
    xarf = required("xarf")
    parsed = xarf.parse(parsed_json(report))
    if parsed.errors:
        first = parsed.errors[0]
        raise InputError(f"the XARF report does not fit its schema: {first.field}: {first.message}")


def _ask(before: Callable[[], None], *, unanswered: bool) -> None:
    """Ask before a try whether it may still be made.

    Raises
    ------
    UnansweredError
        If it may not, and an earlier one may have arrived.
    CauteryError
        As ``before`` says, if none has.
    """
    try:
        before()
    except CauteryError as error:
        if unanswered:
            raise UnansweredError(f"{error}; an earlier try may have arrived") from error
        raise
