"""A room over cases on disk: one that is closed, one that is open, and one that is no case."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi.testclient import TestClient

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.case_shelf import cases_below, stamp_of
from cautery.adapters.clock import FixedClock
from cautery.adapters.custody_file import read_custody
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.passwords import Argon2Passwords
from cautery.adapters.token_folder import TokenFolder
from cautery.console.app import room_app
from cautery.console.desk import Desk
from cautery.console.door import Secret
from cautery.console.live import Live
from cautery.console.rechecks import Rechecks
from cautery.evidence.warc import write_warc
from cautery.model import Exchange, digest_of, iso, to_json
from cautery.wiring.kept import case_hub, kept_case
from cautery.wiring.room import gathering_of
from cautery.wiring.taxii import shelves
from cautery.workflows.browse.ends import ends_at
from cautery.workflows.browse.kept import Cases
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.case.registry import Registry
from cautery.workflows.case.report import write_report

_SYNTHETIC = Path(__file__).parents[1] / "pages" / "case_report" / "synthetic.py"


def _loaded(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


MADE = _loaded("report_synthetic", _SYNTHETIC)
PEOPLE = _loaded("people_room", Path(__file__).with_name("people.py"))


def filled(case: Case, *, streams: int) -> datetime:
    """Fill a case with the records and exhibits of a made-up match night; return its last time."""
    made = MADE.whole_case(streams=streams, stills=False)
    for data in made.vault.kept.values():
        case.vault.seal(
            data,
            media_type="application/octet-stream",
            at=made.now,
            clock=case.clock.offset(),
        )
    records = []
    for entry in made.ledger.entries:
        body = dict(entry.record.body)
        if entry.record.kind == "case.opened":
            body["key"] = case.signer.key
        records.append((entry.record.kind, body, entry.record.at))
    half = len(records) // 2
    case.ledger.append_all(records[:half])
    case.ledger.checkpoint(case.signer, at=records[half - 1][2])
    case.ledger.append_all(records[half:])
    return made.now


def made_cases(folder: Path) -> Path:
    """Make the cases of a season below a folder, and return it."""
    store = FolderStore(KeyFolder(folder / "keys"), patience_s=0.1)
    clock = FixedClock(MADE.END)
    cases = folder / "cases"
    closed = open_case(cases / "night-1", store=store, clock=clock)
    at = filled(closed, streams=20)
    closed.write("report.html", write_report(closed.ledger, closed.vault, at=at).encode())
    close_case(closed, at=at)
    still_open = open_case(cases / "cup" / "night-2", store=store, clock=clock)
    filled(still_open, streams=18)
    still_open.ledger.close()
    store.release(still_open.path)
    (cases / "holiday photos").mkdir()
    (cases / "broken").mkdir()
    (cases / "broken" / "ledger.sqlite").write_bytes(b"this is no database" * 100)
    return cases


@pytest.fixture(scope="session")
def season(made_once: Callable[[str, Callable[[Path], Any]], Any]) -> Path:
    """The folder of cases that no test changes."""
    return made_once("room-cases", made_cases)


@dataclass
class Room:
    """An open room, and a browser that has its cookie."""

    desk: Desk
    client: TestClient

    def text(self, path: str, status: int = 200, **asked: Any) -> str:
        answer = self.client.get(path, **asked)
        assert answer.status_code == status, answer.text
        return answer.text

    def stranger(self) -> TestClient:
        """Return a browser that nobody gave the key."""
        client = TestClient(self.client.app, base_url="http://127.0.0.1:8017")
        client.follow_redirects = False
        return client


def opened_room(cases: Path, now: datetime | None = None, tokens: Path | None = None) -> Room:
    clock = FixedClock(now or MADE.END + timedelta(hours=1))
    store = FolderStore()
    shown = Cases(
        cases,
        listed=lambda: cases_below(cases) if cases.exists() else {},
        store=store,
        clock=clock,
        custody=read_custody,
        opened=kept_case,
        ends=Registry(partial(ends_at, store=store), stamp=stamp_of),
    )
    desk = Desk(
        cases=shown,
        gathering=gathering_of(shown),
        rechecks=Rechecks(store, clock),
        live=Live(kept_case, case_hub),
        secret=Secret.new(),
        tokens=TokenFolder(tokens or cases / "no-tokens"),
        shelves=shelves(),
    )
    client = TestClient(room_app(desk), base_url="http://127.0.0.1:8017")
    client.follow_redirects = False
    client.cookies.set(desk.secret.cookie, desk.secret.session)
    return Room(desk, client)


@pytest.fixture(autouse=True)
def lists(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the lists of cases away from those of the person who runs the tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def room(season: Path) -> Iterator[Room]:
    opened = opened_room(season)
    yield opened
    opened.desk.gathering.close()
    opened.desk.cases.close()


@pytest.fixture
def peopled(room: Room, tmp_path: Path) -> Iterator[Any]:
    """A room over the season, with one person of each role."""
    with ExitStack() as stack:
        yield PEOPLE.open_people_room(stack, room.desk, tmp_path)


@pytest.fixture
def people_room() -> ModuleType:
    """What makes rooms with people."""
    return PEOPLE


@pytest.fixture
def room_at() -> Iterator[Callable[..., Room]]:
    """Open a room over a folder."""
    rooms: list[Room] = []

    def made(cases: Path, now: datetime | None = None, tokens: Path | None = None) -> Room:
        rooms.append(opened_room(cases, now, tokens))
        return rooms[-1]

    yield made
    for one in rooms:
        one.desk.gathering.close()
        one.desk.cases.close()


@pytest.fixture
def while_hashing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], Any]], None]:
    """Do something once, while a password is hashed or compared: that takes long on purpose."""

    def meanwhile(step: str, do: Callable[[], Any]) -> None:
        slow, waiting = getattr(Argon2Passwords, step), [do]

        def stepped(self: Argon2Passwords, *given: str) -> Any:
            answer = slow(self, *given)
            if waiting:
                waiting.pop()()
            return answer

        monkeypatch.setattr(Argon2Passwords, step, stepped)

    return meanwhile


@pytest.fixture
def make_season() -> Callable[[Path], Path]:
    """Make cases that the test may change."""
    return made_cases


def compared_in(
    folder: Path, suspect: list[bytes], reference: bytes, *, suspect_s: float, reference_s: float
) -> list[str]:
    """Add a compared stream to the open case below a folder; return the sealed exhibits of both."""
    store = FolderStore(KeyFolder(folder / "keys"), patience_s=0.1)
    at = MADE.END
    case = open_case(folder / "cases" / "cup" / "night-2", store=store, clock=FixedClock(at))

    def seal(data: bytes, what: str) -> str:
        exhibit = case.vault.seal(
            data, media_type="application/warc", at=at, clock=case.clock.offset()
        )
        body = {"exhibit": to_json(exhibit), "what": what, "url": None}
        case.ledger.append("exhibit.sealed", body, at=at)
        return exhibit.id

    exchanges = [
        Exchange(
            url=f"http://late.example/{number}.ts",
            method="GET",
            target="/",
            request_headers=(),
            status=200,
            reason="OK",
            headers=(),
            payload=payload,
            asked_at=at,
            answered_at=at,
            address="192.0.2.1",
        )
        for number, payload in enumerate(suspect)
    ]
    url, seen = "http://late.example/1", iso(at + timedelta(seconds=1))
    known = {"url": url, "at": seen}
    archive = seal(write_warc(exchanges, about={}), "transactions of a probe")
    sealed = seal(reference, "reference arena")
    pieces = [{"payload": digest_of(payload)} for payload in suspect]
    for kind, body in (
        (
            "stream.appeared",
            {"title": "Late", "source": "list", "host": "late.example", "offer": None},
        ),
        ("probe.done", {"observation": None, "failed": None, "exhibits": [archive]}),
        (
            "score.basis",
            {"media_start_s": 0.0, "senses": [], "media": pieces, "exhibit": archive},
        ),
        (
            "alignment",
            {
                "reference": "arena",
                "kind": "sound",
                "delay_s": 4.0,
                "suspect_at_s": suspect_s,
                "reference_at_s": 100.0,
                "reference_media": sealed,
                "reference_media_s": reference_s,
                "lags_s": [0.0, 4.0, 8.0],
                "strength": [0.0, 9.0, 0.0],
            },
        ),
    ):
        case.ledger.append(kind, known | body, at=at)
    case.leave()
    return [archive, sealed]


@pytest.fixture
def compare() -> Callable[..., list[str]]:
    """Add a compared stream to the open case of a season that the test made."""
    return compared_in
