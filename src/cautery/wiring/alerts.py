"""Alerts: their file of settings, the cases that they are about, and the ways out."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cautery import wiring
from cautery.act.lint_notice import is_mail
from cautery.adapters._files import make_folders
from cautery.adapters.alert_mail import AlertMail
from cautery.adapters.dns import DnsNames
from cautery.adapters.http import PoliteClient
from cautery.adapters.keys_file import default_folder
from cautery.adapters.smtp import SmtpPostbox
from cautery.adapters.syslog import Syslog
from cautery.adapters.webhook import Webhook, secret_bytes
from cautery.errors import CauteryError, InputError, StorageError
from cautery.evidence.case_names import is_on_server
from cautery.evidence.manifest import NOTE
from cautery.model import NetworkPolicy, OwnService, Secret
from cautery.model.alert import Alert, AlertRule
from cautery.model.ports import Clock
from cautery.model.records import AlertRaised, AlertSent
from cautery.wiring.cases import reading_store
from cautery.wiring.kept import kept_case, usual_place
from cautery.wiring.people import owner
from cautery.wiring.postbox import read_postbox, secret_toml
from cautery.wiring.signed_log import SignedLog, begin_log, open_log
from cautery.workflows.alerts.log import AlertLog
from cautery.workflows.alerts.looking import Looker
from cautery.workflows.alerts.ports import Way
from cautery.workflows.alerts.rules import Waits
from cautery.workflows.alerts.sending import WAITS_S, send_due
from cautery.workflows.case.kept import KeptCase

_LOG, _LOG_KEY = "alerts.sqlite", "alerts.pub"
_LOOK_S = 5.0
_LONGEST_S = 7 * 86_400
_RATE = 10.0
Text = Annotated[str, Field(min_length=1, max_length=500)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Seconds = Annotated[float, Field(ge=0, le=_LONGEST_S)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Rules(_Table):
    proven: bool = False
    nothing_drafted: Seconds | None = None
    behind: Seconds | None = None
    expiring: Seconds | None = None
    watch_died: Seconds | None = None
    grew_back: bool = False
    review_due: Seconds | None = None


class _Way(_Table):
    name: Name


class _Webhook(_Way):
    url: Text
    secret: Text
    allow: tuple[Text, ...] = ()
    ca: Text | None = None


class _Mail(_Way):
    to: Text


class _Syslog(_Way):
    address: Text
    ca: Text | None = None


class _File(_Table):
    room: Text
    folder: Text = "alerts"
    postbox: Text | None = None
    rules: _Rules
    webhook: tuple[_Webhook, ...] = ()
    mail: tuple[_Mail, ...] = ()
    syslog: tuple[_Syslog, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """What a file of settings states.

    Parameters
    ----------
    folder : Path
        Of the log of alerts.
    room : str
        Origin of the room, to which links lead.
    waits : mapping
        The rules that are on.
    """

    path: Path
    folder: Path
    room: str
    waits: Waits
    file: _File


def read_alerts(path: Path) -> AlertSettings:
    """Read the settings of alerts.

    Raises
    ------
    InputError
        If others can read the file, or it is not as it should be; no secret is quoted.
    """
    try:
        file = _File.model_validate(secret_toml(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise InputError(f"{path}: {where}: {first['msg']}") from None
    room = urlsplit(file.room)
    if room.scheme not in ("http", "https") or not room.hostname or room.path not in ("", "/"):
        raise InputError(f"{path}: room: write where people reach it: https://room.league.example")
    ways: tuple[_Way, ...] = (*file.webhook, *file.mail, *file.syslog)
    names = [way.name for way in ways]
    if not names or len(set(names)) != len(names):
        raise InputError(f"{path}: name at least one way, and each by another name")
    for mail in file.mail:
        if not is_mail(mail.to):
            raise InputError(f"{path}: mail.to is not a mail address")
    for webhook in file.webhook:
        secret_bytes(Secret(webhook.secret))
        parts = urlsplit(webhook.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise InputError(f"{path}: webhook.url is not a URL without a login")
    waits = _waits(file.rules)
    if not waits:
        raise InputError(f"{path}: [rules] names no rule")
    return AlertSettings(
        path=path, folder=path.parent / file.folder, room=file.room, waits=waits, file=file
    )


def _waits(rules: _Rules) -> dict[AlertRule, timedelta]:
    seconds = {
        AlertRule.PROVEN: 0.0 if rules.proven else None,
        AlertRule.NOTHING_DRAFTED: rules.nothing_drafted,
        AlertRule.BEHIND: rules.behind,
        AlertRule.EXPIRING: rules.expiring,
        AlertRule.WATCH_DIED: rules.watch_died,
        AlertRule.GREW_BACK: 0.0 if rules.grew_back else None,
        AlertRule.REVIEW_DUE: rules.review_due,
    }
    return {rule: timedelta(seconds=wait) for rule, wait in seconds.items() if wait is not None}


class PlacesOfCases:
    """Cases in a folder or on the server (port of alerts).

    Parameters
    ----------
    place : Path
        The folder, or ``server:``.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._store = reading_store()

    def places(self) -> Mapping[str, Path]:
        """Return the cases that there are."""
        if not is_on_server(self._place) and not self._place.exists():
            return {}  # the first watch will make it
        return self._store.below(self._place)

    def closed(self, case: Path) -> bool:
        """Tell whether a case is closed."""
        return self._store.exists(case, NOTE)

    @contextlib.contextmanager
    def opened(self, case: Path) -> Iterator[KeptCase]:
        """Lend a case with its kept lists."""
        with contextlib.closing(kept_case(case)) as kept:
            yield kept

    def held(self, case: Path) -> bool:
        """Tell whether a process is at work on a case, or closes it at this moment."""
        try:
            self._store.hold(case, alone=False)
        except StorageError:
            return True
        try:
            return self._store.shares(case)
        except StorageError:
            return True
        finally:
            self._store.release(case)


