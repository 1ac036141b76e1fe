"""The rules of law that our acts rest on, how well each is sourced, and who confirmed it.

A rule from general knowledge may shape a draft, but nothing is published on it outside the lab
until a person has confirmed it with a source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cautery.errors import ApprovalError

UNVERIFIED = "M"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of law as used here.

    ``mark`` is the source's number in docs/reference/sources.md, or ``M`` when unverified.
    """

    id: str
    territory: str
    text: str
    mark: str


RULES: tuple[Rule, ...] = (
    Rule(
        id="dsa-9-order",
        territory="EU",
        text="an order to act states its basis, reasons, exact location, redress and territory, "
        "and the provider tells if and when it was given effect (Reg. 2022/2065, art. 9)",
        mark="S47",
    ),
    Rule(
        id="dsa-16-2-notice",
        territory="EU",
        text="a notice substantiates, locates exactly, names the notifier and states good faith "
        "(Reg. 2022/2065, art. 16(2))",
        mark="S48",
    ),
    Rule(
        id="fr-l333-10",
        territory="FR",
        text="under an order for the days of a calendar, data of services not yet identified go "
        "to the authority, which notifies the intermediaries (code du sport, L.333-10 III)",
        mark="S59",
    ),
    Rule(
        id="it-93-2023",
        territory="IT",
        text="names and single addresses are blocked within 30 minutes (law 93/2023; AGCOM "
        "189/23/CONS)",
        mark="S19",
    ),
    Rule(
        id="gb-s97a-live",
        territory="GB",
        text="target servers are blocked while matches are live, re-set each period, hosts are "
        "told (FAPL v BT [2017] EWHC 480 (Ch))",
        mark="S67",
    ),
    Rule(
        id="ie-live",
        territory="IE",
        text="live blocking after the game stops and is re-set each week; legitimate hosts may "
        "apply to court",
        mark="S72",
    ),
    Rule(
        id="es-trlpi",
        territory="ES",
        text="objective, proportionate, non-discriminatory blocking, list renewed weekly "
        "(sentencia 310/2024, arts. 138 and 139.1.h TRLPI)",
        mark="S73",
    ),
    Rule(
        id="pt-82-2021",
        territory="PT",
        text="live blocks end with the event (Lei 82/2021)",
        mark="S78",
    ),
    Rule(
        id="dk-live",
        territory="DK",
        text="live production is protectable and blockable",
        mark="S80",
    ),
)


def rules_for(territory: str) -> tuple[Rule, ...]:
    """Return the rules that a referral in a territory rests on.

    An unknown territory gives one unverified rule: that live blocking is lawful there at all.
    """
    rules = tuple(rule for rule in RULES if rule.territory == territory.upper())
    if rules:
        return rules
    return (
        Rule(
            id=f"{territory.lower()}-live",
            territory=territory.upper(),
            text=f"an order for live blocking can be carried out by referral in {territory}",
            mark=UNVERIFIED,
        ),
    )


def require_confirmed(rule: Rule, *, lab: bool, confirmed: Mapping[str, str]) -> None:
    """Raise unless a rule is sourced, or confirmed with a source, or this is the lab.

    Parameters
    ----------
    confirmed : mapping of str to str
        Rule ids that a person confirmed, each with the source that they read.

    Raises
    ------
    ApprovalError
        If nobody has confirmed it.
    """
    if lab or rule.mark != UNVERIFIED or confirmed.get(rule.id, "").strip():
        return
    raise ApprovalError(
        f"the rule {rule.id!r} ({rule.text}) is not verified",
        hint="Check it against the official text and confirm it with its source.",
    )
