"""From a desk's case and the user's list to the folder of a seizure page; nothing is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from cautery.drawing.europe import country_name
from cautery.drawing.formatting import DASH
from cautery.errors import InputError
from cautery.messages import in_language, tr
from cautery.messages.dates import month_name
from cautery.model import Agency, AgencyRole
from cautery.pages.public.render import LANGUAGES
from cautery.pages.seizure import (
    Contact,
    CountryOffers,
    LawfulOffer,
    NamedAgency,
    PageTexts,
    SeizurePage,
    Tongue,
    is_right_to_left,
    own_texts,
    policy,
    render_page,
)
from cautery.pages.seizure.servers import Served, apache, caddy, nginx
from cautery.pages.seizure.zone import FILE, bind, knot, zone
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.seizure_site.logo import picture_of
from cautery.workflows.operation.seizure_site.named import check_names, named_agencies, named_brands
from cautery.workflows.operation.seizure_site.offers import Asked, SiteList, check_https
from cautery.workflows.operation.seizure_site.read_me import read_me
from cautery.workflows.operation.seizure_site.taken import TakenOver, taken_over


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a person decides.

    Parameters
    ----------
    agencies : sequence of str
        Ids of the agencies that agreed to be named.
    languages : sequence of str
        Of the pages; the first one is for who asks for none of them.
    brands : sequence of str
        Brands to name; empty: all that may be named.
    panels : sequence of str
        Hosts of panels that are released against their markings.
    logos : mapping of agency to bytes
        Pictures of agencies.
    """

    agencies: Sequence[str]
    languages: Sequence[str]
    brands: Sequence[str] = ()
    panels: Sequence[str] = ()
    logos: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A folder that is ready to be written.

    Parameters
    ----------
    files : mapping of str to bytes
        By their paths in the folder.
    withheld : tuple of (str, int)
        How many panels and brands are left out by their markings.
    """

    files: Mapping[str, bytes]
    seizures: TakenOver
    brands: tuple[str, ...]
    agencies: tuple[str, ...]
    languages: tuple[str, ...]
    withheld: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common:
    """All that the pages have in common."""

    desk: Desk
    listed: SiteList
    seizures: TakenOver
    agencies: tuple[Agency, ...]
    brands: tuple[str, ...]
    logos: Mapping[str, str]
    tongues: tuple[Tongue, ...]
    made_at: datetime


def seizure_site(desk: Desk, listed: SiteList, choice: Choice, *, made_at: datetime) -> Site:
    """Make the pages, a zone, and files for web servers.

    Raises
    ------
    InputError
        If nothing was taken over, or something in the list or the choice may not stand on a page.
    """
    seizures = taken_over(desk, panels=choice.panels)
    agencies = named_agencies(desk, choice.agencies)
    brands, unnamed = named_brands(desk, choice.brands)
    tongues = _tongues(listed, choice.languages)
    _check_links(listed, seizures)
    _check_real(listed, lab=desk.operation.lab)
    operation = desk.operation
    check_names(
        [
            *listed.names(),
            *(("--agency", agency.name) for agency in agencies),
            *(("brand", brand) for brand in brands),
            ("the operation's name", operation.name),
            ("the operation's legal basis", operation.legal_basis),
        ],
        right_to_left=any(is_right_to_left(tongue.code) for tongue in tongues),
    )
    files: dict[str, bytes] = {}
    logos = _logos(choice.logos, agencies, files)
    common = _Common(
        desk=desk,
        listed=listed,
        seizures=seizures,
        agencies=agencies,
        brands=brands,
        logos=logos,
        tongues=tongues,
        made_at=made_at,
    )
    for place, tongue in enumerate(tongues):
        page = _page(common, tongue).encode()
        files[f"site/{tongue.file}"] = page
        if place == 0:
            files["site/index.html"] = page
    files |= _serving(common)
    return Site(
        files=files,
        seizures=seizures,
        brands=brands,
        agencies=tuple(agency.id for agency in agencies),
        languages=tuple(tongue.code for tongue in tongues),
        withheld=tuple(
            (what, count)
            for what, count in (("panels", seizures.withheld), ("brands", unnamed))
            if count
        ),
    )


def _tongues(listed: SiteList, codes: Sequence[str]) -> tuple[Tongue, ...]:
    unknown = [code for code in codes if code not in LANGUAGES and code not in listed.further]
    if unknown or not codes:
        raise InputError(
            f"the page has no texts in language {(*unknown, '')[0][:20]!a}",
            hint=(
                f"There is {', '.join(LANGUAGES)}. Another language has its texts in the list: "
                "`cautery operation seizure-page --texts` prints what is to be translated."
            ),
        )
    return tuple(
        Tongue(
            code=code,
            name=LANGUAGES[code] if code in LANGUAGES else listed.further[code].name,
            file=f"{code}.html",
        )
        for code in dict.fromkeys(codes)
    )


def _check_links(listed: SiteList, seizures: TakenOver) -> None:
    """Refuse a list that leads visitors back to what was taken over."""
    for url in listed.urls:
        host = check_https(url, listed.where)
        if any(host == name or host.endswith(f".{name}") for name in seizures.hosts):
            raise InputError(f"{listed.where}: {host} was taken over: no page leads there")


def _check_real(listed: SiteList, *, lab: bool) -> None:
    """Refuse the names and addresses of an example on the page of an operation that is no lab's."""
    hosts = [check_https(url, listed.where) for url in listed.urls]
    hosts += [contact.mail.rpartition("@")[2] for contact in listed.contacts]
    hosts += listed.host.nameservers
    invented = [host for host in hosts if host.endswith(".example")]
    invented += [str(address) for address in listed.host.addresses if not address.is_global]
    if invented and not lab:
        raise InputError(
            f"{listed.where}: {invented[0]} is for examples alone, and this operation is real",
            hint="Put your own offers, contacts and addresses into the list.",
        )


