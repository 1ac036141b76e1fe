"""Hear of rules of law that people confirm while a watch runs, and put each on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cautery.act.confirmed import confirmed_by
from cautery.errors import CauteryError
from cautery.model import Mandate, RuleConfirmation
from cautery.model.ports import Ledger
from cautery.model.records import CaseOpened, kinds_of
from cautery.workflows.case.journal import Journal


def confirmed_in(ledger: Ledger, mandate: Mandate) -> Mapping[str, str]:
    """Return the rules that are confirmed by the records of a case, each with its source."""
    records = ledger.read(kinds=kinds_of(RuleConfirmation))
    return confirmed_by((entry.content for entry in records), mandate)


class Confirming:
    """The confirmations beside a mandate, as they are at this moment.

    Parameters
    ----------
    read : callable
        Returns those that count, each checked.
    """

    def __init__(
        self,
        mandate: Mandate,
        read: Callable[[], Sequence[RuleConfirmation]],
        *,
        ledger: Ledger,
        journal: Journal,
    ) -> None:
        self._counting: tuple[RuleConfirmation, ...] = mandate.confirmations
        self._read = read
        self._journal = journal
        self._fault = ""
        self._recorded: set[RuleConfirmation] = set()
        for entry in ledger.read(kinds=kinds_of(CaseOpened, RuleConfirmation)):
            match entry.content:
                case CaseOpened(mandate=opened):
                    self._recorded |= set(opened.confirmations)
                case RuleConfirmation() as confirmation:
                    self._recorded.add(confirmation)

    @property
    def confirmed(self) -> Mapping[str, str]:
        """Rule ids that an approver confirmed, each with the source that was read."""
        return {each.rule: each.source for each in self._counting}

    def look(self) -> bool:
        """Take up what stands beside the mandate now; tell whether a rule is confirmed anew."""
        before = self.confirmed.keys()
        try:
            self._counting = tuple(self._read())
        except CauteryError as error:  # what counted before goes on
            if str(error) != self._fault:
                self._fault = str(error)
                self._journal.fail("confirmation", "mandate", error)
            return False
        self._fault = ""
        for confirmation in self._counting:
            if confirmation not in self._recorded:
                self._recorded.add(confirmation)
                self._journal.write(confirmation)
        return not self.confirmed.keys() <= before
