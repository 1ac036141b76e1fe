"""Which rules of law people have confirmed, of referrals and of notices alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cautery.act.addressees import FORMS
from cautery.act.jurisdictions import Rule, rule_of
from cautery.act.rules import check_confirmation, rule_digest, unconfirmed
from cautery.errors import ApprovalError, InputError
from cautery.model import Mandate, RuleConfirmation

NOTICE_RULES: Mapping[str, Rule] = {form.rule.id: form.rule for form in FORMS.values()}
"""By id, the rules that notices rest on."""


def rule_under(mandate: Mandate, id_: str) -> Rule:
    """Return a rule by its id, also of a country of the mandate's orders that has no profile.

    Raises
    ------
    InputError
        If there is no such rule.
    """
    return NOTICE_RULES.get(id_) or rule_of(
        id_, territories=[order.territory for order in mandate.orders]
    )


def stands(confirmation: RuleConfirmation, mandate: Mandate) -> bool:
    """Tell whether the rule that somebody confirmed is still written as it was then."""
    try:
        return rule_digest(rule_under(mandate, confirmation.rule)) == confirmation.text
    except InputError:
        return False


def confirmed_by(records: Iterable[object], mandate: Mandate) -> dict[str, str]:
    """Return the rules that the mandate and records of a case confirm, each with its source.

    Anybody who has a case's file can append a record, so each is checked.
    """
    return dict(mandate.confirmed) | {
        record.rule: record.source
        for record in records
        if isinstance(record, RuleConfirmation) and _counts(record, mandate)
    }


def waiting(rules: Iterable[Rule], mandate: Mandate, records: Iterable[object]) -> tuple[str, ...]:
    """Return the ids of those of some rules that nobody has confirmed; a lab waits for none.

    Parameters
    ----------
    records : iterable
        Contents of records of the case; those that confirm a rule count.
    """
    if mandate.lab:
        return ()
    return tuple(rule.id for rule in unconfirmed(rules, confirmed_by(records, mandate)))


def _counts(confirmation: RuleConfirmation, mandate: Mandate) -> bool:
    try:
        check_confirmation(confirmation, mandate=mandate.id, approvers=mandate.approvers)
    # Signed by nobody whom the mandate names: it confirms nothing.
    except ApprovalError:
        return False
    return stands(confirmation, mandate)