def _logos(
    logos: Mapping[str, bytes], agencies: Sequence[Agency], files: dict[str, bytes]
) -> dict[str, str]:
    names = {}
    for agency, raw in logos.items():
        if agency not in {member.id for member in agencies}:
            raise InputError(f"--logo {agency[:60]}: the page does not name this agency")
        names[agency] = f"logo-{agency}.png"
        files[f"site/{names[agency]}"] = picture_of(raw, where=f"--logo {agency}")
    return names


def _page(common: _Common, tongue: Tongue) -> str:
    """Return a page in one of Cautery's languages, or in one that the user brings."""
    further = common.listed.further.get(tongue.code)
    if further is None:
        with in_language(tongue.code):
            return render_page(_view(common, tongue, own_texts(), _day, country_name))
    codes = {offer.country for offer in common.listed.offers}
    codes |= {contact.country for contact in common.listed.contacts} - {""}
    codes |= {agency.country for agency in common.agencies}
    unnamed = sorted(codes - further.countries.keys())
    if unnamed:
        raise InputError(
            f"{common.listed.where}: language {further.code}: no name for country {unnamed[0]}",
            hint=f'Under [language.countries] write {unnamed[0]} = "...".',
        )
    view = _view(common, tongue, further.texts, date.isoformat, further.countries.__getitem__)
    return render_page(view)


def _view(
    common: _Common,
    tongue: Tongue,
    texts: PageTexts,
    day: Callable[[date], str],
    country: Callable[[str], str],
) -> SeizurePage:
    operation, listed = common.desk.operation, common.listed
    first, last = min(common.seizures.moments).date(), max(common.seizures.moments).date()
    return SeizurePage(
        texts=texts,
        tongue=tongue,
        tongues=common.tongues,
        days=day(first) if first == last else f"{day(first)} {DASH} {day(last)}",
        brands=common.brands,
        operation=operation.name,
        legal_basis=operation.legal_basis,
        records_in=listed.records_in,
        agencies=tuple(
            NamedAgency(
                name=agency.name,
                country=country(agency.country),
                part=_part(agency.role, texts),
                logo=common.logos.get(agency.id, ""),
            )
            for agency in common.agencies
        ),
        offers=_offers(listed, country),
        contacts=tuple(
            Contact(
                name=contact.name,
                country=country(contact.country) if contact.country else "",
                purpose=_purpose(contact, texts),
                address=f"mailto:{contact.mail}" if contact.mail else contact.url,
                label=contact.mail or contact.url.removeprefix("https://"),
            )
            for contact in listed.contacts
        ),
        checked=day(listed.checked),
        made_on=day(common.made_at.date()),
        lab=operation.lab,
    )


def _offers(listed: SiteList, country: Callable[[str], str]) -> tuple[CountryOffers, ...]:
    """Return the offers by country, those that cost nothing first: price decides for most."""
    groups: dict[str, list[LawfulOffer]] = {}
    for offer in sorted(listed.offers, key=lambda row: not row.free):
        groups.setdefault(offer.country, []).append(
            LawfulOffer(
                name=offer.name,
                url=offer.url,
                what=offer.what,
                price=offer.price,
                is_free=offer.free,
                language=offer.language,
            )
        )
    return tuple(
        sorted(
            (
                CountryOffers(country=country(code), offers=tuple(rows))
                for code, rows in groups.items()
            ),
            key=lambda row: row.country,
        )
    )


def _part(role: AgencyRole, texts: PageTexts) -> str:
    parts = {
        AgencyRole.LEAD: texts.lead,
        AgencyRole.PARTICIPANT: texts.participant,
        AgencyRole.COORDINATION: texts.coordination,
        AgencyRole.SUPPORT: texts.support,
        AgencyRole.INDUSTRY: texts.industry,
    }
    return parts[role]


def _purpose(contact: Asked, texts: PageTexts) -> str:
    purposes = {
        "everybody": texts.everybody,
        "viewers": texts.for_viewers,
        "sellers": texts.for_sellers,
        "owners": texts.for_owners,
        "press": texts.for_press,
    }
    return purposes[contact.purpose]


def _serving(common: _Common) -> dict[str, bytes]:
    """Return the files for name servers and web servers, and how to use them."""
    host = common.listed.host
    domains = [domain.name for domain in common.seizures.domains]
    served = Served(
        names=common.seizures.hosts,
        domains=frozenset(domains),
        folder=host.folder,
        policy=policy(),
        pages={tongue.code: tongue.file for tongue in common.tongues},
    )
    texts = {
        "servers/nginx.conf": nginx(served),
        "servers/Caddyfile": caddy(served),
        "servers/apache.conf": apache(served),
        "READ-ME.txt": read_me(common.seizures, host),
    }
    if domains:
        texts |= {
            f"dns/{FILE}": zone(host, made_at=common.made_at),
            "dns/named.conf": bind(domains),
            "dns/knot.conf": knot(domains),
        }
    return {name: text.encode() for name, text in texts.items()}


def _day(day: date) -> str:
    return tr(
        "%(day)s %(month)s %(year)s", day=str(day.day), month=month_name(day), year=str(day.year)
    )
