"""Read a mandate from TOML; an error names the wrong line and its correction.

Nothing is probed before this has succeeded.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cautery.act import approver_key
from cautery.act.jurisdictions import profile_of
from cautery.errors import ApprovalError, MandateError
from cautery.graph.name_servers import PROVIDERS
from cautery.model import (
    Approver,
    Channel,
    CourtOrder,
    DecoysPolicy,
    Event,
    FollowPolicy,
    Intermediary,
    ListsPolicy,
    LogPolicy,
    Mandate,
    NetworkPolicy,
    OrderKind,
    OwnLocation,
    Partner,
    Regime,
    Vantage,
    Window,
    Work,
    person_key,
)
from cautery.model.host_names import host_of
from cautery.model.own_places import MOST_OWN, covers, own_place
from cautery.public_keys import raw_public_key
from cautery.workflows.mandate.checks import some
from cautery.workflows.mandate.confirmations import checked_confirmations
from cautery.workflows.mandate.faults import in_words
from cautery.workflows.mandate.file import MandateFile, OrderTable
from cautery.workflows.mandate.fixtures import CalendarsParsed, FixtureChecks, Fixtures
from cautery.workflows.mandate.lines import bytes_of, tables_of, text_of
from cautery.workflows.mandate.services import ServiceChecks
from cautery.workflows.mandate.signatures import checked_signatures
from cautery.workflows.mandate.sources import SourceChecks


def read_mandate(path: Path, *, now: datetime) -> Mandate:
    """Read and check a mandate, and the signatures beside it.

    Parameters
    ----------
    path : Path
        A TOML file; paths inside it are relative to its folder.
    now : datetime
        Aware UTC; a window that ended before it is refused.

    Raises
    ------
    MandateError
        Naming file, line and remedy; also if a signature does not hold.
    """
    return read_with_bytes(path, now=now)[0]


def read_with_bytes(
    path: Path, *, now: datetime, may_have_ended: bool = False
) -> tuple[Mandate, bytes]:
    """Do as :func:`read_mandate`, and return also the bytes that were read: they are signed.

    Parameters
    ----------
    may_have_ended : bool
        Whether a mandate is also read whose window has ended: to look at it, not to act on it.
    """
    raw = bytes_of(path)
    mandate = mandate_of(path, text_of(path, raw), now=None if may_have_ended else now)
    return replace(
        mandate,
        signatures=checked_signatures(path, raw, mandate, now=now),
        confirmations=checked_confirmations(path, mandate),
    ), raw


def mandate_of(path: Path, text: str, *, now: datetime | None) -> Mandate:
    """Check the text of a mandate's file, which need not be written yet, without signatures.

    Parameters
    ----------
    now : datetime or None
        A window that ended before it is refused; ``None``: it may have ended.
    """
    return _Reading(path, text).mandate(tables_of(path, text), now)


def calendars_of(path: Path) -> Callable[[Mapping[OwnLocation, bytes]], Fixtures]:
    """Return what reads a mandate's calendars again, as often as it is called.

    It is given those that are fetched, by URL. Only calendars are read: whatever is written into
    the mandate's own file from now on does not count. It raises :class:`MandateError` if a calendar
    is gone, or none any more.
    """
    text = text_of(path, bytes_of(path))
    file, parsed = MandateFile.model_validate(tables_of(path, text)), CalendarsParsed()

    def read(fetched: Mapping[OwnLocation, bytes]) -> Fixtures:
        reading = _Reading(path, text)
        head = file.mandate
        window = reading.window(head.start, head.end, ("mandate",))
        return reading.fixtures(file, window, fetched, parsed=parsed)

    return read


class _Reading(FixtureChecks, ServiceChecks, SourceChecks):
    """One file being read, table by table; what holds between tables is checked here."""

    def mandate(self, tables: dict[str, Any], now: datetime | None) -> Mandate:
        try:
            file = MandateFile.model_validate(tables)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise self.wrong(first["loc"], *in_words(first)) from error
        head = file.mandate
        window = self.window(head.start, head.end, ("mandate",))
        if now is not None and window.end <= now:
            raise self.wrong(
                ("mandate", "end"),
                f"the window ended at {head.end.isoformat()}, before now",
                "Give a window that has not ended. To close a case that is still open: cautery "
                "close CASE.",
            )
        calendars = self.calendars(file)
        listed = self.fixtures(file, window)
        fixtures, left_out = listed.events, listed.left_out
        has_event = file.event or file.channel or file.work or fixtures or calendars
        # An authority may take seized material under a mandate that names nothing to watch, and
        # whoever follows what grows back looks for traits.
        follows = file.follow.model_fields_set
        if not has_event and not follows and (head.regime is not Regime.LED or file.fixtures):
            raise self.wrong(
                ("mandate",),
                "the mandate names no event, channel or work, so there is nothing to find",
                (
                    "Add an [[event]], a [[channel]] or a [[work]]; no match of the [[fixtures]] "
                    "is inside the window."
                )
                if file.fixtures
                else "Add an [[event]], a [[channel]], a [[work]] or [[fixtures]].",
            )
        self._check_ids(file)
        event_ids = {event.id for event in file.event} | {fixture.id for fixture in fixtures}
        if len(event_ids) < len(file.event) + len(fixtures):
            raise self.wrong(
                ("fixtures",),
                "this id of a fixture is already used by an [[event]] or by another calendar",
                "Name each match once: remove the [[event]], or one of the [[fixtures]].",
            )
        parts: dict[str, Any] = {
            "events": self._events(file) + fixtures,
            "left_out": left_out,
            "calendars": calendars,
            "channels": self._channels(file, event_ids),
            "works": self._works(file),
            "partners": self._partners(file),
            "orders": self._orders(file, window),
            "approvers": self._approvers(file),
            "sources": self.sources(file),
            "purchases": self.purchases(file),
            "intermediaries": tuple(Intermediary(**row.model_dump()) for row in file.intermediary),
            "vantages": tuple(Vantage(**row.model_dump()) for row in file.vantage),
            "services": self.services(file),
            "network": self._network(file),
            "log": self._log(file),
            "lists": self._lists(file),
            "decoys": self._decoys(file),
            "follow": self._follow(file),
        }
        try:
            return Mandate(
                id=head.id,
                who=head.who,
                regime=head.regime,
                legal_basis=head.legal_basis
                or ("at the times stated for each event, channel and work"),
                window=window,
                territories=tuple(head.territories),
                lab=head.lab,
                collateral_budget=head.collateral_budget,
                keep_open=head.keep_open,
                **parts,
            )
        except MandateError as error:  # of the whole: its parts have named their lines by now
            raise self.wrong(
                ("mandate",), str(error), error.hint or "Correct this value."
            ) from error

    def _check_ids(self, file: MandateFile) -> None:
        rows = [(row.id, ("event", at, "id")) for at, row in enumerate(file.event)]
        rows += [(row.id, ("channel", at, "id")) for at, row in enumerate(file.channel)]
        rows += [(row.id, ("work", at, "id")) for at, row in enumerate(file.work)]
        if len({row[0] for row in rows}) < len(rows):
            rows.sort(key=lambda row: self.lines.of(row[1]))
            self._check_once(rows, "id", "each event, channel and work needs its own id")
        vantages = [(row.name, ("vantage", at, "name")) for at, row in enumerate(file.vantage)]
        self._check_once(vantages, "vantage", "records refer to it by this id")
        purchases = [(row.id, ("purchase", at, "id")) for at, row in enumerate(file.purchase)]
        self._check_once(purchases, "purchase", "sources refer to it by this id")
        orders = [(row.id, ("order", at, "id")) for at, row in enumerate(file.order)]
        self._check_once(orders, "order", "referrals refer to an order by its id")

    def _check_once(
        self, rows: Iterable[tuple[str, tuple[str, int, str]]], noun: str, why: str
    ) -> None:
        first_lines: dict[str, int] = {}
        for row_id, where in rows:
            if row_id in first_lines:
                raise self.wrong(
                    where,
                    f"the {noun} {row_id!r} is used twice, first in line {first_lines[row_id]}",
                    f"Give this one another id: {why}.",
                )
            first_lines[row_id] = self.lines.of(where)

    def _events(self, file: MandateFile) -> tuple[Event, ...]:
        return tuple(
            Event(
                id=row.id,
                name=row.name,
                kick_off=self.utc(row.kick_off, ("event", at, "kick_off")),
                clean_feed=self.media(row.clean_feed, ("event", at, "clean_feed")),
                legal_basis=self.basis(row.legal_basis, file, ("event", at), row.id),
                collateral_budget=row.collateral_budget,
            )
            for at, row in enumerate(file.event)
        )

    def _channels(self, file: MandateFile, events: set[str]) -> tuple[Channel, ...]:
        for at, row in enumerate(file.channel):
            if row.event is not None and row.event not in events:
                raise self.wrong(
                    ("channel", at, "event"),
                    f"channel {row.id!r} names the unknown event {row.event[:200]!r}",
                    f"Known events: {some(events)}.",
                )
        return tuple(
            Channel(
                id=row.id,
                names=tuple(row.names),
                territory=row.territory,
                event=row.event,
                reference=self.media(row.reference, ("channel", at, "reference")),
                legal_basis=self.basis(row.legal_basis, file, ("channel", at), row.id),
            )
            for at, row in enumerate(file.channel)
        )

    def _works(self, file: MandateFile) -> tuple[Work, ...]:
        return tuple(
            Work(
                id=row.id,
                title=row.title,
                other_titles=tuple(row.other_titles),
                year=row.year,
                kind=row.kind,
                reference=self.media(row.reference, ("work", at, "reference")),
                legal_basis=self.basis(row.legal_basis, file, ("work", at), row.id),
            )
            for at, row in enumerate(file.work)
        )

    def _partners(self, file: MandateFile) -> tuple[Partner, ...]:
        channels = {row.id for row in file.channel}
        for at, row in enumerate(file.partner):
            for nth, channel in enumerate(row.channels):
                if channel not in channels:
                    raise self.wrong(
                        ("partner", at, "channels", nth),
                        f"partner {row.name[:200]!r} names the unknown channel {channel[:200]!r}",
                        f"Known channels: {some(channels)}.",
                    )
        return tuple(
            Partner(name=row.name, hosts=tuple(row.hosts), channels=tuple(row.channels))
            for row in file.partner
        )

    def _orders(self, file: MandateFile, window: Window) -> tuple[CourtOrder, ...]:
        orders = []
        for at, row in enumerate(file.order):
            self._check_order(row, ("order", at))
            end = window.end if row.end is None else row.end
            order = CourtOrder(
                id=row.id,
                authority=row.authority,
                territory=row.territory,
                window=self.window(row.start, end, ("order", at)),
                targets_rule=row.targets_rule,
                kind=row.kind,
                days=tuple(row.days),
                particulars=row.particulars,
            )
            if order.window.end <= window.start:
                raise self.wrong(
                    ("order", at, "end"),
                    f"order {row.id!r} ended at {end.isoformat()}, before the mandate starts",
                    "Register an order that is in force during the mandate's window, or remove it.",
                )
            orders.append(order)
        return tuple(orders)

    def _check_order(self, row: OrderTable, table: tuple[str, int]) -> None:
        """Refuse what an order of its kind and country cannot state."""
        if row.kind is OrderKind.LIVE and row.end is None:
            raise self.wrong(
                table,
                "'end' is missing",
                'Add end = ...; only an order with kind = "standing" may have no end.',
            )
        if row.kind is OrderKind.STANDING and row.days:
            raise self.wrong((*table, "days"), "a standing order holds on all days", "Remove days.")
        particulars = profile_of(row.territory).particulars(row.kind)
        for name in row.particulars:
            if name not in particulars:
                raise self.wrong(
                    (*table, "particulars"),
                    f"a {row.kind.value} order for {row.territory} has no particular {name[:40]!r}",
                    f"Known particulars: {some(particulars)}.",
                )

    def _approvers(self, file: MandateFile) -> tuple[Approver, ...]:
        """Return the approvers: two of them are two people, by name and by key."""
        approvers, names, marks = [], dict[str, str](), dict[str, str]()
        for at, row in enumerate(file.approver):
            approver = Approver(name=row.name, role=row.role, public_key=row.public_key)
            try:
                key = approver_key(approver)
            except ApprovalError as error:
                fault = str(error).removeprefix(f"approver {row.name}: public_key is ")
                raise self.wrong(
                    ("approver", at, "public_key"), f"{row.name!r}: {fault}", error.hint
                ) from error
            name = person_key(row.name)
            if name in names:
                raise self.wrong(
                    ("approver", at, "name"),
                    f"another approver has the name {names[name]!r}",
                    "Name each person once; two different people must approve a referral.",
                )
            for mark in key.marks & marks.keys():
                of_account = mark.startswith("account ")
                raise self.wrong(
                    ("approver", at, "public_key"),
                    f"{row.name!r} has the same {'account' if of_account else 'key'} as "
                    f"{marks[mark]!r}",
                    "Give each approver a separate key; two people must approve a referral.",
                )
            names[name] = row.name
            marks |= dict.fromkeys(key.marks, row.name)
            approvers.append(approver)
        return tuple(approvers)

    def _network(self, file: MandateFile) -> NetworkPolicy:
        policy, facts = file.network, None
        if policy.facts is not None:
            facts = self.file(policy.facts, ("network", "facts"), folder=True)
        return NetworkPolicy(
            allow=tuple(policy.allow),
            rate_per_host=policy.rate_per_host,
            user_agent=policy.user_agent,
            resolver=policy.resolver,
            facts=None if facts is None else OwnLocation(facts),
            rdap=None if policy.rdap is None else OwnLocation(policy.rdap),
            canary_port=policy.canary_port,
        )

    def _log(self, file: MandateFile) -> LogPolicy | None:
        if file.log.folder is None:
            if file.log.stamps is not None:
                raise self.wrong(("log", "stamps"), "there is no log to stamp", "Add folder = ...")
            return None
        folder = self.file(file.log.folder, ("log", "folder"), folder=True)
        return LogPolicy(folder=OwnLocation(folder), stamps=file.log.stamps, beyond=file.log.beyond)

    def _lists(self, file: MandateFile) -> ListsPolicy | None:
        folder, key = file.lists.folder, file.lists.key
        if folder is None and key is None:
            return None
        if folder is None or key is None:
            missing = "key" if key is None else "folder"
            raise self.wrong(
                ("lists",),
                f"it has no {missing}",
                "Copy both lines that `cautery lists new` printed.",
            )
        try:
            raw = raw_public_key(key)
        except ValueError as error:
            raise self.wrong(
                ("lists", "key"),
                "this is not an Ed25519 key",
                "Copy the line that `cautery lists new` printed.",
            ) from error
        place = self.file(folder, ("lists", "folder"), folder=True)
        return ListsPolicy(folder=OwnLocation(place), key=base64.b64encode(raw).decode())

    def _decoys(self, file: MandateFile) -> DecoysPolicy | None:
        sealed, keeper, planner = file.decoys.sealed, file.decoys.keeper, file.decoys.planner
        if all(given is None for given in (sealed, keeper, planner, file.decoys.own)):
            return None
        if sealed is None or keeper is None or planner is None:
            missing = "sealed" if sealed is None else "keeper" if keeper is None else "planner"
            raise self.wrong(
                ("decoys",),
                f"it has no {missing}",
                'Name all: sealed = "NIGHT/sealed.json", keeper = "https://...", planner = the '
                "planner's public key. Without it whoever writes first is the planner.",
            )
        own_places = self._own(file)
        try:
            key = base64.b64encode(raw_public_key(planner)).decode()
        except ValueError as error:
            raise self.wrong(
                ("decoys", "planner"),
                "this is not an Ed25519 key",
                "Copy the planner's public key, which `cautery keys new` printed.",
            ) from error
        # The plan names the digest of this mandate's terms, so it may not be there yet.
        place = (self._path.parent / sealed).absolute()
        return DecoysPolicy(
            sealed=OwnLocation(str(place)), keeper=keeper, planner=key, own=own_places
        )

    def _follow(self, file: MandateFile) -> FollowPolicy | None:
        table = file.follow
        if not table.model_fields_set:
            return None
        missing = [name for name in type(table).model_fields if not getattr(table, name)]
        if missing:
            raise self.wrong(
                ("follow",),
                f"it has no {missing[0]}",
                'Name all: cases = ["..."], purposes = ["..."], look_at = ["passive-dns"], '
                "review = 2027-03-01, end = 2027-11-30.",
            )
        try:
            return FollowPolicy(
                cases=tuple(dict.fromkeys(table.cases or ())),
                purposes=tuple(table.purposes or ()),
                look_at=tuple(dict.fromkeys(table.look_at or ())),
                review=table.review or date.max,
                end=table.end or date.min,
            )
        except MandateError as error:
            raise self.wrong(
                ("follow",), str(error), error.hint or "Correct this value."
            ) from error

    def _own(self, file: MandateFile) -> tuple[str, ...]:
        """Return where decoys may stand: nothing that others share, and no intermediary's host."""
        if not file.decoys.own:
            raise self.wrong(
                ("decoys",),
                "it has no own: nobody has said on which servers decoys may stand",
                'List your own domains and address ranges: own = ["own.example", "192.0.2.0/28"].',
            )
        if len(file.decoys.own) > MOST_OWN:
            raise self.wrong(
                ("decoys",),
                f"own has more than {MOST_OWN} places",
                "Name the domains and ranges on which decoys are to stand, and no others.",
            )
        try:
            own_places = tuple(dict.fromkeys(map(own_place, file.decoys.own)))
        except MandateError as error:
            raise self.wrong(("decoys",), str(error), error.hint) from error
        for place in own_places:
            if any(f".{place}".endswith(f".{zone}") for zone in PROVIDERS):
                raise self.wrong(
                    ("decoys",),
                    f"own: {place} is a name of a service that many share",
                    "Name a domain that is yours alone.",
                )
        for provider in file.intermediary:
            for url in filter(None, (provider.list_url, provider.proxy)):
                host = host_of(str(url))
                # In a lab all stand on one machine.
                if host and covers(own_places, host) and not file.mandate.lab:
                    raise self.wrong(
                        ("decoys",),
                        f"own: {host} is the intermediary {provider.name}'s, not yours",
                        "Name a domain that is yours alone.",
                    )
        return own_places


def mandate_schema() -> dict[str, Any]:
    """Return the JSON Schema of a mandate file."""
    schema = MandateFile.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Cautery mandate"
    return schema
