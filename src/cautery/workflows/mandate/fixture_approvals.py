"""Who approved which fixture of a mandate's season: JSON lines in a file next to the mandate.

A fixture counts if the mandate's own file names it, if two people signed it together with the
mandate, or if an approver of the mandate approved it afterwards. A calendar alone lets nothing in.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import CLOCK_SKEW, check_signature, sign, terms_digest
from cautery.canonical import canonical
from cautery.errors import ApprovalError, InputError
from cautery.model import (
    MISSHAPEN,
    Approver,
    Digest,
    Mandate,
    MandateSignature,
    SignedFor,
    digest,
    digest_of,
    from_json,
    person_key,
    to_json,
)
from cautery.model.season import FixtureApproval, SeasonFixture, fixture_of
from cautery.workflows.mandate.beside import append_beside, lines_beside

SUFFIX = ".fixtures"
MOST_BYTES = 16 << 20
"""Two signatures under each of 2,000 fixtures take 3 MB."""
SIGNERS_NEEDED = 2
_SEASON = "season"
"""In the place of a case: no case has this id, so no signature counts for both."""
_REMEDY = "Move the file away, and approve the fixtures again: cautery season approve."


@dataclass(frozen=True, slots=True)
class FixtureApprovals:
    """What lets fixtures in.

    Parameters
    ----------
    by_file : frozenset
        What the mandate's own file names.
    signed : dict
        By what a fixture is, the signatures that count.
    passed_over : tuple of str
        Lines that do not count, and why.
    """

    by_file: frozenset[tuple[str, str, str]] = frozenset()
    signed: dict[tuple[str, str, str], tuple[FixtureApproval, ...]] = field(default_factory=dict)
    passed_over: tuple[str, ...] = ()

    def allow(self, fixture: SeasonFixture) -> bool:
        """Tell whether somebody who may has let a fixture in."""
        return fixture.what in self.by_file or fixture.what in self.signed

    def of(self, fixture: SeasonFixture) -> tuple[FixtureApproval, ...]:
        """Return the signatures that let a fixture in; none: the mandate's file names it."""
        return self.signed.get(fixture.what, ())


def approvals_path(mandate: Path) -> Path:
    """Return where the approvals of a season's fixtures lie."""
    return mandate.with_name(mandate.name + SUFFIX)


def season_of(mandate: Mandate) -> SignedFor:
    """Return what a signature under a fixture names: the season of this mandate, and no case."""
    return SignedFor(case=_SEASON, mandate=terms_digest(mandate))


def fixtures_to_sign(fixtures: Iterable[SeasonFixture]) -> Digest:
    """Return the digest of some fixtures together: what a person is shown before signing each."""
    return digest_of(canonical([str(digest(fixture)) for fixture in fixtures]))


def read_approvals(path: Path, mandate: Mandate, *, now: datetime) -> FixtureApprovals:
    """Read who approved which fixture. A line that does not hold counts for nothing, and is named.

    Parameters
    ----------
    path : Path
        The mandate's file.

    Raises
    ------
    MandateError
        If the file beside the mandate cannot be read, or is too large.
    """
    beside = approvals_path(path)
    season = season_of(mandate)
    signers = tuple(_signer(signature) for signature in mandate.signatures)
    signed = replace(mandate, approvers=signers)
    approvers = {person.name for person in mandate.approvers}
    by_signers: defaultdict[tuple[str, str, str], dict[str, FixtureApproval]] = defaultdict(dict)
    counting: defaultdict[tuple[str, str, str], list[FixtureApproval]] = defaultdict(list)
    passed_over = []
    for number, line in enumerate(lines_beside(beside, remedy=_REMEDY, most=MOST_BYTES), 1):
        try:
            signed_fixture = from_json(FixtureApproval, json.loads(line))
            is_signer = signed_fixture.approval.approver not in approvers
            person = _signed_by(signed_fixture, signed if is_signer else mandate, season, now=now)
        except (*MISSHAPEN, ApprovalError, InputError) as error:
            passed_over.append(f"{beside.name}, line {number}: {error}"[:300])
            continue
        what = signed_fixture.fixture.what
        if is_signer:
            by_signers[what].setdefault(person_key(person.name), signed_fixture)
        else:
            counting[what].append(signed_fixture)
    for what, people in by_signers.items():
        if len(people) >= SIGNERS_NEEDED:
            counting[what] += people.values()
    return FixtureApprovals(
        by_file=frozenset(
            fixture_of(event).what for event in mandate.events if event.watched is None
        ),
        signed={what: tuple(signed_fixture) for what, signed_fixture in counting.items()},
        passed_over=tuple(passed_over),
    )


