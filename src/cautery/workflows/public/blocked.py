"""What a visitor sees whose access provider leads a blocked name here: RFC 7725, in plain words.

For port 80 alone: to answer for a name over HTTPS would take a false certificate.
"""

from __future__ import annotations

from datetime import datetime

from cautery.errors import InputError
from cautery.messages import tr
from cautery.model.web import Answered, Asked, neighbourhood
from cautery.pages.public import Desk
from cautery.workflows.public.answers import block_shown, page
from cautery.workflows.public.fairness import Fairness
from cautery.workflows.public.lookup import LookUp, target_of
from cautery.workflows.public.tongues import in_tongue


class BlockedPage:
    """Answers for names that are blocked.

    Parameters
    ----------
    by : str
        URL of the access provider, which carries the block out; RFC 7725 names it in ``Link``.
    provider : str
        The access provider's name.
    """

    def __init__(self, look_up: LookUp, desk: Desk, *, by: str, provider: str) -> None:
        self._look_up = look_up
        self._desk = desk
        self._by = by
        self._provider = provider
        self._fair = Fairness(per_s=5.0, burst=50)

    def answer(self, asked: Asked, now: datetime) -> Answered:
        """Answer any request for a name that leads here."""
        return in_tongue(asked, lambda: self._answer(asked, now))

    def _answer(self, asked: Asked, now: datetime) -> Answered:
        if not self._fair.admits(neighbourhood(asked.address), now.timestamp()):
            return Answered(status=429, headers={"Retry-After": "10"})
        try:
            target = target_of(asked.host)
        except InputError:
            target = ""
        blocks = self._look_up.blocks(target, now)
        # Where an order is secret, a name on no list gets the page of a blocked name as well: a
        # 404 would tell the one from the other.
        if not blocks and not self._look_up.keeps_secrets:
            return page(
                "notice",
                self._desk,
                status=404,
                root=self._desk.url,
                heading=tr("This name is not blocked here"),
                words=tr(
                    "No list of ours has it, or its block has just ended. Wait a minute and load "
                    "the page again: your access provider may lead you here until then."
                ),
                rule="",
            )
        return page(
            "blocked",
            self._desk,
            status=451,
            headers={"Link": f'<{self._by}>; rel="blocked-by"'},
            root=self._desk.url,
            blocks=[block_shown(block) for block in blocks],
            target=target if blocks else "",
            provider=self._provider,
        )
