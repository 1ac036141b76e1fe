"""The rules of law that our acts rest on, and who has confirmed those that nobody had read.

A rule from general knowledge may shape a draft, but outside the lab nothing leaves that relies on
it in any way until a person has confirmed it with a source. The rules are data: see
:mod:`cautery.act.jurisdictions`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cautery.act.approver_keys import public_key
from cautery.act.jurisdictions import UNVERIFIED, Rule, profile_of, profiles
from cautery.canonical import canonical
from cautery.errors import ApprovalError
from cautery.model import (
    Approver,
    Digest,
    OrderKind,
    RuleConfirmation,
    digest_of,
    iso,
    require_utc,
)
from cautery.public_keys import raw_public_key

__all__ = [
    "RULES",
    "UNVERIFIED",
    "Rule",
    "check_confirmation",
    "confirm_rule",
    "require_confirmed",
    "rule_digest",
    "rules_for",
    "unconfirmed",
]

MESSAGE = "cautery/rule-confirmation/1"
_VALUES = (
    "fields",
    "days",
    "hours",
    "months",
    "reset_days",
    "ends_with_event",
    "reasons",
    "secret",
)
RULES: tuple[Rule, ...] = tuple(rule for profile in profiles() for rule in profile.rules)


def rules_for(territory: str, kind: OrderKind = OrderKind.LIVE) -> tuple[Rule, ...]:
    """Return the rules that a referral under a kind of order in a territory relies on: all of them.

    They say whether it may be made at all, until when it holds and what it carries, and also how
    people complain and when a target is released. For an unknown territory all are unverified.
    """
    return profile_of(territory).of(kind)


def unconfirmed(rules: Iterable[Rule], confirmed: Mapping[str, str]) -> tuple[Rule, ...]:
    """Return those of some rules that have no source, and that nobody has confirmed with one.

    Parameters
    ----------
    confirmed : mapping of str to str
        Rule ids that a person confirmed, each with the source that they read.
    """
    return tuple(
        rule for rule in rules if not (rule.is_verified or confirmed.get(rule.id, "").strip())
    )


def require_confirmed(
    *rules: Rule, lab: bool, confirmed: Mapping[str, str], otherwise: str = ""
) -> None:
    """Raise unless each rule is sourced, or confirmed with a source, or this is the lab.

    Parameters
    ----------
    confirmed : mapping of str to str
        Rule ids that a person confirmed, each with the source that they read.
    otherwise : str
        Another way to confirm the first of them, in words that follow a command.

    Raises
    ------
    ApprovalError
        If nobody has confirmed one; it names all of these.
    """
    waiting = () if lab else unconfirmed(rules, confirmed)
    if not waiting:
        return
    first, *further = waiting
    also = f"; nor are {', '.join(repr(rule.id) for rule in further)}" if further else ""
    raise ApprovalError(
        f"the rule {first.id!r} ({first.text}) is not verified{also}",
        hint=(
            "Check it against the official text and confirm it with its source: "
            f"cautery mandate confirm MANDATE {first.id} --source ...{otherwise}"
        ),
    )


def rule_digest(rule: Rule) -> Digest:
    """Return the SHA-256 of what a rule says: a rule that is written anew is confirmed anew.

    It covers the text and the values that Cautery applies: days, hours, fields ...
    """
    values = {name: getattr(rule, name) for name in _VALUES}
    stated = {name: value for name, value in values.items() if value not in (None, (), False)}
    lines = [rule.id, rule.territory, rule.text]
    if stated:
        lines.append(canonical(stated).decode())
    return digest_of("\n".join(lines).encode())


def confirm_rule(
    rule: Rule,
    *,
    mandate: str,
    source: str,
    approver: Approver,
    key: Ed25519PrivateKey,
    at: datetime,
) -> RuleConfirmation:
    """Confirm a rule with the source in which an approver has read it.

    Parameters
    ----------
    mandate : str
        Id of the mandate under which it counts.

    Raises
    ------
    ApprovalError
        If the rule has a source already, none is given, or the key is not the approver's.
    """
    require_utc("at", at)
    if rule.is_verified:
        raise ApprovalError(f"the rule {rule.id!r} has a source already: {rule.mark}")
    if not source.strip():
        raise ApprovalError("a confirmation names the source, such as an article and its date")
    raw = key.public_key().public_bytes_raw()
    if raw != public_key(approver).public_bytes_raw():
        raise ApprovalError(f"this key is not the key of {approver.name}")
    unsigned = RuleConfirmation(
        rule=rule.id,
        text=rule_digest(rule),
        source=source.strip(),
        name=approver.name,
        role=approver.role,
        public_key=base64.b64encode(raw).decode("ascii"),
        at=at,
        signature="",
    )
    signature = base64.b64encode(key.sign(_message(unsigned, mandate))).decode("ascii")
    return replace(unsigned, signature=signature)


def check_confirmation(
    confirmation: RuleConfirmation, *, mandate: str, approvers: tuple[Approver, ...]
) -> None:
    """Check that one of a mandate's approvers has signed a confirmation under it.

    Raises
    ------
    ApprovalError
        If it is a stranger's, for another mandate, or does not verify.
    """
    who = confirmation.name
    approver = next((person for person in approvers if person.name == who), None)
    if approver is None:
        raise ApprovalError(f"{who!r} confirmed a rule but is not an approver of this mandate")
    try:
        raw = base64.b64decode(confirmation.public_key, validate=True)
        if raw != raw_public_key(approver.public_key):
            raise ApprovalError(f"{who} confirmed a rule with a key that the mandate does not name")
        signature = base64.b64decode(confirmation.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, _message(confirmation, mandate))
    except (InvalidSignature, ValueError) as error:
        raise ApprovalError(
            f"{who}'s confirmation of {confirmation.rule} does not verify"
        ) from error


def _message(confirmation: RuleConfirmation, mandate: str) -> bytes:
    return canonical(
        {
            "type": MESSAGE,
            "mandate": mandate,
            "rule": confirmation.rule,
            "text": str(confirmation.text),
            "source": confirmation.source,
            "name": confirmation.name,
            "role": confirmation.role,
            "public_key": confirmation.public_key,
            "at": iso(confirmation.at),
        }
    )
