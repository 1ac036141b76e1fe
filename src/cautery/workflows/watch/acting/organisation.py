"""The organisation on whose lists a case has its entries, beside those of its other cases.

What an access provider would refuse of another case stays off the list, and live entries of a case
that is silent leave it (ADR 0052). Only a case itself puts a referral on the list, and only it puts
a target back: whoever can write to the folder of shares has neither its approvals nor its guard.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cautery.act import Approved, ListTrust, Share, SharesRead, StandingList
from cautery.act.ports import ListShares, ListSigner
from cautery.errors import ApprovalError, InputError
from cautery.json_text import parsed_json
from cautery.model import Digest, Referral
from cautery.model.signing_keys import PersonKey
from cautery.workflows.case.public_lists import ListFiles

_MOST_FAULTS = 100
"""That are recorded: whoever can write to the folder of shares could else fill the ledger."""
_LONG_AGO = timedelta(days=7)
"""The share of a case that has ended is taken away after so long: no clock is wrong by more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """The organisation on whose lists a case has its entries.

    Parameters
    ----------
    signer : ListSigner
        Signs their versions.
    shares : ListShares
        What each case has on them.
    approvers : collection of PersonKey
        The keys of the approvers whom its intermediaries believe.
    files : ListFiles
        Where all its intermediaries fetch their lists, and say what they did.
    """

    signer: ListSigner
    shares: ListShares
    approvers: Collection[PersonKey]
    files: ListFiles


@dataclass(frozen=True, slots=True)
class Head:
    """What the last version of a list, whose digest the signer keeps, says of all cases.

    Parameters
    ----------
    referrals : frozenset of Digest
        Those that it names.
    withdrawn : frozenset of (Digest, str)
        Targets that it takes off.
    """

    referrals: frozenset[Digest] = frozenset()
    withdrawn: frozenset[tuple[Digest, str]] = frozenset()

    @classmethod
    def of(cls, text: str) -> Head:
        """Read the text of a version, as the key of the list signed it."""
        version = parsed_json(text)
        return cls(
            frozenset(map(Digest, version["referrals"])),
            frozenset((Digest(each["referral"]), each["target"]) for each in version["withdrawn"]),
        )

    def agrees(self, own: Share) -> bool:
        """Tell whether it has the entries that this case has on the list."""
        gone = {place for place in self.withdrawn if place[0] in own.parts}
        return own.parts.keys() <= self.referrals and gone <= own.withdrawn

    def kept(self, share: Share) -> Share:
        """Return the share of another case without what this version does not block already."""
        parts = {
            subject: part for subject, part in share.parts.items() if subject in self.referrals
        }
        gone = {place for place in share.withdrawn | self.withdrawn if place[0] in parts}
        return Share(parts, gone)


class Company:
    """The cases that have their entries on one list of an organisation.

    Parameters
    ----------
    standing : StandingList
        The list.
    fail : callable
        Told once of each fault in the share of another case.
    """

    def __init__(
        self,
        organisation: Organisation,
        standing: StandingList,
        *,
        fail: Callable[[InputError], None],
    ) -> None:
        self._shares, self._files = organisation.shares, organisation.files
        self._standing, self._fail = standing, fail
        self._faults: set[str] = set()
        self._read = SharesRead(
            ListTrust(
                provider=standing.to.name,
                territory=standing.to.territory.upper(),
                approvers=organisation.approvers,
                list_key=standing.key,
            )
        )

    @property
    def has_us(self) -> bool:
        """Whether this case has entries on the list, perhaps of an earlier run."""
        return self._shares.kept(self._standing.id) is not None

    def require_fit(self, approved: Approved[Referral], subject: Digest) -> None:
        """Take a referral of this case off the list unless its intermediary will take it.

        Raises
        ------
        ApprovalError
            If it would refuse the list for it.
        """
        parts = self._standing.share.parts
        try:
            self._read.check(parts[subject].to_json())
        except InputError as error:
            del parts[subject]
            raise ApprovalError(
                f"{self._standing.to.name} would refuse referral {approved.subject.id} on the list "
                f"of the organisation: {error}"
            ) from error

    def head(self, digest: Digest) -> Head:
        """Return what the last version says; nothing, if somebody took it away.

        Then each running case puts its own entries on the list again. Those of cases that have
        ended stay off, which is told as a fault.
        """
        text = self._shares.noted(self._standing.id, digest)
        if text is None:  # an earlier release kept it in the public folder alone
            text = self._files.text(self._standing.id, digest)
        if text is None:
            self._fail_once(
                f"the last version of the list, {digest}, is gone: what cases that have ended had "
                "on it is not blocked any more"
            )
            return Head()
        return Head.of(text)

    def _fail_once(self, words: str) -> None:
        if words not in self._faults and len(self._faults) < _MOST_FAULTS:
            self._faults.add(words)
            self._fail(InputError(words))

    def others(self, own: Share, now: datetime, *, head: Head) -> list[Share]:
        """Return what other cases have on the list, without what its intermediary would refuse.

        Parameters
        ----------
        head : Head
            The last version: what it does not block of other cases, the next one does not, either.

        Raises
        ------
        StorageError
            If the shares cannot be read.
        """
        shares = []
        for case, raw, silent_s in self._shares.others(self._standing.id):
            faults: Sequence[InputError]
            try:
                share, faults = self._read.read(raw)
            except InputError as error:
                share, faults = Share(), (error,)
            for fault in faults:
                self._fail_once(f"{case}: {fault}")
            if not faults and not share.current(now - _LONG_AGO).parts:
                self._shares.discard(self._standing.id, case)
                continue
            shares.append(head.kept(share.lapsed(silent_s)))
        self._read.forget_all_but(subject for share in (own, *shares) for subject in share.parts)
        return shares
