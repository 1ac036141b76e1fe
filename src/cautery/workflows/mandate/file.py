"""The tables of a mandate file.

What each value by itself must be is checked in :mod:`cautery.workflows.mandate.values`, what values
must be to each other in :mod:`cautery.workflows.mandate.read`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import core_schema

from cautery.model import Access, BeyondBudget, LookedAt, OrderKind, Regime
from cautery.workflows.mandate import values

SOURCE_KINDS = ("m3u", "xtream", "stalker", "xmltv", "page", "stream")
"""What ``watch`` can be pointed at; ``stream`` is one stream by itself."""

LEAST_RATE = 0.001
"""Requests per second and host; with fewer, a whole match passes without one."""

_MOST_UNKNOWN = 100
"""Unknown keys of a table, of which the first is named."""

_Text = Annotated[str, Field(min_length=1)]
_Id = Annotated[str, Field(min_length=1, max_length=200)]
_Territory = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
_Time = Annotated[datetime, Field(strict=True)]
_Url = Annotated[
    str, AfterValidator(values.http_url), WithJsonSchema({"type": "string", "format": "uri"})
]
_Budget = Annotated[int, Field(ge=0, le=10**9, strict=True)]


_T = TypeVar("_T")


@dataclass(frozen=True)  # pydantic's own FailFast has no hash, so that no union takes it
class _FirstFault:
    """Of wrong values the first is named: each one kept would take a kilobyte."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        schema: Any = {**handler(source), "fail_fast": True}
        return cast("core_schema.CoreSchema", schema)


_Many = Annotated[list[_T], _FirstFault()]


