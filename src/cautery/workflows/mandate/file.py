"""The tables of a mandate file, and what each value by itself must be.

What values must be to each other is checked in :mod:`cautery.workflows.mandate.read`.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from cautery.model import Access, Regime, ascii_name
from cautery.model.work_ids import fault_of

SOURCE_KINDS = ("m3u", "xtream", "stalker", "xmltv", "page", "stream")
"""What ``watch`` can be pointed at; ``stream`` is one stream by itself."""

LEAST_RATE = 0.001
"""Requests per second and host; with fewer, a whole match passes without one."""


TIME_REMEDY = "Write it as 2026-11-24T20:30:00Z, without quotes."
"""TOML has times of its own: a number or a text in their place is a mistake, not a time."""


def refused(said: str, remedy: str) -> PydanticCustomError:
    """Return an error that carries its own remedy, and does not repeat the value."""
    return PydanticCustomError("refused", "{said}", {"said": said, "remedy": remedy})


def http_url(text: str) -> str:
    """Return an http(s) URL as it is.

    Raises
    ------
    PydanticCustomError
        If it is none, has no host, or an impossible port.
    """
    remedy = "Write it as http://host/path or https://host/path."
    if not text.isprintable() or re.search(r"\s", text):
        raise refused("a URL may not contain spaces or control characters", remedy)
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        # Neither quoted nor chained: a port that is none may be half of a password.
        raise refused("not a valid URL: its host or port cannot be read", remedy) from None
    if parts.scheme.lower() not in ("http", "https"):
        raise refused("not an http(s) URL", remedy)
    if not (host or "").strip("."):
        raise refused("a URL without a host", remedy)
    return text


def _proxy(text: str) -> str:
    remedy = 'Write it as "socks5://USER:PASSWORD@proxy.example:1080" or "http://...:3128".'
    if not text.isprintable() or re.search(r"\s", text):
        raise refused("the URL of a proxy may not contain spaces or control characters", remedy)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise refused("not a valid URL of a proxy", remedy) from None
    if parts.scheme not in ("http", "socks5") or not host or not port:
        raise refused(
            "the URL of a proxy must begin with http or socks5 and name a host and a port", remedy
        )
    return text


def _partner_host(text: str) -> str:
    host = text.lower().removesuffix(".")
    if re.search(r"[*/:\s]", host) or not host.isprintable() or not all(host.split(".")):
        raise refused(
            f"{text[:60]!r} is not a valid host name",
            'Write the bare name, such as "partner.example"; names below it are covered.',
        )
    return host


_HOST = re.compile(r"[a-z0-9._-]{1,253}")


def _service_host(text: str) -> str:
    """Return a host as the client names it when it connects, which is how its proof is found."""
    try:
        name = ascii_name(_partner_host(text))
    except UnicodeError:
        name = ""
    last = name.rpartition(".")[2]
    numeric = last.isdigit() or last.startswith("0x")
    if not _HOST.fullmatch(name) or (numeric and not (text.isascii() and _is_address(name))):
        raise refused(
            f"{text[:60]!r} is not a host name that can be connected to",
            'Write the bare name, such as "isp.example", or an IPv4 address in four numbers.',
        )
    return name


def _is_address(text: str) -> bool:
    try:
        return str(ipaddress.ip_address(text)) == text
    except ValueError:
        return False


def _pin(text: str) -> str:
    """Return a key's SHA-256 in hexadecimal; RFC 7469 and curl write it in base64."""
    bare = re.sub(r"^sha256[:/]{0,2}", "", text)
    try:
        raw = bytes.fromhex(bare) if len(bare) == 64 else base64.b64decode(bare, validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise refused(
            f"{text[:80]!r} is not the SHA-256 of a public key",
            "Print it: openssl x509 -in CERTIFICATE -pubkey -noout | openssl pkey -pubin "
            "-outform der | openssl dgst -sha256",
        )
    return raw.hex()


def _user_agent(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise refused(
            "a user agent must be one line of printable ASCII", 'Write it as "Name-monitor/1".'
        )
    return text


def _resolver(text: str) -> str:
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):([0-9]{1,5})", text)
    wrong = refused(
        f"{text[:60]!r} is not address:port of a DNS server",
        'Write it as "192.0.2.53:53" or "[2001:db8::53]:53".',
    )
    if match is None or not 1 <= int(match[3]) <= 65_535:
        raise wrong
    try:
        if match[1] is None:
            ipaddress.IPv4Address(match[2])
        else:
            ipaddress.IPv6Address(match[1])
    except ValueError as error:
        raise wrong from error
    return text


def _work_id(text: str) -> str:
    if (fault := fault_of(text)) is not None:
        raise refused(f"{text[:60]!r} is {fault}", "Compare it with the entry in the register.")
    return text


def _range(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise refused(
            f"{text[:60]!r} is not a network: {error}"[:200],
            'Write ranges as "127.0.0.0/8"; leave the list empty outside a lab.',
        ) from error
    return text


_Text = Annotated[str, Field(min_length=1)]
_Id = Annotated[str, Field(min_length=1, max_length=200)]
_Territory = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
_Time = Annotated[datetime, Field(strict=True)]
_Url = Annotated[str, AfterValidator(http_url), WithJsonSchema({"type": "string", "format": "uri"})]


_Budget = Annotated[
    int,
    Field(
        ge=0,
        le=10**9,
        strict=True,
        description="Most bystanders that all blocks for the event may hit, by their upper bounds.",
    ),
]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Return nothing: what a table says may be a password."""
        return ()


class Head(_Table):
    """``[mandate]``: who asks, on which legal basis, when and where."""

    id: _Id
    who: _Text
    regime: Regime
    legal_basis: str = Field(
        "", description=("The legal basis; the default of all tables that follow.")
    )
    start: _Time
    end: _Time
    territories: list[_Territory]
    lab: bool = Field(
        False, description=("True only in a lab's own file: every page is stamped LAB.")
    )
    collateral_budget: _Budget = 0


class EventTable(_Table):
    """``[[event]]``: one live event and its clean feed."""

    id: _Id
    name: _Text
    kick_off: _Time
    clean_feed: str | None = Field(
        default=None, description="A URL (http, https, udp, srt), a file or a .ref."
    )
    legal_basis: str | None = None
    collateral_budget: _Budget = 0


class ChannelTable(_Table):
    """``[[channel]]``: a licensee's channel and its reference."""

    id: _Id
    names: Annotated[list[_Text], Field(min_length=1)]
    territory: _Territory | None = None
    event: str | None = None
    reference: str | None = Field(
        default=None, description="A URL (http, https, udp, srt), a file or a .ref."
    )
    legal_basis: str | None = None


class PartnerTable(_Table):
    """``[[partner]]``: hosts on which channels may lawfully run."""

    name: _Text
    hosts: Annotated[list[Annotated[str, AfterValidator(_partner_host)]], Field(min_length=1)]
    channels: list[str]


class WorkTable(_Table):
    """``[[work]]``: a film, series or documentary."""

    id: Annotated[_Id, AfterValidator(_work_id)] = Field(
        description="EIDR or ISAN with a correct check character, an IMDb id, or an id of your own."
    )
    title: _Text
    other_titles: list[_Text] = Field(
        default_factory=list, description="The original title and its translations."
    )
    year: Annotated[int, Field(ge=1800, le=2200)] | None = None
    kind: Literal["film", "series", "documentary"] = "film"
    reference: str | None = Field(
        default=None, description="A URL (http, https, udp, srt), a file or a .ref."
    )
    legal_basis: str | None = None


class OrderTable(_Table):
    """``[[order]]``: the order of a court or an authority on which acts are based."""

    id: _Id
    authority: _Text
    territory: _Territory
    start: _Time
    end: _Time
    targets_rule: str


class ApproverTable(_Table):
    """``[[approver]]``: a person who may approve, and the public key."""

    name: _Text
    role: _Text
    public_key: Annotated[
        str, Field(min_length=1, description="Ed25519: PEM, or base64 of its DER or 32 raw bytes.")
    ]


class SourceTable(_Table):
    """``[[source]]``: a list, page, guide, portal or stream to read."""

    url: _Url | None = None
    path: str | None = Field(default=None, description="Path of an m3u, relative to this file.")
    kind: Annotated[str, Field(description="The name of a reader: " + ", ".join(SOURCE_KINDS))]
    access: Access = Access.PUBLIC
    revisit_s: Annotated[float, Field(ge=1, le=86_400)] | None = Field(
        default=None,
        description=(
            "Fixed interval; without it, the interval is learned from the source's changes."
        ),
    )
    revisit_least_s: Annotated[float, Field(ge=1, le=86_400)] | None = Field(
        default=None, description="Bound of a learned interval; by default the bound of the kind."
    )
    revisit_most_s: Annotated[float, Field(ge=1, le=604_800)] | None = None
    receipt: _Text | None = None
    username: _Text | None = None
    password: _Text | None = None
    mac: Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$")] | None = Field(
        default=None, description="MAC of the box that a portal's line belongs to."
    )
    purchase: str | None = Field(
        default=None, description="Id of the [[purchase]] whose line reads the source."
    )
    purchase_in_case: bool = Field(
        default=False,
        description=("True if `cautery purchase` records the purchase instead of this file."),
    )
    vantages: list[str] = Field(
        default_factory=list,
        description=("Names of [[vantage]]s from which the source is also read."),
    )


class PurchaseTable(_Table):
    """``[[purchase]]``: a line that was bought, and its receipt."""

    id: _Id
    service: _Text
    authorised_by: Annotated[
        str,
        Field(
            min_length=1, description=("Who allowed the purchase beforehand, by name and office.")
        ),
    ]
    authorisation: _Text | None = Field(
        default=None,
        description=("Reference of the authority's decision; required under regime led."),
    )
    bought_at: _Time
    merchant: Annotated[
        str, Field(min_length=1, description="The descriptor on the statement of account.")
    ]
    amount: Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,8})?$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3,5}$")]
    means: _Text
    receipt: str | None = Field(
        default=None,
        description=("Path of the receipt, relative to this file: sealed as an exhibit."),
    )
    line: _Text | None = Field(
        default=None,
        description=(
            "A TOML file with username and password, or mac; only its owner may be able to read it."
        ),
    )


