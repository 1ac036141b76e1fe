"""Drafts under legal instruments, for a person to check, sign and send: Cautery sends none.

A draft says who asks whom for what, on which grounds, and by when; the forms of
``operation/forms`` are its papers. What a rule says is in docs/reference/sources.md, F30 and F31. A
rule marked ``[M]`` there was not read in an official text: the basis of a draft that leans on it
says so, and needs a person who confirms it with a source.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cautery.errors import InputError
from cautery.model import Agency, Competence, Instrument, InstrumentKind, iso

EVIDENCE_APPLIES = datetime(2026, 8, 18, tzinfo=UTC)
"""Regulation (EU) 2023/1543 applies since then (docs/reference/sources.md, F30)."""
# Regulation (EU) 2023/1543, art. 10 and Annex II (docs/reference/sources.md, F30).
PRODUCTION = timedelta(days=10)
PRODUCTION_IN_EMERGENCY = timedelta(hours=8)
PRESERVATION = timedelta(days=60)
EIO_RECOGNITION = timedelta(days=30)  # [M]
EIO_EXECUTION = timedelta(days=90)  # [M], after recognition

UNCONFIRMED = "[M]"
"""Marks a rule that a person confirms with a source before the instrument is issued."""

# Member States of the Union; those whose part in an instrument differs are named beside it.
_UNION = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)
_OUTSIDE_EVIDENCE = frozenset({"DK"})  # recitals 100 and 101: Ireland takes part, Denmark none
_OUTSIDE_EIO = frozenset({"DK", "IE"})  # [M]: Directive 2014/41/EU binds neither
_OUTSIDE_FREEZING = frozenset({"DK", "IE"})  # [M]: Regulation (EU) 2018/1805 binds neither


_COUNTRY = re.compile(r"[A-Z]{2}")


class ProviderClass(StrEnum):
    """What a provider does; the Regulation covers some (docs/reference/sources.md, F30)."""

    COMMUNICATIONS = "communications"
    """Electronic communications, and services by which users communicate with each other."""
    DOMAIN = "domain"
    IP_NUMBERING = "ip-numbering"
    HOSTING = "hosting"
    CLOUD = "cloud"
    VIDEO_STREAMING = "video-streaming"
    OTHER = "other"


COVERED = frozenset(
    {
        ProviderClass.COMMUNICATIONS,
        ProviderClass.DOMAIN,
        ProviderClass.IP_NUMBERING,
        ProviderClass.HOSTING,
        ProviderClass.CLOUD,
    }
)


def draft_preservation(
    *,
    by: Agency,
    provider: str,
    country: str,
    provider_class: ProviderClass,
    holds: Sequence[str],
    grounds: str,
    at: datetime,
    stored: bool = True,
) -> Instrument:
    """Draft a European Preservation Order: the provider keeps what it has stored.

    Parameters
    ----------
    country : str
        Where the provider is established or represented.
    holds : sequence of str
        Hosts, addresses, accounts whose stored data are to be kept.
    stored : bool
        Whether the data are already stored; the instrument reaches no others.

    Raises
    ------
    InputError
        Naming the rule that does not allow it.
    """
    _check_evidence(by, provider, country, provider_class, at, stored=stored)
    return _instrument(
        InstrumentKind.PRESERVATION,
        by=by,
        addressee=provider,
        country=country,
        holds=holds,
        grounds=grounds,
        at=at,
        basis="Regulation (EU) 2023/1543, European Preservation Order: the data are kept for "
        "60 days, for 30 days more if the authority extends them, and longer once it confirms that "
        "production was asked for",
        lapses_at=at + PRESERVATION,
    )


def draft_production(
    *,
    by: Agency,
    provider: str,
    country: str,
    provider_class: ProviderClass,
    holds: Sequence[str],
    grounds: str,
    at: datetime,
    emergency: bool = False,
    stored: bool = True,
) -> Instrument:
    """Draft a European Production Order: 10 days, 8 hours in an emergency.

    Raises
    ------
    InputError
        Naming the rule that does not allow it.
    """
    _check_evidence(by, provider, country, provider_class, at, stored=stored)
    return _instrument(
        InstrumentKind.PRODUCTION,
        by=by,
        addressee=provider,
        country=country,
        holds=holds,
        grounds=grounds,
        at=at,
        basis="Regulation (EU) 2023/1543, European Production Order: 10 days from receipt, "
        "8 hours in an emergency; data already stored only",
        due_at=at + (PRODUCTION_IN_EMERGENCY if emergency else PRODUCTION),
        emergency=emergency,
    )


def draft_freezing(
    *, by: Agency, addressee: str, country: str, holds: Sequence[str], grounds: str, at: datetime
) -> Instrument:
    """Draft a freezing order or certificate: accounts and wallets held by a bank or a service.

    Raises
    ------
    InputError
        Naming the rule that does not allow it.
    """
    _competent(by, Competence.FREEZE, "a freezing order")
    _check_country(country)
    if by.country == country:
        basis = f"national law of {country} {UNCONFIRMED}"
    else:
        _within(by.country, country, _OUTSIDE_FREEZING, "Regulation (EU) 2018/1805")
        basis = "Regulation (EU) 2018/1805, mutual recognition of freezing orders"
    return _instrument(
        InstrumentKind.FREEZING,
        by=by,
        addressee=addressee,
        country=country,
        holds=holds,
        grounds=grounds,
        at=at,
        basis=basis,
    )


def draft_eio(
    *, by: Agency, authority: str, country: str, holds: Sequence[str], grounds: str, at: datetime
) -> Instrument:
    """Draft a European Investigation Order: search, seizure or hearing in another Member State.

    Raises
    ------
    InputError
        Naming the rule that does not allow it.
    """
    _competent(by, Competence.INVESTIGATE, "a European Investigation Order")
    if by.country == country:
        raise InputError(
            f"{by.id}: an EIO must go to another Member State; the country here is {country}"
        )
    _within(by.country, country, _OUTSIDE_EIO, "Directive 2014/41/EU")
    return _instrument(
        InstrumentKind.EIO,
        by=by,
        addressee=authority,
        country=country,
        holds=holds,
        grounds=grounds,
        at=at,
        basis=f"Directive 2014/41/EU: recognition within 30 days {UNCONFIRMED}, "
        f"execution within 90 days after it {UNCONFIRMED}",
        due_at=at + EIO_RECOGNITION + EIO_EXECUTION,
    )


def draft_jit(
    *, by: Agency, partners: Sequence[Agency], purpose: str, until: datetime, at: datetime
) -> Instrument:
    """Draft the agreement of a joint investigation team.

    Parameters
    ----------
    until : datetime
        The team is set up for a limited time.

    Raises
    ------
    InputError
        Naming the rule that does not allow it.
    """
    for party in (by, *partners):
        _competent(party, Competence.INVESTIGATE, "a joint investigation team")
    if len({party.country for party in (by, *partners)}) < 2:
        raise InputError("a joint investigation team needs two States or more")
    if until <= at:
        raise InputError("the end of a joint investigation team must be in the future")
    return _instrument(
        InstrumentKind.JIT,
        by=by,
        addressee=", ".join(partner.id for partner in partners),
        country="/".join(sorted({partner.country for partner in partners})),
        holds=[purpose],
        grounds="Parties: "
        + ", ".join(f"{party.name} ({party.country})" for party in (by, *partners)),
        at=at,
        basis=f"Framework Decision 2002/465/JHA {UNCONFIRMED}, purpose and duration by agreement",
        lapses_at=until,
    )


def draft_mla(
    *, by: Agency, authority: str, country: str, holds: Sequence[str], grounds: str, at: datetime
) -> Instrument:
    """Draft a request for mutual legal assistance to a third country.

    Raises
    ------
    InputError
        Naming the rule that does not allow it.
    """
    _competent(by, Competence.INVESTIGATE, "a request for mutual legal assistance")
    _check_country(country)
    if by.country == country:
        raise InputError(
            f"{by.id}: {country} is its own country, so no assistance of another State is needed"
        )
    return _instrument(
        InstrumentKind.MLA,
        by=by,
        addressee=authority,
        country=country,
        holds=holds,
        grounds=grounds,
        at=at,
        basis=f"the treaty in force between {by.country} and {country} {UNCONFIRMED}, "
        "without a time limit",
    )


def _check_evidence(
    by: Agency,
    provider: str,
    country: str,
    provider_class: ProviderClass,
    at: datetime,
    *,
    stored: bool,
) -> None:
    """Check what both e-Evidence orders share."""
    _competent(by, Competence.PRESERVE, "an e-Evidence order")
    if at < EVIDENCE_APPLIES:
        raise InputError(
            f"the draft is dated {at.date()}, but Regulation (EU) 2023/1543 applies from "
            f"{EVIDENCE_APPLIES.date()}",
            hint=(
                "Before that day, draft a European Investigation Order, or mutual legal assistance."
            ),
        )
    if provider_class not in COVERED:
        raise InputError(
            f"{provider}: Regulation (EU) 2023/1543 does not cover a provider of "
            f"{provider_class.value}",
            hint="Covered: " + ", ".join(sorted(COVERED)) + ". Otherwise draft an EIO.",
        )
    if not stored:
        raise InputError(
            "Regulation (EU) 2023/1543 covers only data already stored, not future or live data"
        )
    _within(by.country, country, _OUTSIDE_EVIDENCE, "Regulation (EU) 2023/1543")


def _competent(by: Agency, needed: Competence, what: str) -> None:
    if not by.may(needed):
        raise InputError(
            f"{by.id} may not issue {what}: it lacks the competence to {needed.value}",
            hint="Ask an agency at the table that has this competence.",
        )


def _check_country(country: str) -> None:
    if not _COUNTRY.fullmatch(country):
        raise InputError(
            f"the addressee's country is missing or not an ISO 3166-1 code: {country[:40]!r}",
            hint="Give it, for example: --country NL",
        )


def _within(issuer: str, country: str, outside: frozenset[str], instrument: str) -> None:
    _check_country(country)
    for state in (issuer, country):
        if state not in _UNION - outside:
            raise InputError(
                f"{instrument} does not apply to {state}",
                hint="Draft a request for mutual legal assistance (mla).",
            )


def _instrument(
    kind: InstrumentKind,
    *,
    by: Agency,
    addressee: str,
    country: str,
    holds: Sequence[str],
    grounds: str,
    at: datetime,
    basis: str,
    due_at: datetime | None = None,
    lapses_at: datetime | None = None,
    emergency: bool = False,
) -> Instrument:
    if not grounds.strip():
        raise InputError("a draft needs its grounds: why it is necessary and proportionate")
    if not addressee.strip():
        raise InputError("a draft needs an addressee")
    for line in (addressee, *holds):
        # A line of its own would stand in the draft as if it were a part of the form.
        if not line.strip() or not line.isprintable():
            raise InputError(
                f"{line[:60]!r}: the addressee and each requested item must be one printable line"
            )
    content = "\n".join([kind.value, by.id, addressee, country, *sorted(holds), grounds, iso(at)])
    return Instrument(
        id="D-" + hashlib.sha256(content.encode()).hexdigest()[:12],
        kind=kind,
        by=by.id,
        addressee=addressee,
        country=country,
        holds=tuple(holds),
        basis=basis,
        grounds=grounds,
        drafted_at=at,
        due_at=due_at,
        lapses_at=lapses_at,
        emergency=emergency,
    )
