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

from cautery.act import sign
from cautery.act.fixture_signatures import (
    SeasonSigners,
    fixtures_to_sign,
    season_of,
    signed_by,
    signer_of,
)
from cautery.act.signatures import statement_of, to_sign
from cautery.errors import ApprovalError, InputError
from cautery.json_text import parsed_json
from cautery.model import (
    MISSHAPEN,
    Approval,
    Approver,
    Digest,
    Mandate,
    MandateSignature,
    digest,
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
from cautery.workflows.mandate.beside import append_beside, lines_beside

SUFFIX = ".fixtures"
MOST_BYTES = 16 << 20
"""Two signatures under each of 2,000 fixtures take 3 MB."""
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
    people = SeasonSigners.of(mandate, known_signers=known_signers)
    by_signers: defaultdict[tuple[str, str, str], dict[str, FixtureApproval]] = defaultdict(dict)
    counting: defaultdict[tuple[str, str, str], list[FixtureApproval]] = defaultdict(list)
    passed_over = []
    for number, line in enumerate(lines_beside(beside, remedy=_REMEDY, most=MOST_BYTES), 1):
        try:
            line_approvals = _approvals_in(parsed_json(line))
            person = people.checked(line_approvals[0], now=now)
        except (*MISSHAPEN, ApprovalError, InputError) as error:
            passed_over.append(f"{beside.name}, line {number}: {error}"[:300])
            continue
        for signed_fixture in line_approvals:
            what = signed_fixture.fixture.what
            if people.is_approver(person.name):
                counting[what].append(signed_fixture)
            else:
                by_signers[what].setdefault(person_key(person.name), signed_fixture)
    for what, by_name in by_signers.items():
        if people.are_enough(by_name):
            counting[what] += by_name.values()
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
    signed_by(_approvals_in(row)[0], people, season_of(mandate), now=now)
    append_beside(approvals_path(path), row)


def _unsigned(
    mandate: Mandate, fixtures: Sequence[SeasonFixture], approver: Approver, at: datetime
) -> Approval:
    season = season_of(mandate)
    return to_sign(fixtures_to_sign(fixtures), approver=approver, at=at, signed_for=season)


def _approvals_in(row: Any) -> tuple[FixtureApproval, ...]:
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