class FixturesTable(_Table):
    """``[[fixtures]]``: a calendar of matches that become events."""

    path: str | None = Field(
        default=None, description=("Path of an iCalendar file, relative to this file.")
    )
    url: _Url | None = Field(
        default=None, description="URL from which the calendar is fetched repeatedly."
    )
    revisit_s: Annotated[float, Field(ge=60, le=86_400)] | None = Field(
        default=None,
        description=(
            "For a url: a fixed interval; without it, learned from the calendar's changes."
        ),
    )
    before_min: Annotated[float, Field(ge=0, le=1440)] = 30.0
    after_min: Annotated[
        float,
        Field(
            ge=0,
            le=1440,
            description=("Minutes after the stated end, or after two hours if no end is stated."),
        ),
    ] = 60.0
    matching: _Text | None = Field(
        default=None,
        description=("Only fixtures whose title contains this text, in upper or lower case."),
    )
    clean_feed: str | None = Field(
        default=None,
        description=(
            "Clean feed of all these fixtures: a URL (http, https, udp, srt), a file or a .ref."
        ),
    )
    legal_basis: str | None = None
    collateral_budget: _Budget = 0


class VantageTable(_Table):
    """``[[vantage]]``: another place on the network from which sources are read."""

    name: _Id
    country: _Territory
    proxy: Annotated[
        str,
        AfterValidator(_proxy),
        Field(description="http://[user:word@]host:port (CONNECT) or socks5://..."),
    ]


