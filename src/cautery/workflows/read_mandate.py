"""Read a mandate from TOML, or say in one sentence which line is wrong and what to write there.

Nothing is probed before this has succeeded.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cautery.errors import MandateError
from cautery.model import (
    Access,
    Approver,
    Channel,
    CourtOrder,
    Event,
    Intermediary,
    Mandate,
    NetworkPolicy,
    Partner,
    Regime,
    Source,
    Window,
    Work,
    to_utc,
)

MAX_BYTES = 4_000_000
"""A season's mandate with 10,000 channels stays below; anything larger is a mistake."""

SOURCE_KINDS = ("m3u", "xtream", "page", "stream")
"""What ``watch`` can be pointed at; ``stream`` is one stream by itself."""

SEIZED_KINDS = ("panel_dump", "access_log", "netflow")
"""Seized material: what only a competent authority may read."""

_HTTP = r"^https?://[^\s]+$"
_TERRITORY = r"^[A-Z]{2}$"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Head(_Table):
    id: Annotated[str, Field(min_length=1, max_length=200)]
    who: Annotated[str, Field(min_length=1)]
    regime: Regime
    legal_basis: str = Field("", description="By which right; the default of all that follows.")
    start: datetime
    end: datetime
    territories: list[Annotated[str, Field(pattern=_TERRITORY)]]
    lab: bool = Field(False, description="True only in a lab's own file: stamps every page LAB.")


class _Event(_Table):
    id: Annotated[str, Field(min_length=1)]
    name: Annotated[str, Field(min_length=1)]
    kick_off: datetime
    clean_feed: Annotated[str, Field(description="A URL, a file or a .ref.")] | None = None
    legal_basis: str | None = None


class _Channel(_Table):
    id: Annotated[str, Field(min_length=1)]
    names: Annotated[list[str], Field(min_length=1)]
    territory: Annotated[str, Field(pattern=_TERRITORY)] | None = None
    event: str | None = None
    reference: Annotated[str, Field(description="A URL, a file or a .ref.")] | None = None
    legal_basis: str | None = None


class _Partner(_Table):
    name: Annotated[str, Field(min_length=1)]
    hosts: Annotated[list[str], Field(min_length=1)]
    channels: list[str]


class _Work(_Table):
    id: Annotated[str, Field(min_length=1)]
    title: Annotated[str, Field(min_length=1)]
    year: int | None = None
    kind: Literal["film", "series", "documentary"] = "film"
    reference: str | None = None
    legal_basis: str | None = None


class _Order(_Table):
    id: Annotated[str, Field(min_length=1)]
    authority: Annotated[str, Field(min_length=1)]
    territory: Annotated[str, Field(pattern=_TERRITORY)]
    start: datetime
    end: datetime
    targets_rule: str


class _Approver(_Table):
    name: Annotated[str, Field(min_length=1)]
    role: Annotated[str, Field(min_length=1)]
    public_key: Annotated[str, Field(min_length=1)]


class _Source(_Table):
    url: Annotated[str, Field(pattern=_HTTP)] | None = None
    path: str | None = None
    kind: Annotated[str, Field(description="A reader's name: " + ", ".join(SOURCE_KINDS))]
    access: Access = Access.PUBLIC
    revisit_s: Annotated[float, Field(ge=1, le=86_400)] = 60.0
    receipt: str | None = None
    username: str | None = None
    password: str | None = None


class _Intermediary(_Table):
    name: Annotated[str, Field(min_length=1)]
    territory: Annotated[str, Field(pattern=_TERRITORY)]
    list_url: Annotated[str, Field(pattern=_HTTP)]
    proxy: Annotated[str, Field(pattern=_HTTP)] | None = None


