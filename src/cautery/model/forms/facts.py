"""The closed vocabulary of facts that a case can give to a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cautery.model.evidence import ExhibitId
from cautery.model.marking import Marking


class FieldKind(StrEnum):
    """What a field holds, and so how it is checked and written."""

    TEXT = "text"
    TEXTS = "texts"
    """Several short texts."""
    NUMBER = "number"
    DATE = "date"
    MOMENT = "moment"
    """A time in UTC."""
    NAMES = "names"
    """Host names."""
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    URLS = "urls"
    DIGESTS = "digests"
    """SHA-256 of exhibits."""
    MONEY = "money"
    """An amount with its currency: ``12.50 EUR``."""
    COUNTRY = "country"
    """ISO 3166-1 alpha-2."""
    PERSON = "person"
    """A person's name."""
    YES_NO = "yes-no"
    TABLE = "table"


LISTS = frozenset(
    (
        FieldKind.TEXTS,
        FieldKind.NAMES,
        FieldKind.IPV4,
        FieldKind.IPV6,
        FieldKind.URLS,
        FieldKind.DIGESTS,
    )
)
"""Kinds whose value is a tuple of texts."""

WITHHELD = "statement.withheld"
"""The fact that whoever writes a paper is told and nobody else: it says that there is more."""
UNAPPROVED = "referral.unapproved"
"""The fact that keeps a paper a draft: why its referral may not leave."""
OF_NO_FIELD = frozenset((WITHHELD, UNAPPROVED))
"""Facts about a paper that no field of it can ask for."""

