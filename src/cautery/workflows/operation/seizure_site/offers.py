"""Read the user's list for a seizure page: offers, whom to ask, where it is served, languages.

Every name and address in it ends up before the eyes of strangers, so each is checked here, and an
error names file, place and correction before anything is written.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from cautery.drawing.europe import ALIASES, country_names
from cautery.errors import InputError
from cautery.messages import languages
from cautery.model.toml import simple_toml
from cautery.packed import small_file
from cautery.pages.seizure import PageTexts, texts_of
from cautery.pages.seizure.zone import Host

MAX_BYTES = 1_000_000
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")
_MAIL = re.compile(r"[A-Za-z0-9._+-]{1,64}@" + _HOST.pattern[len("(?=.{4,253}$)") :])
_DOCUMENTATION = tuple(
    map(ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"))
)
"""Addresses of examples and labs (RFC 5737, RFC 3849)."""

EXAMPLE = """\
# The list for a seizure page. Everything in it is for everybody to read.
[page]
checked = 2026-11-20            # when somebody last looked through the offers
records_in = "it"               # language of the operation's name and legal basis (optional)

[[offer]]
country = "IT"
name = "Example Sport"
url = "https://sport.example/it"
what = "calcio in diretta"      # optional
price = "da 9,99 euro al mese"  # optional; what it costs decides for most people
language = "it"                 # of what and price (optional)

[[offer]]
country = "FR"
name = "Exemple TV"
url = "https://tv.example/fr"
free = true

[[contact]]
name = "Public desk of the postal police"
country = "IT"                  # optional
mail = "desk@police.example"    # or url = "https://..."
purpose = "everybody"           # everybody, viewers, sellers, owners or press

[host]
addresses = ["192.0.2.80", "2001:db8::80"]
nameservers = ["ns1.police.example", "ns2.police.example"]
hostmaster = "hostmaster@police.example"
certificate_authorities = ["letsencrypt.org"]  # [] lets nobody issue a certificate
folder = "/srv/seizure-page"