class _Network(_Table):
    allow: list[str] = Field(default_factory=list)
    rate_per_host: Annotated[float, Field(gt=0, le=1000)] = 1.0
    user_agent: Annotated[str, Field(min_length=1)] = "Cautery-monitor/1"
    resolver: Annotated[str, Field(description="address:port of a DNS server")] | None = None
    facts: Annotated[str, Field(description="A facts folder, relative to this file.")] | None = None
    rdap: Annotated[str, Field(pattern=_HTTP)] | None = None


class MandateFile(_Table):
    """The TOML of a mandate; ``cautery watch --schema`` prints its JSON Schema."""

    mandate: _Head
    event: list[_Event] = Field(default_factory=list)
    channel: list[_Channel] = Field(default_factory=list)
    partner: list[_Partner] = Field(default_factory=list)
    work: list[_Work] = Field(default_factory=list)
    order: list[_Order] = Field(default_factory=list)
    approver: list[_Approver] = Field(default_factory=list)
    source: list[_Source] = Field(default_factory=list)
    intermediary: list[_Intermediary] = Field(default_factory=list)
    network: _Network = Field(default_factory=_Network)


def read_mandate(path: Path, *, now: datetime) -> Mandate:
    """Read and check a mandate.

    Parameters
    ----------
    path : Path
        A TOML file; paths inside it are relative to its folder.
    now : datetime
        Aware UTC; a window that ended before it is refused.

    Raises
    ------
    MandateError
        Naming file, line and remedy.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise MandateError(f"{path}: over {MAX_BYTES:,} bytes, too large for a mandate")
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except OSError as error:
        raise MandateError(
            f"{path}: cannot be read ({error.strerror or error})",
            hint="Give the path of a mandate.toml; `cautery watch --schema` says what goes in it.",
        ) from error
    except UnicodeDecodeError as error:
        raise MandateError(f"{path}: not UTF-8 text", hint="Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise MandateError(f"{path}: not TOML: {error}", hint="Mend that line.") from error
    return _Reading(path, text).mandate(tables, now)


class _Reading:
    """One file being read: knows where each table and key stands, for the errors' sake."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()

    def mandate(self, tables: dict[str, Any], now: datetime) -> Mandate:
        try:
            file = MandateFile.model_validate(tables)
        except ValidationError as error:
            first = error.errors()[0]
            raise self._wrong(first["loc"], *_in_words(first)) from error
        head = file.mandate
        window = self._window(head.start, head.end, "mandate", None)
        if window.end <= now:
            raise self._wrong(
                ("mandate", "end"),
                f"the window ended at {head.end.isoformat()}, before now",
                "Give a window that is not over; a past match is studied from its closed case.",
            )
        events = tuple(
            Event(
                id=one.id,
                name=one.name,
                kick_off=self._utc(one.kick_off, "event", at, "kick_off"),
                clean_feed=self._media(one.clean_feed, "event", at, "clean_feed"),
                legal_basis=self._basis(one.legal_basis, head, "event", at, one.id),
            )
            for at, one in enumerate(file.event)
        )
        known_events = {one.id for one in events}
        for at, row in enumerate(file.channel):
            if row.event is not None and row.event not in known_events:
                raise self._wrong(
                    ("channel", at, "event"),
                    f"channel {row.id!r} shows the unknown event {row.event!r}",
                    f"Known events: {', '.join(sorted(known_events)) or 'none'}.",
                )
        channels = tuple(
            Channel(
                id=one.id,
                names=tuple(one.names),
                territory=one.territory,
                event=one.event,
                reference=self._media(one.reference, "channel", at, "reference"),
                legal_basis=self._basis(one.legal_basis, head, "channel", at, one.id),
            )
            for at, one in enumerate(file.channel)
        )
        known = {one.id for one in channels}
        for at, partner in enumerate(file.partner):
            for wanted in partner.channels:
                if wanted not in known:
                    raise self._wrong(
                        ("partner", at, "channels"),
                        f"partner {partner.name!r} names the unknown channel {wanted!r}",
                        f"Known channels: {', '.join(sorted(known)) or 'none'}.",
                    )
        try:
            return Mandate(
                id=head.id,
                who=head.who,
                regime=head.regime,
                legal_basis=head.legal_basis or "as stated for each event, channel and work",
                window=window,
                territories=tuple(head.territories),
                events=events,
                channels=channels,
                works=tuple(
                    Work(
                        id=one.id,
                        title=one.title,
                        year=one.year,
                        kind=one.kind,
                        reference=self._media(one.reference, "work", at, "reference"),
                        legal_basis=self._basis(one.legal_basis, head, "work", at, one.id),
                    )
                    for at, one in enumerate(file.work)
                ),
                partners=tuple(
                    Partner(
                        name=one.name,
                        hosts=tuple(host.lower() for host in one.hosts),
                        channels=tuple(one.channels),
                    )
                    for one in file.partner
                ),
                orders=tuple(
                    CourtOrder(
                        id=one.id,
                        authority=one.authority,
                        territory=one.territory,
                        window=self._window(one.start, one.end, "order", at),
                        targets_rule=one.targets_rule,
                    )
                    for at, one in enumerate(file.order)
                ),
                approvers=tuple(
                    Approver(name=one.name, role=one.role, public_key=one.public_key)
                    for one in file.approver
                ),
                sources=tuple(
                    self._source(one, at, head.regime) for at, one in enumerate(file.source)
                ),
                intermediaries=tuple(
                    Intermediary(
                        name=one.name,
                        territory=one.territory,
                        list_url=one.list_url,
                        proxy=one.proxy,
                    )
                    for one in file.intermediary
                ),
                network=NetworkPolicy(
                    allow=tuple(file.network.allow),
                    rate_per_host=file.network.rate_per_host,
                    user_agent=file.network.user_agent,
                    resolver=file.network.resolver,
                    facts=None
                    if file.network.facts is None
                    else str((self._path.parent / file.network.facts).resolve()),
                    rdap=file.network.rdap,
                ),
                lab=head.lab,
            )
        except MandateError as error:
            where = ("network",) if str(error).startswith("network.") else ("mandate",)
            raise self._wrong(where, str(error), error.hint or "Mend this value.") from error

    def _source(self, one: _Source, at: int, regime: Regime) -> Source:
        if (one.url is None) == (one.path is None):
            raise self._wrong(
                ("source", at), "a source has either url or path", "Give exactly one of the two."
            )
        seized = one.access is Access.SEIZED or one.kind in SEIZED_KINDS
        if seized and regime is not Regime.LED:
            raise self._wrong(
                ("source", at, "access" if one.access is Access.SEIZED else "kind"),
                f"seized material asks for regime 'led', this mandate is {regime.value!r}",
                "Leave it to the competent authority, or work under its own mandate.",
            )
        if one.kind not in SOURCE_KINDS:
            raise self._wrong(
                ("source", at, "kind"),
                f"no reader is called {one.kind!r}",
                f"Readers: {', '.join(SOURCE_KINDS)}.",
            )
        if one.access is Access.TEST_PURCHASE and not one.receipt:
            raise self._wrong(
                ("source", at),
                "a test purchase is recorded with its receipt",
                'Add receipt = "...", or access = "public".',
            )
        if one.kind == "xtream" and not (one.username and one.password):
            raise self._wrong(
                ("source", at),
                "a panel is read with the line of a recorded test purchase",
                'Add access = "test-purchase", receipt, username and password.',
            )
        if one.username and one.access is Access.PUBLIC:
            raise self._wrong(
                ("source", at),
                "a public source needs no credentials",
                'Say access = "test-purchase" with its receipt; nobody else\'s line is used.',
            )
        location = one.url
        if one.path is not None:
            file = (self._path.parent / one.path).resolve()
            if not file.is_file():
                raise self._wrong(("source", at, "path"), f"no such file: {file}", "Mend the path.")
            location = str(file)
        assert location is not None
        return Source(
            location=location,
            kind=one.kind,
            access=one.access,
            is_file=one.path is not None,
            revisit_s=one.revisit_s,
            receipt=one.receipt,
            username=one.username,
            password=one.password,
        )

    def _basis(self, own: str | None, head: _Head, table: str, at: int, id: str) -> str:
        basis = (own if own is not None else head.legal_basis).strip()
        if not basis:
            raise self._wrong(
                (table, at),
                f"{table} {id!r} has no legal basis, and neither has the mandate",
                f'Add legal_basis = "..." to this [[{table}]] or to [mandate].',
            )
        return basis

    def _media(self, where: str | None, table: str, at: int, key: str) -> str | None:
        if where is None or re.match(_HTTP, where):
            return where
        if "://" in where:
            raise self._wrong(
                (table, at, key), f"{where!r} is neither http(s) nor a file", "Give one of the two."
            )
        file = (self._path.parent / where).resolve()
        if not file.is_file():
            raise self._wrong((table, at, key), f"no such file: {file}", "Mend the path.")
        return str(file)

    def _utc(self, moment: datetime, table: str, at: int | None, key: str) -> datetime:
        try:
            return to_utc(key, moment)
        except Exception as error:
            where = (table, key) if at is None else (table, at, key)
            raise self._wrong(where, str(error), "Write it as 2026-11-24T20:30:00Z.") from error

    def _window(self, start: datetime, end: datetime, table: str, at: int | None) -> Window:
        start, end = self._utc(start, table, at, "start"), self._utc(end, table, at, "end")
        if end <= start:
            raise self._wrong(
                (table, "end") if at is None else (table, at, "end"),
                f"ends at {end.isoformat()}, before it starts",
                "Put end after start.",
            )
        return Window(start=start, end=end)

    def _wrong(self, where: Sequence[str | int], what: str, remedy: str) -> MandateError:
        name = ".".join(str(one) for one in where if not isinstance(one, int))
        return MandateError(
            f"{self._path}, line {self._line_of(where)}: {name}: {what}", hint=remedy
        )

    def _line_of(self, where: Sequence[str | int]) -> int:
        """Find the line of a key, or of its table; the file is valid TOML by now."""
        table = str(where[0]) if where else ""
        nth = next((one for one in where if isinstance(one, int)), 0)
        key = next((one for one in where[1:] if isinstance(one, str)), None)
        header = re.compile(rf"^\s*\[{{1,2}}\s*{re.escape(table)}\s*\]{{1,2}}\s*(?:#.*)?$")
        starts = [at for at, line in enumerate(self._lines) if header.match(line)]
        if len(starts) <= nth:
            return 1
        start = starts[nth]
        for at in range(start + 1, len(self._lines)):
            if re.match(r"^\s*\[", self._lines[at]) and "=" not in self._lines[at].split("#")[0]:
                break
            if key is not None and re.match(rf"^\s*\"?{re.escape(key)}\"?\s*=", self._lines[at]):
                return at + 1
        return start + 1


def _in_words(error: Any) -> tuple[str, str]:
    kind, key = error["type"], error["loc"][-1]
    if kind == "missing":
        return f"{key!r} is missing", f"Add {key} = ... here; `cautery watch --schema` says what."
    if kind == "extra_forbidden":
        return f"{key!r} is not known here", "Mend its spelling or take it out."
    if kind in ("datetime_type", "datetime_parsing", "datetime_from_date_parsing"):
        return f"{key!r} is no time", "Write it as 2026-11-24T20:30:00Z, without quotes."
    given = str(error.get("input"))[:60]
    return f"{given!r}: {error['msg'][:1].lower()}{error['msg'][1:]}", "Mend this value."


def mandate_schema() -> dict[str, Any]:
    """Return the JSON Schema of a mandate file."""
    schema = MandateFile.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Cautery mandate"
    return schema
