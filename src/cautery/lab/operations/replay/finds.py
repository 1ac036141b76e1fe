"""What searches of the replay find: entered with its custody, moved on at the day's end."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from cautery.adapters.typst_pdf import compile_pdf
from cautery.errors import InputError
from cautery.lab.operations.chance import token
from cautery.lab.operations.coins import address
from cautery.lab.operations.replay.story import Story
from cautery.lab.operations.spec import Find
from cautery.model import (
    Competence,
    CustodyAct,
    CustodyEntry,
    ExhibitKind,
    ScheduledStep,
    SeizedExhibit,
    StepKind,
)
from cautery.operation.labels import label_sheet_typst
from cautery.operation.register import ValueMoved
from cautery.workflows.operation.record_findings import record_finding, suggested_findings
from cautery.workflows.operation.register_book import Book
from cautery.workflows.operation.register_exhibits import (
    move_exhibit,
    move_value,
    register_exhibits,
)

_FEE = Decimal("0.0001")


class Finds:
    """Enters what searches find, and keeps its custody."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self.book = Book(story.lead)
        self._waiting: defaultdict[str, list[Find]] = defaultdict(list)
        for find in story.world.finds:
            self._waiting[find.search].append(find)
        self._numbers: defaultdict[str, int] = defaultdict(int)
        self._places = {search.id: search.place for search in story.world.searches}

    def at(self, planned: ScheduledStep) -> None:
        """Enter what a search that is done has found."""
        if planned.step.kind is not StepKind.SEARCH:
            return
        search = planned.step.id.removeprefix("search-")
        finds = self._waiting.pop(search, [])
        if not finds:
            return
        entries = [self._exhibit(find, planned) for find in finds]
        register_exhibits(
            self._story.lead,
            [(entry, None, None) for entry in entries],
            at=self._story.clock.now(),
            book=self.book,
        )

    def close(self) -> None:
        """Store everything, move coins to the state's wallet, and note links to other crimes."""
        story, book = self._story, self.book
        now = story.clock.now()
        links, coins = [], []
        for number, line in book.register.lines.items():
            exhibit = line.exhibit
            links.append(
                CustodyEntry(
                    number=number,
                    act=CustodyAct.STORED,
                    at=now,
                    giver=line.holder,
                    taker=f"{exhibit.agency} evidence store",
                    place=f"{exhibit.agency} evidence store",
                    reason="end of the action day",
                    seal=line.seal,
                )
            )
            if exhibit.kind is ExhibitKind.WALLET:
                coins.append(exhibit)
        move_exhibit(story.lead, *links, at=now, book=book)
        for exhibit in coins:
            asset = str(exhibit.details["asset"])
            amount = Decimal(str(exhibit.details["amount"]))
            fee = min(_FEE, amount / 100)
            move_value(
                story.lead,
                ValueMoved(
                    number=exhibit.number,
                    asset=asset,
                    amount=amount - fee,
                    fee=fee,
                    to=address(asset, story.world.seed, "state", exhibit.agency),
                    transfer=token(story.world.seed, "to-state", exhibit.number, length=64),
                    at=now,
                    by=f"{exhibit.agency} asset recovery",
                ),
                at=now,
                book=book,
            )
        case, lines = story.lead.case, book.register.lines.values()
        sheet = label_sheet_typst(lines, operation=story.operation.id, lab=True)
        case.write("labels.pdf", compile_pdf(sheet))
        findings = suggested_findings(story.lead, tags=story.world.tags, book=book)
        for finding in findings:
            record_finding(story.lead, finding, book=book)
        story.tell(
            "exhibits",
            f"{len(book.register)} exhibits in the register, each with its custody; "
            f"{len(coins)} wallets moved to the state; {len(findings)} links to other crimes",
            exhibits=len(book.register),
        )

    def _exhibit(self, find: Find, planned: ScheduledStep) -> SeizedExhibit:
        agency = self._story.operation.agency(find.agency)
        if not agency.may(Competence.SEIZE):
            raise InputError(f"agency {agency.id} may not seize")
        self._numbers[agency.country] += 1
        number = self._numbers[agency.country]
        now = self._story.clock.now()
        at = min(now, planned.starts_at + timedelta(minutes=find.delay_min))
        seal = token(self._story.world.seed, "seal", agency.id, number, length=8).upper()
        return SeizedExhibit(
            number=f"{agency.country}-{number:04d}",
            kind=find.kind,
            search=find.search,
            agency=find.agency,
            description=find.description,
            place=self._places[find.search],
            finder=f"team {find.search}",
            seal=f"{agency.country}{seal}",
            seized_at=at,
            count=find.count,
            value=find.value,
            valued_at=at if find.value is not None else None,
            details=find.details,
        )