def approve_fixtures(
    path: Path,
    mandate: Mandate,
    fixtures: Sequence[SeasonFixture],
    *,
    shown: Digest,
    name: str,
    key: Ed25519PrivateKey,
    now: datetime,
) -> None:
    """Sign fixtures as one of the mandate's approvers, each for itself, and file the signatures.

    Parameters
    ----------
    shown : Digest
        Of :func:`fixtures_to_sign`, of what the person was shown: nothing else is signed.

    Raises
    ------
    ApprovalError
        If other fixtures were shown, the person is no approver, the key is not that person's, or
        a fixture is not in the mandate's window.
    StorageError
        If they cannot be written; none of them is then.
    """
    if fixtures_to_sign(fixtures) != shown:
        raise ApprovalError(
            "the fixtures differ from those that were shown: their digest is "
            f"{fixtures_to_sign(fixtures)}, not {shown}",
            hint=f"Read them again: cautery season show {path}",
        )
    approver = next((person for person in mandate.approvers if person.name == name), None)
    if approver is None:
        names = ", ".join(person.name for person in mandate.approvers) or "none"
        raise ApprovalError(
            f"{name!r} is not an approver of this mandate", hint=f"Its approvers: {names}."
        )
    for fixture in fixtures:
        if not mandate.window.holds(fixture.kick_off):
            raise ApprovalError(
                f"{fixture.name} begins outside the mandate's window: no approval lets it in",
                hint="It takes another mandate.",
            )
    _file(path, mandate, fixtures, approver=approver, key=key, now=now)


def list_fixtures(
    path: Path,
    mandate: Mandate,
    signature: MandateSignature,
    *,
    key: Ed25519PrivateKey,
    now: datetime,
) -> int:
    """Sign, as a person who signs the mandate, the fixtures that its calendars list; count them.

    Raises
    ------
    StorageError
        If they cannot be written; none of them is then.
    """
    fixtures = listed_fixtures(mandate)
    if fixtures:
        _file(path, mandate, fixtures, approver=_signer(signature), key=key, now=now)
    return len(fixtures)


def listed_fixtures(mandate: Mandate) -> tuple[SeasonFixture, ...]:
    """Return the fixtures of a mandate that come from its calendars."""
    return tuple(fixture_of(event) for event in mandate.events if event.watched is not None)


def _file(
    path: Path,
    mandate: Mandate,
    fixtures: Sequence[SeasonFixture],
    *,
    approver: Approver,
    key: Ed25519PrivateKey,
    now: datetime,
) -> None:
    season = season_of(mandate)
    approvals = [
        FixtureApproval(
            fixture=fixture,
            approval=sign(digest(fixture), approver=approver, key=key, at=now, signed_for=season),
        )
        for fixture in fixtures
    ]
    append_beside(approvals_path(path), *(to_json(approval) for approval in approvals))


def _signed_by(
    signed_fixture: FixtureApproval, mandate: Mandate, season: SignedFor, *, now: datetime
) -> Approver:
    """Return who signed a fixture, of the people that a mandate names.

    Raises
    ------
    ApprovalError
        If the signature does not hold.
    """
    approval = signed_fixture.approval
    if approval.signed_for is None:
        raise ApprovalError(f"{approval.approver} signed it for no mandate")
    if approval.at > now + CLOCK_SKEW:
        raise ApprovalError(f"{approval.approver}'s approval is dated in the future")
    return check_signature(
        approval,
        what=signed_fixture.fixture.name,
        subject=digest(signed_fixture.fixture),
        mandate=mandate,
        signed_for=season,
    )


def _signer(signature: MandateSignature) -> Approver:
    return Approver(name=signature.name, role=signature.role, public_key=signature.public_key)
