"""Who holds the keys of the cases answers whether one of them has a person."""

from __future__ import annotations

from pathlib import Path

from cautery.adapters.case_places import CasePlaces
from cautery.errors import CauteryError
from cautery.model import Regime
from cautery.model.records import PersonRegistered, kinds_of
from cautery.wiring.cases import store
from cautery.wiring.people import PeopleOfRoom
from cautery.workflows.browse.gathering import regime_of
from cautery.workflows.operation.persons import has_person
from cautery.workflows.people.asking import Compared


def answer_inquiries(room: PeopleOfRoom, cases: Path, *, keys_dir: Path | None = None) -> int:
    """Answer the questions that two people agreed on; return how many there were.

    Raises
    ------
    CauteryError
        If the cases cannot be listed, or an answer cannot be logged.
    """
    places = store(keys_dir)

    def compare(name: str, regime: Regime) -> Compared:
        hit, asked, silent = False, 0, 0
        for path in places.below(cases).values():
            try:
                has_person = _has(places, path, name, regime)
            except CauteryError:
                silent += 1
                continue
            asked += has_person is not None
            hit = hit or bool(has_person)  # every case is asked, whatever an earlier one said
        return Compared(hit=hit, asked=asked, silent=silent)

    return room.inquiries.answer(compare)


def _has(places: CasePlaces, path: Path, name: str, regime: Regime) -> bool | None:
    """Tell whether a case has a person whose name is not erased; ``None``: of another regime."""
    ledger = places.ledger(path, read_only=True)
    try:
        if regime_of(ledger) is not regime:
            return None
        if next(iter(ledger.read(kinds=kinds_of(PersonRegistered))), None) is None:
            return False
        # The hash is made by the process that holds the case's key, and compared in this case.
        keys = places.keys(path)
        return has_person(ledger, places.vault(path, keys), name, keys.pseudonyms)
    finally:
        ledger.close()
