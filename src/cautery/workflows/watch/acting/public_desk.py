"""The public folder of a watch: what it shows, and what comes back through it.

Acknowledgements of providers and complaints are taken out every few seconds; figures and the state
of each complaint are put in. Of a case with decoys there are no figures before these are revealed.
A folder that cannot be used is a failure on record, and the watch goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from cautery.act.ports import PublicFiles
from cautery.errors import CauteryError, InputError, StorageError
from cautery.model import Mandate
from cautery.model.ports import Ledger
from cautery.projections.figures import Figures
from cautery.workflows.case.complaints import show_state, states, take_in
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.public_about import about_case
from cautery.workflows.case.public_figures import figures_file, read_on, shown_figures
from cautery.workflows.case.public_lists import AnswersIn
from cautery.workflows.public.about import ABOUT
from cautery.workflows.public.figures import FIGURES
from cautery.workflows.watch.acting.lists import Lists

TAKEN_S = 2.0
"""What came in is taken out after so long at the latest; a receipt is given before."""
SHOWN_S = 30.0
"""Figures are shown anew after so long."""
_MOST_FAULTS = 100
_REFUSED_S = 60.0


class PublicDesk:
    """Fills a public folder, and empties what came into it."""

    def __init__(
        self,
        files: PublicFiles,
        mandate: Mandate,
        *,
        lists: Lists,
        ledger: Ledger,
        journal: Journal,
    ) -> None:
        self._files = files
        self._answers = AnswersIn(files)
        self._mandate = mandate
        self._lists = lists
        self._ledger = ledger
        self._journal = journal
        self._figures = Figures()
        self._shown: dict[str, object] = {}
        self._recorded: set[str] = set()
        self._refused: list[str] = []
        self._refuse_at: datetime | None = None

    async def work(self) -> None:
        """Do all that, for ever."""
        await self._try(self._introduce)
        show_at: datetime | None = None
        while True:
            now = self._journal.now()
            await self._take()
            if show_at is None or now >= show_at:
                show_at = now + timedelta(seconds=SHOWN_S)
                await self._try(self._show)
            await asyncio.sleep(TAKEN_S)

    async def finish(self) -> None:
        """Before the end: take in what is there, and show the last figures."""
        await self._take()
        self._refuse((), last=True)
        await self._try(self._show)

    async def _take(self) -> None:
        try:
            for answer in await asyncio.to_thread(self._answers.take, self._journal.now()):
                await self._lists.hear(answer)
        except CauteryError as error:
            self._fail(error)
        await self._try(self._take_complaints)

    async def _try(self, work: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(work)
        except CauteryError as error:
            self._fail(error)

    def _fail(self, error: CauteryError) -> None:
        """Record a fault once, not every two seconds."""
        if str(error) not in self._recorded and len(self._recorded) < _MOST_FAULTS:
            self._recorded.add(str(error))
            self._journal.fail("public folder", "case", error)

    def _refuse(self, why: Sequence[str], *, last: bool = False) -> None:
        """Record once a minute how many files were no complaints: anybody can send in thousands."""
        self._refused += why
        now = self._journal.now()
        if self._refused and (last or self._refuse_at is None or now >= self._refuse_at):
            self._refuse_at = now + timedelta(seconds=_REFUSED_S)
            words = (
                f"files that were no complaints: {len(self._refused)}, such as {self._refused[0]}"
            )
            self._journal.fail("complaint", "public folder", InputError(words))
            self._refused.clear()

    def _introduce(self) -> None:
        self._files.write(ABOUT, about_case(self._mandate))

    def _take_complaints(self) -> None:
        taken = take_in(self._ledger, self._journal, self._files)
        for why in taken.unread:
            self._fail(StorageError(why))
        self._refuse(taken.refused)
        read_on(self._figures, self._ledger)
        for filed, decided in states(self._figures.complaints):
            if decided is not None and self._shown.get(filed.complaint) != decided:
                show_state(self._files, filed, decided, secret=False)
                self._shown[filed.complaint] = decided

    def _show(self) -> None:
        figures = shown_figures(self._figures, self._ledger)
        if figures is not None:
            self._files.write(FIGURES, figures_file(figures, self._mandate, self._journal.now()))
