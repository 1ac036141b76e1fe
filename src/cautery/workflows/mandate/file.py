"""The tables of a mandate file.

What each value by itself must be is checked in :mod:`cautery.workflows.mandate.values`, what values
must be to each other in :mod:`cautery.workflows.mandate.read`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from cautery.model import Access, Regime
from cautery.workflows.mandate import values

SOURCE_KINDS = ("m3u", "xtream", "stalker", "xmltv", "page", "stream")
"""What ``watch`` can be pointed at; ``stream`` is one stream by itself."""

LEAST_RATE = 0.001
"""Requests per second and host; with fewer, a whole match passes without one."""

_Text = Annotated[str, Field(min_length=1)]
_Id = Annotated[str, Field(min_length=1, max_length=200)]
_Territory = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
_Time = Annotated[datetime, Field(strict=True)]
_Url = Annotated[
    str, AfterValidator(values.http_url), WithJsonSchema({"type": "string", "format": "uri"})
]
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
    hosts: Annotated[list[Annotated[str, AfterValidator(values.partner_host)]], Field(min_length=1)]
    channels: list[str]


class WorkTable(_Table):
    """``[[work]]``: a film, series or documentary."""

    id: Annotated[_Id, AfterValidator(values.work_id)] = Field(
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
        AfterValidator(values.proxy_url),
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

    host: Annotated[str, AfterValidator(values.service_host)] = Field(
        description="Host of an intermediary, feed, calendar or RDAP service of this mandate."
    )
    also: list[Annotated[str, AfterValidator(values.service_host)]] = Field(
        default_factory=list, description="Hosts to which its playlists lead."
    )
    ca: _Text | None = Field(
        default=None, description="A PEM file: only these authorities are trusted for the service."
    )
    pins: list[Annotated[str, AfterValidator(values.pin)]] = Field(
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

    allow: list[Annotated[str, AfterValidator(values.network)]] = Field(default_factory=list)
    rate_per_host: Annotated[float, Field(ge=LEAST_RATE, le=1000)] = 1.0
    user_agent: Annotated[str, Field(min_length=1), AfterValidator(values.user_agent)] = (
        "Cautery-monitor/1"
    )
    resolver: Annotated[str, AfterValidator(values.resolver)] | None = Field(
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