class IntermediaryTable(_Table):
    """``[[intermediary]]``: a provider that receives lists, and where they are sent."""

    name: _Text
    territory: _Territory
    list_url: _Url
    proxy: _Url | None = None


class ServiceTable(_Table):
    """``[[service]]``: how one of our own services proves its identity, and how we log in."""

    host: Annotated[str, AfterValidator(_service_host)] = Field(
        description="Host of an intermediary, feed, calendar or RDAP service of this mandate."
    )
    also: list[Annotated[str, AfterValidator(_service_host)]] = Field(
        default_factory=list, description="Hosts to which its playlists lead."
    )
    ca: _Text | None = Field(
        default=None, description="A PEM file: only these authorities are trusted for the service."
    )
    pins: list[Annotated[str, AfterValidator(_pin)]] = Field(
        default_factory=list,
        description="SHA-256 of the public keys (SPKI) that the service may show, hex or base64.",
    )
    client_cert: _Text | None = Field(
        default=None, description="A PEM file: our certificate for the service."
    )
    client_key: _Text | None = Field(
        default=None,
        description=("The private key of client_cert; only its owner may be able to read it."),
    )


class NetworkTable(_Table):
    """``[network]``: private ranges that may be contacted, and rules for requests."""

    allow: list[Annotated[str, AfterValidator(_range)]] = Field(default_factory=list)
    rate_per_host: Annotated[float, Field(ge=LEAST_RATE, le=1000)] = 1.0
    user_agent: Annotated[str, Field(min_length=1), AfterValidator(_user_agent)] = (
        "Cautery-monitor/1"
    )
    resolver: Annotated[str, AfterValidator(_resolver)] | None = Field(
        default=None, description="address:port of a DNS server"
    )
    facts: str | None = Field(
        default=None, description=("Path of a facts folder, relative to this file.")
    )
    rdap: _Url | None = None
    canary_port: Annotated[
        int,
        Field(
            ge=1,
            le=65_535,
            description=("Port at which canary names answer HTTP; 80 except in a lab."),
        ),
    ] = 80


