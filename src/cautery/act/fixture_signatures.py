"""Whose signatures let a fixture of a season in: an approver's, or two people's of its mandate.

A signature under a fixture counts for the season of one mandate, and for no case. A passkey signs
several fixtures at once, so its signature is over the digest of their digests.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cautery.act.approval import CLOCK_SKEW
from cautery.act.approver_keys import approver_key
from cautery.act.mandate_signatures import vouched_for
from cautery.act.mandate_terms import terms_digest
from cautery.act.signatures import check_signature
from cautery.canonical import canonical
from cautery.errors import ApprovalError
from cautery.model import (
    Approver,
    Digest,
    Mandate,
    MandateSignature,
    SignedFor,
    digest,
    digest_of,
    person_key,
)
from cautery.model.season import FixtureApproval, SeasonFixture
from cautery.model.signing_keys import people_among

SIGNERS_NEEDED = 2
SEASON = "season"
"""In the place of a case: no case has this id, so no signature counts for both."""


def season_of(mandate: Mandate) -> SignedFor:
    """Return what a signature under a fixture names: the season of this mandate, and no case."""
    return SignedFor(case=SEASON, mandate=terms_digest(mandate))


def fixtures_to_sign(fixtures: Iterable[SeasonFixture]) -> Digest:
    """Return the digest of some fixtures together: what a person is shown before signing each."""
    return _together([digest(fixture) for fixture in fixtures])


def signer_of(signature: MandateSignature) -> Approver:
    """Return who signed a mandate, as who signs its fixtures."""
    return Approver(name=signature.name, role=signature.role, public_key=signature.public_key)


@dataclass(frozen=True, slots=True)
class SeasonSigners:
    """Who may let fixtures in.

    Parameters
    ----------
    mandate : Mandate
        With its approvers: one of them is enough.
    signers : tuple of Approver
        People who signed the mandate: two of them are enough.
    """

    mandate: Mandate
    signers: tuple[Approver, ...]

    @classmethod
    def of(
        cls, mandate: Mandate, *, known_signers: Sequence[Approver] | None = None
    ) -> SeasonSigners:
        """Return those of a mandate.

        Parameters
        ----------
        known_signers : sequence of Approver or None
            People who may sign mandates, known from elsewhere: of those who signed this one, only
            they count. ``None``: everybody who signed it does.

        Raises
        ------
        ApprovalError
            If a signature under the mandate is in the name or by the key of one of them, but not
            both.
        """
        signatures = (
            mandate.signatures
            if known_signers is None
            else vouched_for(mandate.signatures, known_signers)
        )
        return cls(mandate, tuple(map(signer_of, signatures)))

    def is_approver(self, name: str) -> bool:
        """Tell whether one signature in this name is enough."""
        return any(approver.name == name for approver in self.mandate.approvers)

    def checked(self, fixture_approval: FixtureApproval, *, now: datetime) -> Approver:
        """Return who signed a fixture.

        Parameters
        ----------
        now : datetime
            When the signature is relied on.

        Raises
        ------
        ApprovalError
            If the signature does not hold, or is nobody's who may.
        """
        approval, people = fixture_approval.approval, self.mandate
        if not self.is_approver(approval.approver):
            people = replace(self.mandate, approvers=self.signers)
        return signed_by(fixture_approval, people, season_of(self.mandate), now=now)

    def are_enough(self, names: Collection[str]) -> bool:
        """Tell whether people of these names, who signed the mandate, let a fixture in.

        Two names with one key or account are one person, as under the mandate.
        """
        people = {person_key(name) for name in names}
        marks = {person_key(one.name): approver_key(one).marks for one in self.signers}
        signed = [{f"name {name}", *marks[name]} for name in people if name in marks]
        return people_among(signed) >= SIGNERS_NEEDED


def signed_by(
    fixture_approval: FixtureApproval, people: Mandate, season: SignedFor, *, now: datetime
) -> Approver:
    """Return who signed a fixture, of the people that a mandate names as its approvers.

    Raises
    ------
    ApprovalError
        If the signature does not hold.
    """
    approval, fixture_digest = fixture_approval.approval, digest(fixture_approval.fixture)
    if approval.signed_for is None:
        raise ApprovalError(f"{approval.approver} signed it for no mandate")
    if approval.at > now + CLOCK_SKEW:
        raise ApprovalError(f"{approval.approver}'s approval is dated in the future")
    if fixture_approval.among and fixture_digest not in fixture_approval.among:
        raise ApprovalError(f"{approval.approver} signed other fixtures")
    return check_signature(
        approval,
        what=fixture_approval.fixture.name,
        subject=_together(fixture_approval.among) if fixture_approval.among else fixture_digest,
        mandate=people,
        signed_for=season,
    )


def _together(digests: Iterable[Digest]) -> Digest:
    return digest_of(canonical(list(map(str, digests))))
