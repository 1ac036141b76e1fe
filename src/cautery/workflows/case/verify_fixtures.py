"""Whether those who may have let in the fixtures that a season's case is of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cautery.act.fixture_signatures import SeasonSigners
from cautery.errors import ApprovalError, InputError
from cautery.model import MISSHAPEN, Approver, Entry
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import FixtureWatched
from cautery.model.season import FixtureApproval, fixture_of
from cautery.workflows.case.opening import opening_of


def void_fixtures(ledger: Ledger, signers: Sequence[Approver] | None) -> tuple[str, ...]:
    """Return a sentence for each signature under a fixture that does not hold, and for each lack.

    Parameters
    ----------
    signers : sequence of Approver or None
        People who may sign mandates, known from outside: of those who signed this one, only they
        count. ``None``: everybody does who had signed it when the case began.
    """
    try:
        mandate = opening_of(ledger).mandate
        people = SeasonSigners.of(mandate, known_signers=signers)
    except (ApprovalError, InputError):  # of such a case, its opening tells that
        return ()
    in_file = {fixture_of(event).what for event in mandate.events if event.watched is None}
    return tuple(
        f"record {entry.index}: {fault}"
        for entry, watched in contents(ledger, FixtureWatched)
        if watched.fixture.what not in in_file
        for fault in _faults(entry, watched, people)
    )


def _faults(entry: Entry, watched: FixtureWatched, people: SeasonSigners) -> Iterator[str]:
    approved, signed = False, set[str]()
    for fixture_approval in watched.approvals:
        try:
            _require_same(fixture_approval, watched)
            person = people.checked(fixture_approval, now=entry.record.at)
        except (*MISSHAPEN, ApprovalError, InputError) as error:
            yield (
                f"the approval of {fixture_approval.approval.approver} for the fixture "
                f"{watched.fixture.name} does not hold and counts for nothing: {error}"
            )
            continue
        approved |= people.is_approver(person.name)
        signed.add(person.name)
    if not approved and not people.are_enough(signed):
        yield (
            f"too few people who may let the fixture {watched.fixture.name} in have signed it"
            if watched.approvals
            else f"nobody has signed that the fixture {watched.fixture.name} is watched"
        )


def _require_same(fixture_approval: FixtureApproval, watched: FixtureWatched) -> None:
    """Raise if a signature is under another fixture; one that was moved is the same.

    Raises
    ------
    ApprovalError
        If so.
    """
    fixture = fixture_approval.fixture
    if fixture.what != watched.fixture.what:
        raise ApprovalError(f"it is under the fixture {fixture.name} ({fixture.id})")
