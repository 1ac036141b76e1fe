"""Who approved which fixture of a mandate's season: JSON lines in a file next to the mandate.

A fixture counts if the mandate's own file names it, if two people signed it together with the
mandate, or if an approver of the mandate approved it afterwards. A calendar alone lets nothing in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import CLOCK_SKEW, check_signature, sign, terms_digest, vouched_for
from cautery.act.approver_keys import approver_key
from cautery.act.signatures import statement_of, to_sign
from cautery.canonical import canonical
from cautery.errors import ApprovalError, InputError
from cautery.json_text import parsed_json
from cautery.model import (
    MISSHAPEN,
    Approval,
    Approver,
    Digest,
    Mandate,
    MandateSignature,
    SignedFor,
    digest,
    digest_of,
    from_json,
    iso,
    person_key,
    to_json,
)
from cautery.model.season import (
    FixtureApproval,
    FixturesApproval,
    SeasonFixture,
    fixture_of,
)
from cautery.model.signing_keys import people_among
from cautery.workflows.mandate.beside import append_beside, lines_beside

SUFFIX = ".fixtures"
MOST_BYTES = 16 << 20
"""Two signatures under each of 2,000 fixtures take 3 MB."""
SIGNERS_NEEDED = 2
SEASON = "season"
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
    return SignedFor(case=SEASON, mandate=terms_digest(mandate))


def fixtures_to_sign(fixtures: Iterable[SeasonFixture]) -> Digest:
    """Return the digest of some fixtures together: what a person is shown before signing each."""
    return _together([digest(fixture) for fixture in fixtures])


def _together(digests: Iterable[Digest]) -> Digest:
    return digest_of(canonical(list(map(str, digests))))


def fixtures_lines(fixtures: Iterable[SeasonFixture]) -> list[str]:
    """Return all that signatures under fixtures cover, in lines for a person."""
    lines = []
    for fixture in fixtures:
        lines += [
            f"fixture    {fixture.name}",
            f"kick-off   {iso(fixture.kick_off)}",
            f"watched    {iso(fixture.watched.start)} to {iso(fixture.watched.end)}",
            f"right      {fixture.legal_basis}",
            f"id         {fixture.id}",
            "",
        ]
    return lines


def read_approvals(
    path: Path,
    mandate: Mandate,
    *,
    now: datetime,
    known_signers: Sequence[Approver] | None = None,
) -> FixtureApprovals:
    """Read who approved which fixture. A line that does not hold counts for nothing, and is named.

    Parameters
    ----------
    path : Path
        The mandate's file.
    known_signers : sequence of Approver or None
        People who may sign mandates, known from elsewhere: of those who signed this one, only they
        let fixtures in. ``None``: everybody who signed it does.

    Raises
    ------
    ApprovalError
        If a signature under the mandate is in the name or by the key of one of them, but not both.
    MandateError
        If the file beside the mandate cannot be read, or is too large.
    """
    beside = approvals_path(path)
    season = season_of(mandate)
    under_mandate = (
        mandate.signatures
        if known_signers is None
        else vouched_for(mandate.signatures, known_signers)
    )
    signers = tuple(map(signer_of, under_mandate))
    signed = replace(mandate, approvers=signers)
    approvers = {person.name for person in mandate.approvers}
    by_signers: defaultdict[tuple[str, str, str], dict[str, FixtureApproval]] = defaultdict(dict)
    counting: defaultdict[tuple[str, str, str], list[FixtureApproval]] = defaultdict(list)
    passed_over = []
    for number, line in enumerate(lines_beside(beside, remedy=_REMEDY, most=MOST_BYTES), 1):
        try:
            given = _given(parsed_json(line))
            is_signer = given[0].approval.approver not in approvers
            person = _signed_by(given[0], signed if is_signer else mandate, season, now=now)
        except (*MISSHAPEN, ApprovalError, InputError) as error:
            passed_over.append(f"{beside.name}, line {number}: {error}"[:300])
            continue
        for signed_fixture in given:
            what = signed_fixture.fixture.what
            if is_signer:
                by_signers[what].setdefault(person_key(person.name), signed_fixture)
            else:
                counting[what].append(signed_fixture)
    keys = {person_key(person.name): approver_key(person).marks for person in signers}
    for what, people in by_signers.items():
        # Two names with one key or account are one person, as under the mandate.
        if people_among({f"name {name}", *keys[name]} for name in people) >= SIGNERS_NEEDED:
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
    approver = season_approver(mandate, name, fixtures)
    _file(path, mandate, fixtures, approver=approver, key=key, now=now)


def season_approver(mandate: Mandate, name: str, fixtures: Sequence[SeasonFixture]) -> Approver:
    """Return the approver who lets fixtures in.

    Raises
    ------
    ApprovalError
        If the person is no approver, or a fixture is not in the mandate's window.
    """
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
    return approver


def text_for_passkey(
    mandate: Mandate, fixtures: Sequence[SeasonFixture], *, approver: Approver, now: datetime
) -> str:
    """Return the text by which a passkey lets fixtures in, all at once."""
    return statement_of(_unsigned(mandate, fixtures, approver, now)).decode()


def add_passkey_approval(
    path: Path,
    mandate: Mandate,
    fixtures: Sequence[SeasonFixture],
    *,
    approver: Approver,
    text: str,
    answer: str,
    now: datetime,
) -> None:
    """Put what a passkey signed of fixtures beside their mandate.

    Parameters
    ----------
    approver : Approver
        Whose passkey it is: an approver, or who signed the mandate (:func:`signer_of`).
    text : str
        As :func:`text_for_passkey` returned it for them.
    answer : str
        As :func:`cautery.model.signing_keys.signed_by_passkey` writes it.

    Raises
    ------
    ApprovalError
        If the text is another one, or the passkey did not sign it.
    StorageError
        If it cannot be written.
    """
    try:
        at = datetime.fromisoformat(parsed_json(text)["at"])
    except MISSHAPEN as error:
        raise ApprovalError(f"{approver.name}'s passkey was asked for no fixtures") from error
    approval = replace(_unsigned(mandate, fixtures, approver, at), signature=answer)
    if statement_of(approval).decode() != text:
        raise ApprovalError(f"{approver.name}'s passkey was asked for other fixtures")
    row = to_json(FixturesApproval(fixtures=tuple(fixtures), approval=approval))
    people = replace(mandate, approvers=(approver,))
    _signed_by(_given(row)[0], people, season_of(mandate), now=now)
    append_beside(approvals_path(path), row)


def _unsigned(
    mandate: Mandate, fixtures: Sequence[SeasonFixture], approver: Approver, at: datetime
) -> Approval:
    season = season_of(mandate)
    return to_sign(fixtures_to_sign(fixtures), approver=approver, at=at, signed_for=season)


def _given(row: Any) -> tuple[FixtureApproval, ...]:
    """Return what a line of the file lets in; each of them has the line's one signature."""
    if "fixtures" not in row:
        return (from_json(FixtureApproval, row),)
    several = from_json(FixturesApproval, row)
    among = tuple(map(digest, several.fixtures))
    return tuple(
        FixtureApproval(fixture=fixture, approval=several.approval, among=among)
        for fixture in several.fixtures
    )


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
        _file(path, mandate, fixtures, approver=signer_of(signature), key=key, now=now)
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
        subject=_together(signed_fixture.among)
        if signed_fixture.among
        else digest(signed_fixture.fixture),
        mandate=mandate,
        signed_for=season,
    )


def signer_of(signature: MandateSignature) -> Approver:
    """Return who signed a mandate, as who signs its fixtures."""
    return Approver(name=signature.name, role=signature.role, public_key=signature.public_key)
