"""Findings: links to other crimes with their own evidence, and suggestions from the register."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from cautery.errors import InputError
from cautery.model import (
    AddressTag,
    ExhibitId,
    ExhibitKind,
    Marking,
    Pap,
    SeizedExhibit,
    StatementKind,
    Tlp,
    Transfer,
    require_utc,
)
from cautery.operation.register import Register
from cautery.operation.tags import is_concealing, is_service
from cautery.payments.addresses import spelled

CASH_LIMIT_EUR = Decimal(10_000)
"""Regulation (EU) 2024/1624, art. 80 [M]: no trader may take more in cash."""


class Crime(StrEnum):
    """What else an operation may come upon."""

    MONEY_LAUNDERING = "money-laundering"
    CYBERCRIME = "cybercrime"
    DRUGS = "drugs"
    ARMS = "arms"
    FRAUD = "fraud"
    FORGERY = "forgery"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrimeFinding:
    """A link to another crime: fact or assessment, and the exhibits that show it.

    Parameters
    ----------
    numbers : tuple of str
        Exhibits of the register.
    exhibits : tuple of ExhibitId
        Further evidence in the vault.
    """

    crime: Crime
    text: str
    kind: StatementKind
    numbers: tuple[str, ...]
    marking: Marking
    by: str
    at: datetime
    exhibits: tuple[ExhibitId, ...] = ()

    def __post_init__(self) -> None:
        require_utc("at", self.at)
        if not self.text.strip() or len(self.text) > 2_000:
            raise InputError("the text of a finding must be one or a few sentences")
        if not self.numbers and not self.exhibits:
            raise InputError(
                f"finding of {self.crime.value}: no evidence is named",
                hint="Name exhibits of the register, or seal the evidence in the vault.",
            )


def check_finding(finding: CrimeFinding, register: Register) -> None:
    """Refuse a finding that leans on an exhibit which the register has not.

    Raises
    ------
    InputError
        Naming it.
    """
    for number in finding.numbers:
        register[number]


def counterparties_of(
    transfers: Iterable[Transfer], addresses: Collection[str], tags: Mapping[str, AddressTag]
) -> dict[str, tuple[AddressTag, ...]]:
    """Return the tags of those that paid an address, or that it paid, by address.

    Parameters
    ----------
    addresses : collection of str
        Of seized wallets.
    """
    subjects = frozenset(map(spelled, addresses))
    tags_of: dict[str, dict[str, AddressTag]] = {}
    for transfer in transfers:
        ends = tuple(
            [spelled(flow.address) for flow in flows]
            for flows in (transfer.inputs, transfer.outputs)
        )
        for near, far in (ends, ends[::-1]):
            tagged = {
                counterparty: tags[counterparty] for counterparty in far if counterparty in tags
            }
            for address in subjects.intersection(near) if tagged else ():
                tags_of.setdefault(address, {}).update(tagged)
    return {address: tuple(tagged.values()) for address, tagged in tags_of.items()}


def suggestions(
    register: Register,
    *,
    tags: Mapping[str, AddressTag],
    by: str,
    now: datetime,
    counterparties: Mapping[str, Sequence[AddressTag]] | None = None,
) -> Iterator[CrimeFinding]:
    """Yield what the register's exhibits suggest; never a fact, always for a person to weigh.

    Parameters
    ----------
    tags : mapping of str to AddressTag
        Attribution by address.
    counterparties : mapping of str to sequence of AddressTag, optional
        Tagged counterparties of seized wallets, see :func:`counterparties_of`.
    """
    for number, line in register.lines.items():
        for crime, text in dict.fromkeys(_suggested(line.exhibit, tags, counterparties or {})):
            yield CrimeFinding(
                crime=crime,
                text=text,
                kind=StatementKind.ASSESSMENT,
                numbers=(number,),
                marking=Marking(tlp=Tlp.AMBER_STRICT, pap=Pap.AMBER),
                by=by,
                at=now,
            )


def _suggested(
    exhibit: SeizedExhibit,
    tags: Mapping[str, AddressTag],
    counterparties: Mapping[str, Sequence[AddressTag]],
) -> Iterator[tuple[Crime, str]]:
    details, value = exhibit.details, exhibit.value
    if exhibit.kind is ExhibitKind.FIREARM:
        yield Crime.ARMS, f"a firearm of class {details['class']} was found: is it licensed?"
    elif exhibit.kind is ExhibitKind.DRUGS:
        quantity = f"{details['grams']} g of {details['substance']} were found"
        yield Crime.DRUGS, f"{quantity}: the threshold between use and supply is national law"
    elif exhibit.kind is ExhibitKind.CASH and value is not None:
        if value.currency == "EUR" and value.amount > CASH_LIMIT_EUR:
            excess = "more than a trader may take in one payment"
            yield Crime.MONEY_LAUNDERING, f"{value.amount:,} EUR in cash, {excess}"
    elif exhibit.kind is ExhibitKind.WALLET:
        address = spelled(str(details["address"]))
        relations = [("the wallet is", tags[address])] if address in tags else []
        relations += [("it dealt with", tag) for tag in counterparties.get(address, ())]
        for how, tag in relations:
            crime = _crime_of(tag)
            if crime is not None:
                kind = f" ({tag.category})" if tag.category else ""
                yield crime, f"{how} {tag.label!r}{kind}, says {tag.source}"


def _crime_of(tag: AddressTag) -> Crime | None:
    """Return what a tag suggests; to have dealt with an exchange suggests nothing."""
    if is_concealing(tag) or tag.category == "sanctioned":
        return Crime.MONEY_LAUNDERING
    return None if is_service(tag) or tag.category in _ORDINARY else Crime.CYBERCRIME


_ORDINARY = frozenset({"", "miner", "user", "organization", "donation"})
"""Categories of the tag packs that tell of no crime."""