def run(
    settings: AlertSettings,
    cases: Path | None,
    *,
    once: bool,
    keys_dir: Path | None,
    say: Callable[[str], None],
    waits_s: Sequence[float] = WAITS_S,
) -> tuple[int, int]:
    """Look at the cases and tell people, until somebody ends it; or once.

    Returns
    -------
    raised, failed : int
        Of one look: alerts that were raised, and sendings that no try brought through.

    Raises
    ------
    CauteryError
        If the log of alerts cannot be written.
    """
    clock = wiring.clock()
    with _logged(settings, keys_dir, clock=clock) as (signed, log):
        place = usual_place() if cases is None else cases
        looker = Looker(PlacesOfCases(place), settings.waits, log, say=say)
        running = _Running(settings, signed, log, looker, clock=clock, say=say, waits_s=waits_s)
        return asyncio.run(running.once() if once else running.on_and_on())


@dataclass(frozen=True, slots=True)
class _Running:
    settings: AlertSettings
    signed: SignedLog
    log: AlertLog
    looker: Looker
    clock: Clock
    say: Callable[[str], None]
    waits_s: Sequence[float]

    async def once(self) -> tuple[int, int]:
        """Look and send once."""
        raised = await asyncio.to_thread(self._look)
        async with _ways(self.settings, self.clock) as ways:
            outcomes = await asyncio.gather(*map(self._send, ways))
        self.signed.sign(self.clock.now())
        return len(raised), sum(bool(outcome.error) for on_way in outcomes for outcome in on_way)

    async def on_and_on(self) -> tuple[int, int]:
        """Look every few seconds; a way that waits for its receiver holds up no other."""
        async with _ways(self.settings, self.clock) as ways, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._looking())
            for way in ways:
                tasks.create_task(self._sending(way))
        raise AssertionError

    async def _looking(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._look)
            except StorageError as error:  # a server that is away comes back
                self.say(str(error))
            self.signed.sign(self.clock.now())
            await asyncio.sleep(_LOOK_S)

    async def _sending(self, way: Way) -> None:
        while True:
            await self._send(way)
            await asyncio.sleep(_LOOK_S / 5)

    def _look(self) -> tuple[AlertRaised, ...]:
        raised = self.looker.look(self.clock.now())
        for alert in raised:
            self.say(f"{alert.case}: {alert.rule} ({alert.count})")
        return raised

    async def _send(self, way: Way) -> tuple[AlertSent, ...]:
        outcomes = await send_due(self.log, way, now=self.clock.now, waits_s=self.waits_s)
        for outcome in outcomes:
            if outcome.error:
                self.say(f"{way.name}: alert {outcome.alert} was not taken: {outcome.error}")
        return outcomes