Row = Mapping[str, str]
"""A row of a table, by the names of its columns."""
Value = str | int | bool | tuple[str, ...] | tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSpec:
    """A fact that the vocabulary has.

    Parameters
    ----------
    kind : FieldKind
        What it is; a field that takes it has the same kind.
    text : str
        What it says, in one clause.
    columns : tuple of str
        Of a table: the names of its columns.
    """

    kind: FieldKind
    text: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact of one case.

    Parameters
    ----------
    value : Value
        As the vocabulary's kind has it.
    records : tuple of int
        Numbers of the records that say so.
    exhibits : tuple of ExhibitId
        Exhibits that show it.
    marking : Marking or None
        What may be done with it; ``None``: it is not marked.
    """

    value: Value
    records: tuple[int, ...] = ()
    exhibits: tuple[ExhibitId, ...] = ()
    marking: Marking | None = None


_TARGET = ("kind", "target", "end", "exhibits")
_HOSTING = ("target", "addresses", "asn", "organisation", "country")
_EXHIBIT = ("number", "digest", "what", "kind", "sealed", "size")
_STATEMENT = ("id", "by", "subject", "text", "kind", "evaluation", "marking", "at")
_PERSON = ("name", "pseudonym", "category", "kind", "role", "country")
_PROPOSAL = (
    "rank",
    "addressee",
    "asset",
    "at_least",
    "at_most",
    "balance",
    "methods",
    "holds",
    "grounds",
)
_ACCOUNT = ("institution", "account", "asset", "amount", "sum", "why")
_SEALED = ("number", "digest", "what", "claims", "size", "sealed", "not_after", "custody")
_CLAIM = ("number", "stream", "url", "says", "support", "ratio")
_TIME = ("claim", "what", "not_before", "not_after", "claimed")
_RATE = ("what", "counted", "source")
_THING = (
    *("number", "kind", "description", "place", "finder", "seized", "seal", "holder", "state"),
    "digest",
)
_LINK = ("number", "at", "act", "giver", "taker", "place", "reason", "seal")
_ACT = ("number", "at", "act", "by", "to", "why", "what", "digest", "signed")
_VERDICT = ("stream", "host", "right", "finding", "log10_lr", "at")

FACTS: Mapping[str, FactSpec] = {
    "case.id": FactSpec(kind=FieldKind.TEXT, text="the id of the case"),
    "case.lab": FactSpec(kind=FieldKind.YES_NO, text="whether the case is of an invented world"),
    "paper.day": FactSpec(
        kind=FieldKind.DATE, text="the day on which the paper is written, in UTC"
    ),
    "paper.time": FactSpec(kind=FieldKind.MOMENT, text="when the paper is written"),
    "mandate.id": FactSpec(kind=FieldKind.TEXT, text="the id of the mandate"),
    "mandate.holder": FactSpec(kind=FieldKind.TEXT, text="who gives the mandate"),
    "mandate.legal_basis": FactSpec(kind=FieldKind.TEXT, text="the right that it rests on"),
    "mandate.territories": FactSpec(kind=FieldKind.TEXTS, text="the territories of the mandate"),
    "mandate.works": FactSpec(kind=FieldKind.TEXTS, text="titles of the works and channels"),
    "mandate.approvers": FactSpec(kind=FieldKind.TEXTS, text="names of who may approve"),
    "order.id": FactSpec(kind=FieldKind.TEXT, text="the id of the order"),
    "order.authority": FactSpec(kind=FieldKind.TEXT, text="who gave the order"),
    "order.territory": FactSpec(kind=FieldKind.COUNTRY, text="where the order holds"),
    "order.begin": FactSpec(kind=FieldKind.MOMENT, text="when the order begins to hold"),
    "order.end": FactSpec(kind=FieldKind.MOMENT, text="when the order ends"),
    "order.targets_rule": FactSpec(kind=FieldKind.TEXT, text="which targets the order covers"),
    "order.days": FactSpec(kind=FieldKind.TEXTS, text="the days on which a live order holds"),
    "order.agent": FactSpec(kind=FieldKind.TEXT, text="the sworn agent, as the order states"),
    "order.calendar": FactSpec(kind=FieldKind.TEXT, text="the calendar, as the order states"),
    "order.criteria": FactSpec(kind=FieldKind.TEXT, text="the criteria, as the order states"),
    "order.declared": FactSpec(kind=FieldKind.TEXT, text="what was declared of the targets"),
    "order.host_notice": FactSpec(kind=FieldKind.TEXT, text="when the hoster is notified"),
    "order.method": FactSpec(kind=FieldKind.TEXT, text="the approved method of collection"),
    "order.notice": FactSpec(kind=FieldKind.TEXT, text="the notice, or why it is dispensed with"),
    "order.reporter": FactSpec(kind=FieldKind.TEXT, text="the accredited reporter"),
    "order.reset": FactSpec(kind=FieldKind.TEXT, text="how often the list is set anew"),
    "event.id": FactSpec(kind=FieldKind.TEXT, text="the id of the event"),
    "event.name": FactSpec(kind=FieldKind.TEXT, text="the name of the event"),
    "event.start": FactSpec(kind=FieldKind.MOMENT, text="when the event starts"),
    "event.day": FactSpec(kind=FieldKind.DATE, text="its day by the clock of the territory"),
    "event.legal_basis": FactSpec(kind=FieldKind.TEXT, text="the right in the event"),
    "referral.id": FactSpec(kind=FieldKind.TEXT, text="the id of the referral"),
    "referral.covers": FactSpec(kind=FieldKind.TEXT, text="the event, or the works and channels"),
    "referral.digest": FactSpec(kind=FieldKind.TEXT, text="what approvers sign of the referral"),
    "referral.begin": FactSpec(kind=FieldKind.MOMENT, text="when the referral begins to hold"),
    "referral.end": FactSpec(kind=FieldKind.MOMENT, text="when the referral ends"),
    "referral.names": FactSpec(kind=FieldKind.NAMES, text="host names to block"),
    "referral.ipv4": FactSpec(kind=FieldKind.IPV4, text="IPv4 addresses to block"),
    "referral.ipv6": FactSpec(kind=FieldKind.IPV6, text="IPv6 addresses to block"),
    "referral.urls": FactSpec(kind=FieldKind.URLS, text="URLs to block"),
    "referral.targets": FactSpec(
        kind=FieldKind.TABLE, text="all targets of the referral", columns=_TARGET
    ),
    "referral.hosting": FactSpec(
        kind=FieldKind.TABLE, text="who hosts each target", columns=_HOSTING
    ),
    "referral.statement": FactSpec(kind=FieldKind.TEXT, text="its grounds, as approvers sign them"),
    "referral.approvers": FactSpec(kind=FieldKind.TEXTS, text="who has approved the referral"),
    "exhibit.digests": FactSpec(kind=FieldKind.DIGESTS, text="SHA-256 of its exhibits"),
    "exhibit.list": FactSpec(
        kind=FieldKind.TABLE, text="the exhibits that the paper rests on", columns=_EXHIBIT
    ),
    "verdict.list": FactSpec(
        kind=FieldKind.TABLE, text="the proven streams with their verdicts", columns=_VERDICT
    ),
    "court.opened": FactSpec(kind=FieldKind.MOMENT, text="when the case was opened"),
    "court.closed": FactSpec(kind=FieldKind.MOMENT, text="when the case was closed"),
    "court.seal": FactSpec(
        kind=FieldKind.TABLE, text="what the closing of the case sealed", columns=("what", "says")
    ),
    "court.exhibits": FactSpec(
        kind=FieldKind.TABLE, text="the exhibits of the claims, each once", columns=_SEALED
    ),
    "court.claims": FactSpec(
        kind=FieldKind.TABLE, text="the claims of the dossier", columns=_CLAIM
    ),
    "court.ratios": FactSpec(
        kind=FieldKind.TEXTS, text="what the likelihood ratios of the claims say"
    ),
    "court.claim_rates": FactSpec(
        kind=FieldKind.TABLE,
        text="the error rates that bear on each claim",
        columns=("claims", "what", "counted"),
    ),
    "court.times": FactSpec(
        kind=FieldKind.TABLE, text="the times of each claim, with their brackets", columns=_TIME
    ),
    "court.rates": FactSpec(
        kind=FieldKind.TABLE, text="all error rates of the case", columns=_RATE
    ),
    "court.blind": FactSpec(
        kind=FieldKind.TABLE, text="the error rates of blind tests", columns=_RATE
    ),
    "court.method": FactSpec(kind=FieldKind.TEXTS, text="how the findings were made"),
    "court.versions": FactSpec(kind=FieldKind.TEXTS, text="the versions that made them"),
    "court.vouched": FactSpec(kind=FieldKind.TEXTS, text="what is known of the times"),
    "court.limits": FactSpec(
        kind=FieldKind.TABLE, text="what the case does not know", columns=("what", "why")
    ),
    "court.decoys": FactSpec(kind=FieldKind.TEXTS, text="what is said of decoys"),
    "court.custody": FactSpec(kind=FieldKind.TEXTS, text="the chain of custody in short"),
    "court.acts": FactSpec(
        kind=FieldKind.TABLE, text="each act of the chain of custody", columns=_ACT
    ),
    "court.gaps": FactSpec(kind=FieldKind.TEXTS, text="what the chain of custody leaves open"),
    "register.exhibits": FactSpec(
        kind=FieldKind.TABLE, text="the exhibits of the register, as they are now", columns=_THING
    ),
    "register.links": FactSpec(
        kind=FieldKind.TABLE, text="each link of their chains of custody", columns=_LINK
    ),
    "register.gaps": FactSpec(kind=FieldKind.TEXTS, text="what the register leaves open"),
    "operation.id": FactSpec(kind=FieldKind.TEXT, text="the id of the operation"),
    "operation.name": FactSpec(kind=FieldKind.TEXT, text="the name of the operation"),
    "operation.legal_basis": FactSpec(kind=FieldKind.TEXT, text="the decision that it rests on"),
    "operation.opened_at": FactSpec(kind=FieldKind.MOMENT, text="when the operation was opened"),
    "operation.agencies": FactSpec(
        kind=FieldKind.TABLE,
        text="the agencies at its table",
        columns=("id", "name", "country", "role", "contact"),
    ),
    "agency.name": FactSpec(kind=FieldKind.TEXT, text="the agency whose case it is"),
    "agency.country": FactSpec(kind=FieldKind.COUNTRY, text="its country"),
    "agency.contact": FactSpec(kind=FieldKind.TEXT, text="its contact point"),
    "instrument.id": FactSpec(kind=FieldKind.TEXT, text="the id of the drafted instrument"),
    "instrument.addressee": FactSpec(kind=FieldKind.TEXT, text="whom the draft goes to"),
    "instrument.country": FactSpec(kind=FieldKind.COUNTRY, text="the addressee's country"),
    "instrument.states": FactSpec(kind=FieldKind.TEXT, text="the States of the addressees"),
    "instrument.holds": FactSpec(kind=FieldKind.TEXTS, text="all that the draft asks for"),
    "instrument.ipv4": FactSpec(kind=FieldKind.IPV4, text="IPv4 addresses among it"),
    "instrument.ipv6": FactSpec(kind=FieldKind.IPV6, text="IPv6 addresses among it"),
    "instrument.names": FactSpec(kind=FieldKind.NAMES, text="host names among it"),
    "instrument.accounts": FactSpec(kind=FieldKind.TEXTS, text="accounts and wallets among it"),
    "instrument.others": FactSpec(kind=FieldKind.TEXTS, text="what else is among it"),
    "instrument.grounds": FactSpec(kind=FieldKind.TEXT, text="the grounds of the draft"),
    "instrument.basis": FactSpec(kind=FieldKind.TEXT, text="the provision that it rests on"),
    "instrument.drafted": FactSpec(kind=FieldKind.MOMENT, text="when it was drafted"),
    "instrument.lapses": FactSpec(kind=FieldKind.MOMENT, text="when its effect ends"),
    "instrument.emergency": FactSpec(kind=FieldKind.YES_NO, text="whether it is an emergency"),
    "instrument.amounts": FactSpec(
        kind=FieldKind.TEXTS, text="the sums that the money trail shows at the addressee"
    ),
    "instrument.facts": FactSpec(
        kind=FieldKind.TEXTS, text="statements about what it asks for that may be cited"
    ),
    "recipient.name": FactSpec(kind=FieldKind.TEXT, text="the agency that the paper goes to"),
    "recipient.country": FactSpec(kind=FieldKind.COUNTRY, text="its country"),
    "recipient.contact": FactSpec(kind=FieldKind.TEXT, text="its contact point"),
    "statement.list": FactSpec(
        kind=FieldKind.TABLE, text="the statements that the recipient may see", columns=_STATEMENT
    ),
    "statement.handling": FactSpec(kind=FieldKind.TEXTS, text="the handling codes of them all"),
    UNAPPROVED: FactSpec(
        kind=FieldKind.TEXT, text="why the referral may not leave, so the paper is a draft"
    ),
    WITHHELD: FactSpec(
        kind=FieldKind.NUMBER, text="how many statements their markings keep out; on no paper"
    ),
    "person.named": FactSpec(
        kind=FieldKind.TABLE, text="the persons whom the paper is to name", columns=_PERSON
    ),
    "finding.list": FactSpec(
        kind=FieldKind.TABLE, text="the links to other crimes", columns=("crime", "text")
    ),
    "money.methods": FactSpec(kind=FieldKind.TEXTS, text="by which conventions money was traced"),
    "money.entered": FactSpec(kind=FieldKind.TEXTS, text="the money at the beginning of the trail"),
    "money.proposals": FactSpec(
        kind=FieldKind.TABLE, text="what orders to freeze would hold", columns=_PROPOSAL
    ),
    "money.keeps": FactSpec(
        kind=FieldKind.TABLE,
        text="whom to ask to keep data of the trail",
        columns=("addressee", "holds", "grounds"),
    ),
    "money.accounts": FactSpec(
        kind=FieldKind.TABLE, text="where the trail ends, and who holds its money", columns=_ACCOUNT
    ),
    "money.hops": FactSpec(
        kind=FieldKind.TABLE,
        text="the ways that the money went",
        columns=("from", "to", "asset", "amount", "first", "last", "count"),
    ),
}
"""By name. A room of workflows gathers each from the records of a case."""
