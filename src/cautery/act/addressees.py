"""Which legal basis and form a notice has, by the kind of its addressee.

Article 16 of the Digital Services Act is for hosting services, online platforms among them. Nobody
else is asked by it: elsewhere an actor has other duties, or none but its own terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cautery.act.jurisdictions import RuleTopic
from cautery.act.rules import UNVERIFIED, Rule
from cautery.model import AddresseeKind


class LocatedBy(StrEnum):
    """How a URL lies at an addressee."""

    NETWORK = "network"
    """Its host's address is in the addressee's autonomous system or ranges."""
    DOMAIN = "domain"
    """Its host is on or below the addressee's domains."""
    REGISTRAR = "registrar"
    """The registry names the addressee as registrar of its domain."""
    EXHIBIT = "exhibit"
    """It lies elsewhere; an exhibit shows the addressee's part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form of a notice to one kind of addressee.

    Parameters
    ----------
    id : str
        Its name and version; the version changes with its words.
    rule : Rule
        The rule of law that it rests on, and how well that is sourced.
    basis : str
        The legal basis, as the notice states it.
    asks : str
        What the addressee is asked to do.
    located_by : tuple of LocatedBy
        How a URL may lie at such an addressee; one suffices.
    exposed : bool
        Whether articles 22 and 23 of the Digital Services Act expose the sender: a platform
        suspends who often sends manifestly unfounded notices.
    """

    id: str
    rule: Rule
    basis: str
    asks: str
    located_by: tuple[LocatedBy, ...]
    exposed: bool = False


GOOD_FAITH = (
    "We state in good faith that, to our knowledge, the information and allegations in this notice "
    "are accurate and complete."
)
"""DSA art. 16(2)(d); the other forms carry it too."""
ARTICLE_16 = "Regulation (EU) 2022/2065, article 16"
_DSA_16 = Rule(
    id="dsa-16-2-notice",
    territory="EU",
    text="a notice substantiates, locates exactly, names the notifier and states good faith "
    "(Reg. 2022/2065, art. 16(2))",
    mark="S48",
    about=RuleTopic.NOTICE,
    orders=(),
)
_ACT = "remove or disable access to the content at each URL, and tell us your decision"


def _unverified(id: str, territory: str, text: str) -> Rule:
    return Rule(
        id=id,
        territory=territory,
        text=text,
        mark=UNVERIFIED,
        about=RuleTopic.NOTICE,
        orders=(),
    )


FORMS: Mapping[AddresseeKind, Form] = {
    AddresseeKind.HOSTING: Form(
        id="dsa-16/1",
        rule=_DSA_16,
        basis=ARTICLE_16,
        asks=_ACT,
        located_by=(LocatedBy.NETWORK, LocatedBy.DOMAIN),
    ),
    AddresseeKind.PLATFORM: Form(
        id="dsa-16/1",
        rule=_DSA_16,
        basis=ARTICLE_16,
        asks=_ACT,
        located_by=(LocatedBy.DOMAIN, LocatedBy.NETWORK),
        exposed=True,
    ),
    AddresseeKind.CDN: Form(
        id="caching/1",
        rule=_unverified(
            "dsa-5-caching",
            "EU",
            "a cache removes or disables a copy once it knows that the source has removed it or an "
            "authority has ordered so (Reg. 2022/2065, art. 5(1)(e))",
        ),
        basis="Regulation (EU) 2022/2065, article 5 (caching), and your terms of service",
        asks="pass this notice on to your customer and to the host of the origin, and drop your "
        "copies once the origin is gone",
        located_by=(LocatedBy.NETWORK, LocatedBy.DOMAIN),
    ),
    AddresseeKind.REGISTRAR: Form(
        id="registrar/1",
        rule=_unverified(
            "icann-raa-3-18",
            "global",
            "a registrar of generic domains takes reports of abuse and investigates them (ICANN "
            "Registrar Accreditation Agreement 2013, section 3.18)",
        ),
        basis="ICANN Registrar Accreditation Agreement, section 3.18, and your terms of service",
        asks="investigate the use of the domain of each URL, and tell us what you do",
        located_by=(LocatedBy.REGISTRAR,),
    ),
    AddresseeKind.REGISTRY: Form(
        id="registry/1",
        rule=_unverified(
            "registry-terms", "global", "a registry acts on a domain by its own terms"
        ),
        basis="your terms of registration",
        asks="examine the registration of the domain of each URL by your terms",
        located_by=(LocatedBy.DOMAIN,),
    ),
    AddresseeKind.MARKETPLACE: Form(
        id="marketplace/1",
        rule=_unverified(
            "marketplace-terms",
            "global",
            "a seller in its own name stops an infringing offer once it knows of it",
        ),
        basis="the rights named below, and your terms of sale",
        asks="take the offer at each URL down",
        located_by=(LocatedBy.DOMAIN,),
    ),
    AddresseeKind.PAYMENT: Form(
        id="payment/1",
        rule=_unverified(
            "payment-terms",
            "global",
            "a payment firm ends a merchant's contract by its own terms and its schemes' rules",
        ),
        basis="your terms of service and the rules of your payment schemes",
        asks="examine the merchant's account by your terms",
        located_by=(LocatedBy.EXHIBIT,),
    ),
    AddresseeKind.ADVERTISER: Form(
        id="advertiser/1",
        rule=_unverified(
            "advertising-mou",
            "EU",
            "who signed the Memorandum of Understanding on online advertising and IPR keeps its "
            "adverts off infringing services",
        ),
        basis="your commitments on advertising and intellectual property",
        asks="stop your adverts beside the content at each URL",
        located_by=(LocatedBy.EXHIBIT,),
    ),
    AddresseeKind.SEARCH: Form(
        id="delisting/1",
        rule=_unverified(
            "delisting", "global", "a search engine takes an infringing URL out of its results"
        ),
        basis="the rights named below, and your procedure for the removal of results",
        asks="take each URL out of your results",
        located_by=(LocatedBy.EXHIBIT,),
    ),
}
"""By kind; a marketplace that stores the offers of others is an online platform."""
_SAME_NETWORK = frozenset((AddresseeKind.HOSTING, AddresseeKind.PLATFORM))


def contradicts(kind: AddresseeKind, network: AddresseeKind) -> bool:
    """Tell whether who runs a network of a known kind cannot be an addressee of this kind.

    An online platform is a hosting service, so the network of a hosting service may be its own.

    >>> contradicts(AddresseeKind.HOSTING, AddresseeKind.CDN)
    True
    >>> contradicts(AddresseeKind.PLATFORM, AddresseeKind.HOSTING)
    False
    """
    return kind is not network and not {kind, network} <= _SAME_NETWORK