def try_ways(settings: AlertSettings) -> dict[str, str]:
    """Send a test on each way; return what went wrong on each, or nothing."""
    clock = wiring.clock()

    async def go() -> dict[str, str]:
        async with _ways(settings, clock) as ways:
            return {way.name: await _try_out(way, settings, clock) for way in ways}

    return asyncio.run(go())


async def _try_out(way: Way, settings: AlertSettings, clock: Clock) -> str:
    now = clock.now()
    alert = Alert(
        id=f"test-{now:%Y%m%dT%H%M%S}",
        rule=AlertRule.TEST,
        case="",
        count=0,
        at=now,
        link=settings.room.rstrip("/"),
    )
    try:
        await way.send(alert)
    except CauteryError as error:
        return str(error)
    return ""


@contextlib.contextmanager
def _logged(
    settings: AlertSettings, keys_dir: Path | None, *, clock: Clock
) -> Iterator[tuple[SignedLog, AlertLog]]:
    keys, folder = default_folder() if keys_dir is None else keys_dir, settings.folder
    try:
        make_folders(folder)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}") from error
    if not (folder / _LOG_KEY).exists():
        begin_log(folder / _LOG, folder / _LOG_KEY, of="alerts", keys=keys)
    with open_log(folder / _LOG, folder / _LOG_KEY, keys=keys) as signed:
        name = signed.verifier.name.rpartition("/")[2]
        yield (
            signed,
            AlertLog(signed.ledger, name=name, room=settings.room, by=owner(), now=clock.now()),
        )
        signed.sign(clock.now())


@contextlib.asynccontextmanager
async def _ways(settings: AlertSettings, clock: Clock) -> AsyncIterator[tuple[Way, ...]]:
    file, room_here = settings.file, settings.path.parent
    async with contextlib.AsyncExitStack() as stack:
        ways: list[Way] = []
        for hook in file.webhook:
            policy = NetworkPolicy(
                allow=hook.allow, rate_per_host=_RATE, user_agent="Cautery-alerts/1"
            )
            host = urlsplit(hook.url).hostname or ""
            ca = None if hook.ca is None else str((room_here / hook.ca).resolve())
            services = () if ca is None else (OwnService(host=host, ca=ca),)  # type: ignore[arg-type]
            client = await stack.enter_async_context(
                PoliteClient(policy, DnsNames(None), clock, services=services)
            )
            secret = Secret(hook.secret)
            ways.append(Webhook(hook.name, hook.url, secret, client, now=clock.now))
        if file.mail:
            server = read_postbox(_beside(room_here, file.postbox)).mail
            if server is None:
                raise InputError("the file of mail settings has no [mail] table")
            postbox = SmtpPostbox(server, waits_s=())
            ways += [AlertMail(mail.name, postbox, mail.to) for mail in file.mail]
        for collector in file.syslog:
            ca = None if collector.ca is None else str(room_here / collector.ca)
            ways.append(Syslog(collector.name, collector.address, ca=ca))
        yield tuple(ways)


def _beside(folder: Path, name: str | None) -> Path | None:
    return None if name is None else Path(os.path.normpath(folder / name))
