"""The desk of the agency that leads an operation, with what two others said, know and may not know."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.model import (
    Agency,
    AgencyRole,
    ClockOffset,
    Competence,
    Criterion,
    CustodyAct,
    CustodyEntry,
    ExhibitKind,
    HandlingCode,
    Marking,
    Money,
    Operation,
    Pap,
    SeizedExhibit,
    Statement,
    StatementKind,
    Step,
    StepKind,
    Tlp,
)
from cautery.operation.register import ValueMoved
from cautery.operation.schedule import schedule
from cautery.workflows.operation.course import record_joined
from cautery.workflows.operation.day_records import record_day
from cautery.workflows.operation.deconflict import deconflict_desks
from cautery.workflows.operation.desk import Desk, open_desk
from cautery.workflows.operation.partners import register_partner
from cautery.workflows.operation.receive import receive
from cautery.workflows.operation.register_exhibits import (
    correct_exhibit,
    move_exhibit,
    move_value,
    register_exhibits,
)
from cautery.workflows.operation.share import add_statements, share

ROME, SOFIA, HAGUE, ADVISER = "it-postal", "bg-gdbop", "nl-fiod", "league"
CASE = "op-rome"
SECRET = "the mole in the data centre"
"""What Sofia may not know, in any form."""
TARGET, SHARED, OWN, TOLD = (
    "host:secret.example",
    "host:shared.example",
    "host:sofia.example",
    "host:told.example",
)
_MAY = {"investigate", "search", "arrest", "seize", "freeze", "preserve", "block"}


DOMAIN, BRAND = "shown-tv.example", "Shown TV"
"""What Rome took over, and what everybody may read of it."""
SEIZED_SECRET, GIVEN_SECRET = "hardware wallet of the mole", "laboratory of the decree"
"""What was seized by Rome, and who has what Sofia gave away: nothing of Sofia's."""
PHOTO = b"\x89PNG\r\n\x1a\n" + bytes(40)
_WALLET, _STATE = (
    "bc1qhjgxes4hvrql7wvkqd02y3gexvxyckkhrw8xge",
    "bc1qfh2nlvd8q9gsa79ngs2exf0u8atyd42hlrmyl3",
)


def table() -> list[Agency]:
    rows = [
        (ROME, "Polizia Postale", "IT", AgencyRole.LEAD, _MAY, "Europe/Rome"),
        (SOFIA, "GDBOP Sofia", "BG", AgencyRole.PARTICIPANT, _MAY, "Europe/Sofia"),
        (HAGUE, "FIOD", "NL", AgencyRole.PARTICIPANT, _MAY, "Europe/Amsterdam"),
        (ADVISER, "The league", "IT", AgencyRole.INDUSTRY, {"advise"}, "Europe/Rome"),
    ]
    return [
        Agency(
            id=agency,
            name=name,
            country=country,
            role=role,
            competence=frozenset(map(Competence, may)),
            contact=f"desk@{agency}.example",
            zone=zone,
        )
        for agency, name, country, role, may, zone in rows
    ]


def said(by: str, subject: str, text: str, at: datetime, **more: Any) -> Statement:
    handling = frozenset(more.pop("handling", ()))
    marking = Marking(tlp=more.pop("tlp", Tlp.GREEN), pap=Pap.AMBER, handling=handling)
    members = {"id": "x", "about": "asset", "kind": StatementKind.FACT, **more}
    return Statement(by=by, subject=subject, text=text, at=at, marking=marking, **members)


def _taken(number: str, agency: str, description: str, at: datetime, **more: Any) -> SeizedExhibit:
    members = {"kind": ExhibitKind.SERVER, "search": "S-1", **more}
    return SeizedExhibit(
        number=number,
        agency=agency,
        description=description,
        place=f"hall of {number}",
        finder=f"{agency}/7",
        seal=f"SEAL-{number}",
        seized_at=at,
        **members,
    )


def _moved(number: str, giver: str, taker: str, at: datetime, **more: Any) -> CustodyEntry:
    members = {"act": CustodyAct.HANDED_OVER, **more}
    return CustodyEntry(
        number=number,
        giver=giver,
        taker=taker,
        at=at,
        place="station",
        reason="to be kept",
        seal=f"SEAL-{number}",
        **members,
    )


