"""``cautery mandate rules`` and ``confirm``: rules of law that acts rest on, and their sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.act.confirmed import NOTICE_RULES, rule_under
from cautery.act.jurisdictions import Profile, Rule, profile_of, profiles
from cautery.act.rules import rule_digest
from cautery.adapters.person_keys import load_approver
from cautery.cli import render
from cautery.cli._signing import ask
from cautery.errors import ApprovalError, InputError
from cautery.model import Digest, Mandate, RuleConfirmation, iso
from cautery.workflows.mandate.confirmations import (
    add_confirmation,
    confirmations_path,
)
from cautery.workflows.mandate.read import read_mandate


@render.tabular
def rules(
    mandate: Annotated[
        Path | None, typer.Argument(help="A mandate: only the countries of its orders.")
    ] = None,
    territory: Annotated[
        list[str] | None,
        typer.Option("--territory", help="Country, two letters; may be repeated."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List the rules of law that referrals and notices rest on, with their sources.

    A source M means that nobody has compared the rule with a text. A referral relies on each rule
    of its country and its kind of order, a notice on the rule of its form. Outside a lab, neither
    leaves until an approver has confirmed each such rule: cautery mandate confirm.

    Example: cautery mandate rules --territory IT
    """
    checked = None if mandate is None else read_mandate(mandate, now=wiring.clock().now())
    confirmed = (
        {}
        if checked is None
        else {confirmation.rule: confirmation for confirmation in checked.confirmations}
    )
    profiles_shown = _shown(checked, territory or ())
    all_rules = [rule for profile in profiles_shown for rule in profile.rules]
    all_rules += () if territory else NOTICE_RULES.values()
    if json:
        for rule in all_rules:
            render.json_line(_row(rule, confirmed.get(rule.id)))
        return
    render.table(
        ("rule", "about", "orders", "says", "source", "confirmed by"),
        (
            (
                rule.id,
                rule.about.value,
                ", ".join(kind.value for kind in rule.orders),
                rule.text,
                rule.mark,
                _confirmed(confirmed.get(rule.id)),
            )
            for rule in all_rules
        ),
    )
    render.table(
        ("territory", "order", "particulars to state", "what it is"),
        (
            (profile.territory, kind.value, name, profile.fields(kind)[name].text)
            for profile in profiles_shown
            for kind in profile.kinds
            for name in profile.particulars(kind)
        ),
    )


def confirm(
    mandate: Annotated[Path, typer.Argument(help="The mandate's TOML file.")],
    rule: Annotated[str, typer.Argument(help="Id of the rule, from cautery mandate rules.")],
    source: Annotated[
        str, typer.Option("--source", help="Where you read it: the text, article and date.")
    ],
    name: Annotated[str, typer.Option("--as", help="Your name, as an approver of the mandate.")],
    key: Annotated[Path, typer.Option("--key", help="Your signing key (PEM, mode 0600).")],
    digest: Annotated[
        str | None,
        typer.Option("--digest", help="Digest of the rule, from cautery mandate rules --json."),
    ] = None,
) -> None:
    """Confirm a rule of law with the source in which you have read it.

    The command shows the rule and asks you to confirm. Without a terminal, give its --digest
    instead. The confirmation is signed, counts under this mandate, and is written to a file next to
    it. A running watch reads it within a second.

    Example: cautery mandate confirm mandate.toml de-live --source "..." --as "A. Legal" --key a.pem
    """
    now = wiring.clock().now()
    checked = read_mandate(mandate, now=now)
    statute_rule = rule_under(checked, rule)
    private = load_approver(key)
    if digest is None and not statute_rule.is_verified:
        ask(
            f"rule       {statute_rule.id}, {statute_rule.territory}\n"
            f"says       {statute_rule.text}\n"
            f"source     {source}\n"
            f"mandate    {checked.id}\n"
            f"digest     {rule_digest(statute_rule)}",
            question=f"Confirm, as {render.printable(name)}, that this source says so?",
            hint=f"Give --digest {rule_digest(statute_rule)} if you have read: {statute_rule.text}",
        )
    elif digest is not None and Digest(digest) != rule_digest(statute_rule):
        raise ApprovalError(
            f"the digest of {statute_rule.id} is {rule_digest(statute_rule)}, not {digest}",
            hint="Read the rule again: cautery mandate rules --json",
        )
    add_confirmation(
        mandate, checked, rule=statute_rule, source=source, name=name, key=private, now=now
    )
    render.say(f"{name} has confirmed {statute_rule.id}: {confirmations_path(mandate)}")


def _shown(mandate: Mandate | None, territories: list[str] | tuple[()]) -> list[Profile]:
    for code in territories:
        if len(code) != 2 or not (code.isascii() and code.isalpha()):
            raise InputError(f"--territory {code!r}: write two letters, such as IT")
    if territories:
        return [profile_of(code) for code in dict.fromkeys(territories)]
    if mandate is not None:
        return [profile_of(code) for code in sorted({order.territory for order in mandate.orders})]
    return list(profiles())


def _row(rule: Rule, confirmation: RuleConfirmation | None) -> dict[str, object]:
    return {
        "rule": rule.id,
        "territory": rule.territory,
        "about": rule.about.value,
        "orders": [kind.value for kind in rule.orders],
        "text": rule.text,
        "source": rule.mark,
        "fields": list(rule.fields),
        "digest": rule_digest(rule),
        "confirmed": None
        if confirmation is None
        else {
            "by": confirmation.name,
            "at": iso(confirmation.at),
            "source": confirmation.source,
        },
    }


def _confirmed(confirmation: RuleConfirmation | None) -> str:
    return "" if confirmation is None else f"{confirmation.name}: {confirmation.source}"