# A further language has its sentences here; `cautery operation seizure-page --texts` prints them.
# [[language]]
# code = "ro"
# name = "română"
# [language.countries]
# IT = "Italia"
# [language.texts]
# heading = "..."
"""
"""What ``cautery operation seizure-page --example`` prints."""

_Text = Annotated[str, Field(min_length=1, max_length=300)]
_Code = Annotated[
    str, Field(pattern=r"^[A-Z]{2}$"), AfterValidator(lambda code: ALIASES.get(code, code))
]
_Tag = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$")]
_Folder = Annotated[str, Field(pattern=r"^(/[A-Za-z0-9][A-Za-z0-9._-]*)+$", max_length=300)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Head(_Table):
    checked: Annotated[date, Field(strict=True)]
    records_in: _Tag | Literal[""] = ""


class Offer(_Table):
    """A service with a licence, as the list has it."""

    country: _Code
    name: _Text
    url: _Text
    what: str = Field(default="", max_length=300)
    price: str = Field(default="", max_length=100)
    free: bool = False
    language: _Tag | Literal[""] = ""


class Asked(_Table):
    """Somebody whom visitors may ask, as the list has it."""

    name: _Text
    country: _Code | Literal[""] = ""
    mail: str = ""
    url: str = ""
    purpose: Literal["everybody", "viewers", "sellers", "owners", "press"]


class _Host(_Table):
    addresses: Annotated[list[str], Field(min_length=1, max_length=20)]
    nameservers: Annotated[list[str], Field(min_length=1, max_length=13)]
    hostmaster: str
    certificate_authorities: list[str] = Field(default_factory=list, max_length=20)
    folder: _Folder


class _Language(_Table):
    code: _Tag
    name: _Text
    countries: dict[_Code, _Text] = Field(default_factory=dict)
    texts: dict[str, str]


class _File(_Table):
    page: _Head
    offer: Annotated[list[Offer], Field(max_length=2_000)] = []
    contact: Annotated[list[Asked], Field(min_length=1, max_length=100)]
    host: _Host
    language: Annotated[list[_Language], Field(max_length=40)] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class FurtherLanguage:
    """A language that the user brings: its sentences, and its names of countries by code."""

    code: str
    name: str
    countries: Mapping[str, str]
    texts: PageTexts


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteList:
    """The list, checked.

    Parameters
    ----------
    where : str
        What is said first of an error.
    checked : date
        When somebody last looked through the offers.
    records_in : str
        Language of the operation's name and legal basis; empty: not said.
    further : mapping of code to FurtherLanguage
        Languages that the user brings.
    """

    where: str
    checked: date
    records_in: str
    offers: tuple[Offer, ...]
    contacts: tuple[Asked, ...]
    further: Mapping[str, FurtherLanguage]
    host: Host

    @property
    def urls(self) -> tuple[str, ...]:
        """Every web address to which a visitor is led."""
        urls = [offer.url for offer in self.offers] + [contact.url for contact in self.contacts]
        return tuple(filter(None, urls))

    def names(self) -> list[tuple[str, str]]:
        """Return every outside text that stands on the page, with what is said first of it."""
        rows = [(f"offer {_short(offer.name)}", offer.name) for offer in self.offers]
        rows += [(f"offer {_short(offer.name)}", offer.what) for offer in self.offers]
        rows += [(f"offer {_short(offer.name)}", offer.price) for offer in self.offers]
        rows += [(f"contact {_short(contact.name)}", contact.name) for contact in self.contacts]
        rows += [(f"language {language.code}", language.name) for language in self.further.values()]
        return [(f"{self.where}: {place}", text) for place, text in rows]


def read_site_list(path: Path) -> SiteList:
    """Read and check the list for a seizure page.

    Raises
    ------
    InputError
        Naming the file, the place and what is wrong.
    """
    hint = "cautery operation seizure-page --example > offers.toml"
    raw = small_file(path, most=MAX_BYTES, of="a list of offers", hint=hint)
    return site_list(raw, where=str(path))


def site_list(raw: bytes, *, where: str) -> SiteList:
    """Return the list for a seizure page that some bytes hold.

    Raises
    ------
    InputError
        Naming the place and what is wrong.
    """
    try:
        tables = simple_toml(raw.decode("utf-8-sig").replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise InputError(
            f"{where}: not valid TOML in UTF-8: {str(error)[:200]}", hint="Correct that line."
        ) from error
    try:
        file = _File.model_validate(tables)
    except ValidationError as error:
        raise InputError(f"{where}: {_in_words(error.errors()[0])}", hint=_HINT) from error
    for offer in file.offer:
        _check_country(offer.country, f"{where}: offer {_short(offer.name)}")
        check_https(offer.url, f"{where}: offer {_short(offer.name)}")
    for contact in file.contact:
        _check_contact(contact, f"{where}: contact {_short(contact.name)}")
    return SiteList(
        where=where,
        checked=file.page.checked,
        records_in=file.page.records_in,
        offers=tuple(file.offer),
        contacts=tuple(file.contact),
        further=_further(file.language, where),
        host=_host(file.host, where),
    )


def _further(tables: Sequence[_Language], where: str) -> dict[str, FurtherLanguage]:
    further: dict[str, FurtherLanguage] = {}
    for table in tables:
        if table.code in {*languages(), *further}:
            raise InputError(f"{where}: language {table.code} is there already")
        further[table.code] = FurtherLanguage(
            code=table.code,
            name=table.name,
            countries=table.countries,
            texts=texts_of(table.texts, where=f"{where}: language {table.code}"),
        )
    return further


_HINT = "`cautery operation seizure-page --example` prints a complete list."


def check_https(url: str, where: str) -> str:
    """Return the host of an address that a visitor may be led to.

    Raises
    ------
    InputError
        If it is not https, or leads to an address, another port, or a user name.
    """
    spelled = ascii(url[:80])
    if not url.isascii() or not url.isprintable() or " " in url or '"' in url:
        raise InputError(f"{where}: {spelled} is not a web address in ASCII letters")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise InputError(f"{where}: {spelled} is not a web address") from error
    if parts.scheme != "https":
        raise InputError(
            f"{where}: {spelled} is not https",
            hint="Visitors are led to addresses that begin with https:// alone.",
        )
    if parts.username is not None or port is not None or not _HOST.fullmatch(host):
        raise InputError(f"{where}: {spelled} must name a host, without user name and port")
    return host


def _check_country(code: str, where: str) -> None:
    if code not in country_names():
        raise InputError(
            f"{where}: {code!r} is not a known country", hint="Write its ISO 3166-1 code: IT."
        )


def _check_contact(contact: Asked, where: str) -> None:
    if contact.country not in ("", "EU"):
        _check_country(contact.country, where)
    if bool(contact.mail) == bool(contact.url):
        raise InputError(f"{where}: give it either a mail address or an https address")
    if contact.url:
        check_https(contact.url, where)
    elif not _MAIL.fullmatch(contact.mail):
        raise InputError(f"{where}: {contact.mail[:80]!a} is not a mail address")


def _host(table: _Host, where: str) -> Host:
    addresses = []
    for text in table.addresses:
        try:
            addresses.append(ip_address(text))
        except ValueError as error:
            raise InputError(f"{where}: host: {text[:60]!a} is not an IP address") from error
        documented = any(addresses[-1] in network for network in _DOCUMENTATION)
        if addresses[-1].is_multicast or not (addresses[-1].is_global or documented):
            raise InputError(f"{where}: host: {text} cannot be reached from elsewhere")
    for name in (*table.nameservers, *table.certificate_authorities):
        if not _HOST.fullmatch(name):
            raise InputError(f"{where}: host: {name[:60]!a} is not a host name in lower case")
    if not _MAIL.fullmatch(table.hostmaster):
        raise InputError(f"{where}: host: hostmaster must be a mail address")
    return Host(
        addresses=tuple(addresses),
        nameservers=tuple(table.nameservers),
        hostmaster=table.hostmaster,
        certificate_authorities=tuple(table.certificate_authorities),
        folder=table.folder,
    )


def _short(name: str) -> str:
    return ascii(name[:40])


def _in_words(error: Any) -> str:
    place = ".".join(str(part + 1 if isinstance(part, int) else part) for part in error["loc"])
    if error["type"] == "missing":
        return f"{place} is missing"
    if error["type"] == "extra_forbidden":
        return f"{place[:80]} is not known here"
    if error["type"].startswith("date"):
        return f"{place} is not a date; write it as 2026-11-20, without quotes"
    return f"{place}: {error['msg'][:1].lower()}{error['msg'][1:]}"