class MandateFile(_Table):
    """The TOML of a mandate; ``cautery watch --schema`` prints its JSON Schema."""

    mandate: Head
    event: list[EventTable] = Field(default_factory=list)
    channel: list[ChannelTable] = Field(default_factory=list)
    partner: list[PartnerTable] = Field(default_factory=list)
    work: list[WorkTable] = Field(default_factory=list)
    order: list[OrderTable] = Field(default_factory=list)
    approver: list[ApproverTable] = Field(default_factory=list)
    source: list[SourceTable] = Field(default_factory=list)
    intermediary: list[IntermediaryTable] = Field(default_factory=list)
    service: list[ServiceTable] = Field(default_factory=list)
    vantage: list[VantageTable] = Field(default_factory=list)
    purchase: list[PurchaseTable] = Field(default_factory=list)
    fixtures: list[FixturesTable] = Field(default_factory=list)
    network: NetworkTable = Field(default_factory=NetworkTable)


_SPELLINGS = {
    "amount": 'Write it as "12.99".',
    "currency": 'Write its code, such as "EUR".',
    "mac": 'Write it as "00:1A:79:12:34:56".',
}
"""How to write what has to be like a pattern."""
_QUOTED = frozenset(
    "regime start end territories lab collateral_budget id event year kind territory country "  # noqa: SIM905 - a table of words
    "access revisit_s revisit_least_s revisit_most_s bought_at amount currency kick_off before_min "
    "after_min allow rate_per_host user_agent resolver canary_port hosts names channels vantages "
    "imdb tmdb eidr isan targets_rule matching".split()
)
"""Keys whose value an error may quote: any other may hold a secret, or a piece of one."""
_KEY = re.compile(r"[a-z_]{1,40}")
"""As keys of a mandate are written: anything else in a key's place may be a secret."""


def in_words(error: Any) -> tuple[str, str]:
    """Return what is wrong and the remedy, of one of pydantic's errors."""
    kind, key = error["type"], str(error["loc"][-1])
    field_name = next((part for part in reversed(error["loc"]) if isinstance(part, str)), "")
    if kind == "refused":
        return error["ctx"]["said"], error["ctx"]["remedy"]
    if kind == "missing":
        return f"{key!r} is missing", f"Add {key} = ... here; `cautery watch --schema` explains it."
    if kind == "extra_forbidden":
        quoted = repr(key) if _KEY.fullmatch(key) else "this key"
        return f"{quoted} is not known here", "Correct its spelling or remove it."
    if kind.startswith("datetime"):
        return f"{key!r} is not a valid time", TIME_REMEDY
    if kind == "list_type" and len(error["loc"]) == 1:
        return "must be a list of tables", f"Write [[{key}]], in two brackets."
    if kind == "string_pattern_mismatch" and key in _SPELLINGS:
        quoted = f"{error['input'][:60]!r}: " if field_name in _QUOTED else ""
        return f"{quoted}not in the format of {key}", _SPELLINGS[key]
    message = f"{error['msg'][:1].lower()}{error['msg'][1:]}"
    value = error.get("input")
    if field_name not in _QUOTED or not isinstance(value, str | int | float | datetime):
        return message, "Correct this value."
    try:
        return f"{str(value)[:60]!r}: {message}", "Correct this value."
    except ValueError:  # an integer of thousands of digits, written in base 16
        return message, "Correct this value."
