"""What a seizure page shows, as plain values: texts may be hostile, the template escapes them."""

from __future__ import annotations

from dataclasses import dataclass

from cautery.pages.seizure.texts import PageTexts

RIGHT_TO_LEFT = frozenset(
    (
        *(
            "ar",
            "arc",
            "ckb",
            "dv",
            "fa",
            "ha-arab",
            "he",
            "khw",
            "ks",
            "ku-arab",
            "nqo",
            "pa-arab",
        ),
        *("ps", "sd", "syr", "ug", "ur", "uz-arab", "yi"),
    )
)
"""Languages that are written from right to left, as BCP 47 tags (CLDR's character order)."""


def is_right_to_left(tag: str) -> bool:
    """Tell whether a language is written from right to left.

    Examples
    --------
    >>> is_right_to_left("he"), is_right_to_left("ar-MA"), is_right_to_left("pa")
    (True, True, False)
    """
    parts = tag.lower().split("-")
    return "-".join(parts[:2]) in RIGHT_TO_LEFT or (
        parts[0] in RIGHT_TO_LEFT and parts[1:2] != ["latn"]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """A language of the page: its tag, how it calls itself, and the file of its page."""

    code: str
    name: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedAgency:
    """An agency that agreed to be named; ``logo``: name of a file beside the page, or empty."""

    name: str
    country: str
    part: str
    logo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LawfulOffer:
    """A service that has a licence; ``language``: of ``what`` and ``price``, empty: not said."""

    name: str
    url: str
    what: str = ""
    price: str = ""
    is_free: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryOffers:
    """The offers of one country."""

    country: str
    offers: tuple[LawfulOffer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to ask; ``address``: ``https:`` or ``mailto:``, ``label``: as people read it."""

    name: str
    country: str
    purpose: str
    address: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeizurePage:
    """A page in one language.

    Parameters
    ----------
    days : str
        Since when the addresses are in the hands of authorities, in words.
    brands : tuple of str
        What the service called itself, as far as facts for everybody say it.
    records_in : str
        Language of the operation's name and legal basis; empty: not said.
    checked : str
        When somebody looked through the offers.
    """

    texts: PageTexts
    tongue: Tongue
    tongues: tuple[Tongue, ...]
    days: str
    brands: tuple[str, ...]
    operation: str
    legal_basis: str
    records_in: str
    agencies: tuple[NamedAgency, ...]
    offers: tuple[CountryOffers, ...]
    contacts: tuple[Contact, ...]
    checked: str
    made_on: str
    lab: bool