class _Table(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _has_few_keys(cls, table: Any) -> Any:
        """Refuse a table before each of a hundred thousand unknown keys is an error of its own."""
        return values.few_keys(table, most=len(cls.model_fields) + _MOST_UNKNOWN)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Return nothing: what a table says may be a password."""
        return ()


class Head(_Table):
    """Who asks, on which legal basis, when and where."""

    id: _Id
    """Id of the mandate, which every record of its cases names."""
    who: _Text
    """The right-holder or authority that gives the mandate."""
    regime: Regime
    """Law of data protection: gdpr for a private party, led for a competent authority."""
    legal_basis: str = ""
    """The right that the work rests on; the default of every table that has this key."""
    start: _Time
    """When the watch may begin to reach sources."""
    end: _Time
    """When the watch ends; no referral under the mandate lasts longer."""
    territories: _Many[_Territory]
    """Countries (two letters, ISO 3166-1) that it covers; nothing is blocked in another one."""
    lab: bool = False
    """True only in a lab's own file: every page is stamped LAB."""
    collateral_budget: _Budget = 0
    """Most bystanders that all blocks outside any event may hit, by their upper bounds."""
    keep_open: bool = False
    """True to leave the case open after the end while a notice is under way; else it is closed."""


class EventTable(_Table):
    """A live event; streams of it are proven by its clean feed and its channels' references."""

    id: _Id
    """Id of the event, to which a channel refers."""
    name: _Text
    """Name of the event as lists and guides write it, such as "Home v Away"."""
    kick_off: _Time
    """When the event starts; it is watched from half an hour before to three hours after."""
    clean_feed: str | None = None
    """The pictures before any licensee adds graphics or commentary, which prove the event: a URL \
(http, https, udp, srt), a file or a .ref."""
    legal_basis: str | None = None
    """The right in this event; without it, the mandate's."""
    collateral_budget: _Budget = 0
    """Most bystanders that all blocks for the event may hit, by their upper bounds."""


class ChannelTable(_Table):
    """A licensee's channel, or a linear channel that is covered as a whole."""

    id: _Id
    """Id of the channel, which verdicts name as the licensee whose feed is re-broadcast."""
    names: Annotated[_Many[_Text], Field(min_length=1)]
    """Names of the channel in lists and guides."""
    territory: _Territory | None = None
    """Country of the licence; without it, the mandate's territories."""
    event: str | None = None
    """Id of the event that the channel carries; without it, all that it shows is covered."""
    reference: str | None = None
    """The channel as its viewers get it, whose graphics and commentary name the licensee: a URL \
(http, https, udp, srt), a file or a .ref; never the event's clean_feed."""
    legal_basis: str | None = None
    """The right in this channel; without it, the mandate's."""


class PartnerTable(_Table):
    """Somebody who may re-stream some channels: on the partner's hosts they count as licensed."""

    name: _Text
    """Name of the partner."""
    hosts: Annotated[
        _Many[Annotated[str, AfterValidator(values.partner_host)]], Field(min_length=1)
    ]
    """Host names of the partner; names below them are covered."""
    channels: _Many[str]
    """Ids of the channels that the partner may carry."""


class WorkTable(_Table):
    """A film, series or documentary."""

    id: Annotated[_Id, AfterValidator(values.work_id)]
    """EIDR or ISAN with a correct check character, an IMDb id, or an id of your own."""
    title: _Text
    """Title of the work."""
    other_titles: _Many[_Text] = Field(default_factory=list)
    """The original title and its translations."""
    year: Annotated[int, Field(ge=1800, le=2200)] | None = None
    """Year of release, which tells works of one title apart."""
    kind: Literal["film", "series", "documentary"] = "film"
    """What kind of work it is."""
    reference: str | None = None
    """The work's own media, which prove it: a URL (http, https, udp, srt), a file or a .ref."""
    legal_basis: str | None = None
    """The right in this work; without it, the mandate's."""


class OrderTable(_Table):
    """The order of a court or an authority on which acts are based."""

    id: _Id
    """Reference of the order, which every referral under it names."""
    authority: _Text
    """The court or authority that gave the order."""
    territory: _Territory
    """Country in which the order is in force."""
    kind: OrderKind = OrderKind.LIVE
    """What it is for: live for events, standing for films, series and channels."""
    start: _Time
    """When the order comes into force."""
    end: _Time | None = None
    """When the order ends, and entries under it; without it a standing one ends as the mandate."""
    days: _Many[date] = Field(default_factory=list)
    """Days of the calendar on which a live order holds; without them, every day until its end."""
    targets_rule: str
    """Which targets the order covers, in its own words; each referral quotes this sentence."""
    particulars: Annotated[dict[str, _Text], _FirstFault()] = Field(default_factory=dict)
    """What the order's country asks for besides, as in { agent = "12" }; `cautery mandate rules` \
names it."""


class ApproverTable(_Table):
    """A person who may approve; two approvers sign each referral."""

    name: _Text
    """Name of the person, given to `--as` when the person signs."""
    role: _Text
    """Role of the person, which the signature names."""
    public_key: _Text
    """Ed25519 key of the person (PEM, or base64 of DER or of its 32 raw bytes), or a passkey."""


class SourceTable(_Table):
    """A list, page, guide, portal or stream to read; it has either a url or a path."""

    url: _Url | None = None
    """Address from which the source is read."""
    path: str | None = None
    """Path of an m3u, relative to this file."""
    kind: Annotated[
        str, Field(description="The name of a reader: " + ", ".join(SOURCE_KINDS) + ".")
    ]
    access: Access = Access.PUBLIC
    """Access by which it is read: anybody's, a recorded purchase's, or an authority's seizure."""
    revisit_s: Annotated[float, Field(ge=1, le=86_400)] | None = None
    """Fixed interval in seconds; without it, the interval is learned from the source's changes."""
    revisit_least_s: Annotated[float, Field(ge=1, le=86_400)] | None = None
    """Least learned interval in seconds; by default that of the kind."""
    revisit_most_s: Annotated[float, Field(ge=1, le=604_800)] | None = None
    """Greatest learned interval in seconds; by default that of the kind."""
    receipt: _Text | None = None
    """Reference of the receipt of a test purchase that is not in a [[purchase]]."""
    username: _Text | None = None
    """User name of the line that was bought for the investigation."""
    password: _Text | None = None
    """Password of the line that was bought for the investigation."""
    mac: Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$")] | None = None
    """MAC of the box that a portal's line belongs to."""
    purchase: str | None = None
    """Id of the [[purchase]] whose line reads the source."""
    purchase_in_case: bool = False
    """True if `cautery purchase` records the purchase instead of this file."""
    vantages: _Many[str] = Field(default_factory=list)
    """Names of [[vantage]]s from which the source is also read."""


class PurchaseTable(_Table):
    """A line that was bought, and its receipt."""

    id: _Id
    """Id of the purchase, to which a source refers."""
    service: _Text
    """The brand as it is sold."""
    authorised_by: _Text
    """Who allowed the purchase beforehand, by name and office."""
    authorisation: _Text | None = None
    """Reference of the authority's decision; required under regime led."""
    bought_at: _Time
    """When the line was bought."""
    merchant: _Text
    """Who took the money, as the statement of account names it."""
    amount: Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,8})?$")]
    """What was paid, such as "12.99"."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3,5}$")]
    """Code of the currency, such as "EUR"."""
    means: _Text
    """How it was paid: card, transfer, crypto or in other words."""
    receipt: str | None = None
    """Path of the receipt, relative to this file: sealed as an exhibit."""
    line: _Text | None = None
    """A TOML file with username and password, or mac; only its owner may be able to read it."""


class FixturesTable(_Table):
    """A calendar of matches that become events; it has either a path or a url."""

    path: str | None = None
    """Path of an iCalendar file, relative to this file."""
    url: _Url | None = None
    """URL from which the calendar is fetched repeatedly."""
    revisit_s: Annotated[float, Field(ge=60, le=86_400)] | None = None
    """For a url: a fixed interval in seconds; without it, learned from the calendar's changes."""
    before_min: Annotated[float, Field(ge=0, le=1440)] = 30.0
    """Minutes before the stated start from which a match is watched."""
    after_min: Annotated[float, Field(ge=0, le=1440)] = 60.0
    """Minutes after the stated end, or after two hours if no end is stated."""
    matching: _Text | None = None
    """Only fixtures whose title contains this text, in upper or lower case."""
    clean_feed: str | None = None
    """Clean feed of all these fixtures: a URL (http, https, udp, srt), a file or a .ref."""
    legal_basis: str | None = None
    """The right in these matches; without it, the mandate's."""
    collateral_budget: _Budget = 0
    """Most bystanders that all blocks for one of these matches may hit, by their upper bounds."""


