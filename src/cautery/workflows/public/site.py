"""The public pages: look-up, complaints, figures. What is not here is not public."""

from __future__ import annotations

from datetime import datetime

from cautery.errors import InputError
from cautery.messages import tr
from cautery.model import iso
from cautery.model.web import Answered, Asked, neighbourhood
from cautery.pages.public import Desk
from cautery.workflows.public.answers import as_json, block_shown, page, refusal
from cautery.workflows.public.complaints import ComplaintDesk
from cautery.workflows.public.fairness import Fairness
from cautery.workflows.public.figures import FiguresDesk
from cautery.workflows.public.lookup import LookUp, target_of
from cautery.workflows.public.tongues import in_tongue


class Site:
    """The public pages over some folders."""

    def __init__(self, look_up: LookUp, desk: Desk) -> None:
        self._look_up = look_up
        self._desk = desk
        self._complaints = ComplaintDesk(look_up, desk)
        self._figures = FiguresDesk(look_up, desk)
        self._fair = Fairness(per_s=1.0, burst=30)

    def answer(self, asked: Asked, now: datetime) -> Answered:
        """Answer any request."""
        return in_tongue(asked, lambda: self._answer(asked, now))

    def _answer(self, asked: Asked, now: datetime) -> Answered:
        if not self._fair.admits(neighbourhood(asked.address), now.timestamp()):
            return refusal(
                self._desk,
                status=429,
                heading=tr("Too many questions from your network"),
                words=tr("Wait a minute, then ask again."),
                rule="too-often",
                later_s=30,
            )
        if asked.path == "/complaint" or asked.path.startswith("/complaint/"):
            return self._complaints.answer(asked, now)
        if asked.method == "POST":
            return Answered(status=405, headers={"Allow": "GET, HEAD"})
        if asked.path == "/":
            return self._home(asked, now)
        if asked.path == "/lookup.json":
            return self._lookup(asked, now)
        if asked.path.startswith("/transparency"):
            return self._figures.answer(asked)
        return refusal(
            self._desk,
            status=404,
            heading=tr("There is no such page"),
            words=tr("Begin with the look-up."),
            rule="",
        )

    def _home(self, asked: Asked, now: datetime) -> Answered:
        question, target, fault = asked.query.get("q", "").strip(), "", False
        try:
            target = target_of(question) if question else ""
        except InputError:
            fault = True
        blocks = self._look_up.blocks(target, now) if target else ()
        return page(
            "home",
            self._desk,
            keeps=not question,
            asked=question[:2_000],
            target=target,
            fault=fault,
            blocks=[block_shown(block) for block in blocks],
            secrets=self._look_up.keeps_secrets,
        )

    def _lookup(self, asked: Asked, now: datetime) -> Answered:
        try:
            target = target_of(asked.query.get("q", ""))
        except InputError as error:
            return as_json({"error": str(error)}, status=422)
        blocks = self._look_up.blocks(target, now)
        return as_json(
            {
                "target": target,
                "at": iso(now),
                "blocks": [
                    {
                        "lever": block.lever,
                        "territory": block.territory,
                        "order": block.order,
                        "authority": block.authority,
                        "asked_for_by": block.who,
                        "until": iso(block.until),
                        "ask": self._desk.contact,
                        "complain": f"{self._desk.url}/complaint?target={target}",
                    }
                    for block in blocks
                ],
                "some_lists_are_secret": self._look_up.keeps_secrets,
            }
        )