class Joint:
    """An operation: the desks of three agencies, that of Rome among the cases of a room."""

    def __init__(self, folder: Path, at: datetime) -> None:
        self.folder, self.at = folder, at
        self.cases = folder / "cases"
        self.path = self.cases / CASE
        self.operation = Operation(
            id="op-2026-07",
            name="Operation Example",
            agencies=tuple(table()),
            legal_basis="decree of the prosecutor of Catania",
            opened_at=at - timedelta(days=30),
            lab=True,
        )

    def desk(self, agency: str = ROME) -> Desk:
        """Open a desk to write; leave it soon."""
        path = self.path if agency == ROME else self.folder / "others" / agency
        return open_desk(
            path,
            store=FolderStore(KeyFolder(self.folder / "keys"), patience_s=2.0),
            clock=FixedClock(self.at),
            operation=self.operation,
            agency=agency,
        )

    def began(self) -> Joint:
        """Say, share, receive and compare: what a table does before the day is planned."""
        at = self.at - timedelta(days=9)
        rome, sofia, hague = self.desk(), self.desk(SOFIA), self.desk(HAGUE)
        for agency in (SOFIA, HAGUE):
            record_joined(rome, agency, at=at)
        desks = {ROME: rome, SOFIA: sofia, HAGUE: hague}
        for own, desk in desks.items():
            for agency in desks.keys() - {own}:
                register_partner(desk, agency, desks[agency].case.verifier, at=at)
        add_statements(sofia, [said(SOFIA, OWN, "An edge stands in Plovdiv.", at)])
        add_statements(sofia, [said(SOFIA, SHARED, "An edge of two networks.", at)])
        add_statements(hague, [said(HAGUE, "host:hague.example", "Seen in Almere.", at)])
        raw = share(hague, SOFIA, at=at, why="the picture", who="duty")
        receive(sofia, raw, key=hague.case.verifier, at=at, who="duty")
        # What The Hague said comes to Rome by Sofia.
        raw = share(sofia, ROME, at=at, why="the picture", who="duty")
        receive(rome, raw, key=sofia.case.verifier, at=at, who="duty")
        add_statements(
            rome,
            [
                said(ROME, SHARED, "An edge of two networks, seen by Rome.", at),
                said(ROME, TOLD, "A panel that sells lines.", at),
            ],
        )
        raw = share(rome, SOFIA, at=at, why="request 12", who="duty")
        receive(sofia, raw, key=rome.case.verifier, at=at, who="duty")
        add_statements(
            rome,
            [
                said(ROME, TARGET, SECRET, at, tlp=Tlp.RED, to=frozenset({HAGUE})),
                said(
                    ROME,
                    "host:h0.example",
                    "For nobody's industry.",
                    at,
                    handling={HandlingCode.H0},
                ),
            ],
        )
        deconflict_desks(rome, sofia, at=at)
        for desk in (rome, sofia, hague):
            desk.leave()
        return self

    def step(
        self, id: str, agency: str, target: str, kind: StepKind = StepKind.SEIZE, **more: Any
    ) -> Step:
        country = self.operation.agency(agency).country
        return Step(
            id=id,
            kind=kind,
            agency=agency,
            country=country,
            target=target,
            text=more.pop("text", f"Take {target}"),
            team=f"{agency} {id}",
            place=f"rack of {id}",
            lasts=timedelta(minutes=30),
            removes=(target,),
            **more,
        )

    def planned(self) -> Joint:
        """Plan a day whose moment is in ten minutes."""
        rome = self.desk()
        day = schedule(
            [
                self.step("rack-rome", ROME, TARGET, text="Take the rack of the mole"),
                self.step("rack-sofia", SOFIA, OWN, text="Take the edge in Plovdiv"),
                self.step("hidden-sofia", SOFIA, TARGET, text="Image the secret disk"),
                self.step(
                    "rack-hague", HAGUE, "host:hague.example", text="Take the rack in Almere"
                ),
            ],
            moment=self.at + timedelta(minutes=10),
            operation=rome.operation,
            criteria=[
                Criterion(id="warrants", question="Are all warrants signed?", asks="the prosecutor")
            ],
            clocks={
                one.id: ClockOffset(seconds=0, uncertainty_s=0.1, method="ntp")
                for one in rome.operation.agencies
            },
            now=self.at,
        )
        record_day(rome, day, at=self.at)
        rome.leave()
        return self

    def seized(self) -> Joint:
        """Enter what Rome and Sofia took, and trace money, at Rome's desk."""
        at = self.at - timedelta(hours=2)
        rome = self.desk()
        register_exhibits(
            rome,
            [
                (_taken("IT-0001", ROME, "rack server", at), None, None),
                (
                    _taken(
                        "IT-0002",
                        ROME,
                        SEIZED_SECRET,
                        at,
                        kind=ExhibitKind.WALLET,
                        value=Money(amount=Decimal("150000.50"), currency="EUR"),
                        valued_at=at,
                        details={"asset": "BTC", "address": _WALLET, "amount": "2.5"},
                    ),
                    None,
                    None,
                ),
                (_taken("BG-0001", SOFIA, "edge server", at), None, None),
                (_taken("BG-0002", SOFIA, "telephone", at, kind=ExhibitKind.PHONE), None, PHOTO),
            ],
        )
        for link in (
            _moved("BG-0002", "bg-gdbop/7", "evidence store", at + timedelta(minutes=5)),
            _moved(
                "BG-0002",
                "evidence store",
                "it-postal/9",
                at + timedelta(minutes=9),
                act=CustodyAct.TRANSFERRED,
                to_agency=ROME,
            ),
            _moved(
                "BG-0002",
                "evidence store",
                "it-postal/9",
                at + timedelta(minutes=9),
                act=CustodyAct.TRANSFERRED,
                to_agency=ROME,
                stated_by=SOFIA,
            ),
            _moved("BG-0002", "it-postal/9", GIVEN_SECRET, at + timedelta(minutes=20)),
        ):
            move_exhibit(rome, link)
        move_value(
            rome,
            ValueMoved(
                number="IT-0002",
                asset="BTC",
                amount=Decimal("2.4999"),
                fee=Decimal("0.0001"),
                to=_STATE,
                transfer="aa" * 32,
                at=at + timedelta(minutes=30),
                by="asset recovery",
            ),
        )
        correct_exhibit(
            rome,
            "IT-0001",
            {"description": "rack server, two disks"},
            reason="counted again",
            by="exhibits officer",
        )
        rome.leave()
        return self

    def took_over(self) -> Joint:
        """Enter a domain that Rome took over, and what its service called itself."""
        rome = self.desk()
        details = {"name": DOMAIN, "measure": "splash-page"}
        taken = _taken("IT-0100", ROME, "domain", self.at, kind=ExhibitKind.DOMAIN, details=details)
        register_exhibits(rome, [(taken, None, None)])
        add_statements(
            rome,
            [
                Statement(
                    id="x",
                    by=ROME,
                    subject="service:shown",
                    about="service",
                    text="What it called itself.",
                    kind=StatementKind.FACT,
                    marking=Marking(tlp=Tlp.CLEAR, pap=Pap.CLEAR),
                    at=self.at,
                    details={"brand": BRAND},
                )
            ],
        )
        rome.leave()
        return self

    def take_more(self, number: int) -> None:
        """Enter what Rome takes, which is none of Sofia's."""
        rome = self.desk()
        taken = _taken(f"IT-1{number:03}", ROME, f"{SEIZED_SECRET} {number}", self.at)
        register_exhibits(rome, [(taken, None, None)])
        rome.leave()

    def hide_more(self, number: int) -> None:
        """Let happen at Rome's desk what Sofia may not know of."""
        rome = self.desk()
        subject = f"host:secret-{number}.example"
        add_statements(
            rome,
            [
                said(
                    ROME, subject, f"{SECRET} {number}", self.at, tlp=Tlp.RED, to=frozenset({HAGUE})
                )
            ],
        )
        share(rome, HAGUE, at=self.at, why="for The Hague alone", who="duty")
        rome.leave()