class VantageTable(_Table):
    """Another place on the network from which sources are read."""

    name: _Id
    """Name of the vantage, which every record of what was read from it names."""
    country: _Territory
    """Country of the network."""
    proxy: Annotated[str, AfterValidator(values.proxy_url)]
    """The proxy there: http://[user:word@]host:port (CONNECT) or socks5://..."""


class IntermediaryTable(_Table):
    """An access provider that receives lists; without one no referral is drafted."""

    name: _Text
    """Name of the access provider."""
    territory: _Territory
    """Country of the access provider: it receives referrals under orders of this country."""
    list_url: _Url | None = None
    """Where lists go by HTTP PUT, as docs/reference/block-list.md describes; default: fetched."""
    proxy: _Url | None = None
    """A forward proxy in the provider's network, through which the effect of a list is seen."""


class ServiceTable(_Table):
    """How one of your own services proves its identity, and how Cautery logs in."""

    host: Annotated[str, AfterValidator(values.service_host)]
    """Host of an intermediary, feed, calendar or RDAP service of this mandate."""
    also: _Many[Annotated[str, AfterValidator(values.service_host)]] = Field(default_factory=list)
    """Hosts to which its playlists lead."""
    ca: _Text | None = None
    """A PEM file: only these authorities are trusted for the service."""
    pins: _Many[Annotated[str, AfterValidator(values.pin)]] = Field(default_factory=list)
    """SHA-256 of the public keys (SPKI) that the service may show, hex or base64."""
    client_cert: _Text | None = None
    """A PEM file: your certificate for the service."""
    client_key: _Text | None = None
    """The private key of client_cert; only its owner may be able to read it."""


class NetworkTable(_Table):
    """What the watch may contact, and how."""

    allow: _Many[Annotated[str, AfterValidator(values.network)]] = Field(default_factory=list)
    """Private ranges that may be contacted, such as "127.0.0.0/8"; empty outside a lab."""
    rate_per_host: Annotated[float, Field(ge=LEAST_RATE, le=1000)] = 1.0
    """Requests per second to each host."""
    user_agent: Annotated[str, Field(min_length=1), AfterValidator(values.user_agent)] = (
        "Cautery-monitor/1"
    )
    """User-Agent of every HTTP request."""
    resolver: Annotated[str, AfterValidator(values.resolver)] | None = None
    """DNS server as address:port; without it, the system's."""
    facts: str | None = None
    """Path of a facts folder, relative to this file; without one the guard refuses every target."""
    rdap: _Url | None = None
    """Base URL of an RDAP service, which says who registered a name; without it none is asked."""
    canary_port: Annotated[int, Field(ge=1, le=65_535)] = 80
    """Port at which canary names answer HTTP; 80 except in a lab."""


class LogTable(_Table):
    """The organisation's log, by which others vouch for the times of the case."""

    folder: _Text | None = None
    """Folder that `cautery log new` made, relative to this file; without it, nobody vouches."""
    stamps: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    """Most time-stamps that a watch pays for, the closing of its case not counted."""
    beyond: BeyondBudget = BeyondBudget.COSIGNERS
    """What happens beyond them: the co-signers go on alone, or each authority is asked hourly."""


class ListsTable(_Table):
    """The lists of the organisation: each access provider has one for all cases."""

    folder: _Text | None = None
    """Folder that `cautery lists new` made, relative to this file; without it, the case's own."""
    key: _Text | None = None
    """The public key of these lists, which `cautery lists new` printed."""


class DecoysTable(_Table):
    """The blind test: your own streams, which a planner hides among the suspects."""

    sealed: _Text | None = None
    """The planner's sealed.json, relative to this file; without it, no decoys are planned."""
    keeper: Annotated[str, AfterValidator(values.keeper_url)] | None = None
    """URL of the keeper, which is asked before an approved act leaves: https, or http in a lab."""
    planner: _Text | None = None
    """Ed25519 key of the planner (PEM, or base64): nobody else's plan counts."""
    own: _Many[_Text] | None = None
    """Your own domains and address ranges (/24, /48 at most); a decoy may stand on no others."""


class FollowTable(_Table):
    """The lasting watch for what grows back after a case: infrastructure alone, never a person."""

    cases: _Many[_Text] | None = None
    """Ids of the cases whose traits are looked for; `cautery follow CASE` names the id."""
    purposes: _Many[_Text] | None = None
    """What it is done for, in words; it is done for nothing else."""
    look_at: _Many[LookedAt] | None = None
    """What may be looked at for descendants."""
    review: date | None = None
    """Day until which it holds; then an approver must review it before anything is proposed."""
    end: date | None = None
    """Last day of the watch; nothing is followed after it."""


class MandateFile(_Table):
    """The TOML of a mandate; ``cautery watch --schema`` prints its JSON Schema."""

    mandate: Head
    event: _Many[EventTable] = Field(default_factory=list)
    channel: _Many[ChannelTable] = Field(default_factory=list)
    partner: _Many[PartnerTable] = Field(default_factory=list)
    work: _Many[WorkTable] = Field(default_factory=list)
    order: _Many[OrderTable] = Field(default_factory=list)
    approver: _Many[ApproverTable] = Field(default_factory=list)
    source: _Many[SourceTable] = Field(default_factory=list)
    intermediary: _Many[IntermediaryTable] = Field(default_factory=list)
    service: _Many[ServiceTable] = Field(default_factory=list)
    vantage: _Many[VantageTable] = Field(default_factory=list)
    purchase: _Many[PurchaseTable] = Field(default_factory=list)
    fixtures: _Many[FixturesTable] = Field(default_factory=list)
    network: NetworkTable = Field(default_factory=NetworkTable)
    log: LogTable = Field(default_factory=LogTable)
    lists: ListsTable = Field(default_factory=ListsTable)
    decoys: DecoysTable = Field(default_factory=DecoysTable)
    follow: FollowTable = Field(default_factory=FollowTable)
