"""The search over cases: what is found, whose cases it is of, and what nobody is shown by it."""

from __future__ import annotations

import re
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from tests.lists import MANDATE

from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.token_folder import TokenFolder
from cautery.console.app import room_app
from cautery.errors import InputError
from cautery.messages import languages
from cautery.model import Asset, Finding, RedactedUrl, Regime, SupplyGraph, Verdict
from cautery.model.ledger import filed
from cautery.model.records import CaseOpened, StreamAppeared
from cautery.model.room import RIGHTS, Right, RoomRole
from cautery.model.tokens import Scope, new_token
from cautery.projections.across import Words
from cautery.wiring.kept import kept_case
from cautery.workflows.browse.find import Whose, find_view

SEPTEMBER, NOVEMBER = (datetime(2026, month, 10, 20, tzinfo=UTC) for month in (9, 11))
COIN = "BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT"


def appeared(number: int, title: str, host: str, at: datetime) -> object:
    url = f"http://{host}/{number}.ts"
    return StreamAppeared(url=url, title=title, source="list", host=host, at=at, offer=None)


def write_case(
    folder: Path, contents: list[object], at: datetime, regime: Regime = Regime.GDPR
) -> None:
    """Write a case without a key: it can be read, and nothing in it be proven."""
    folder.mkdir(parents=True)
    led = {"who": "Police", "channels": ()} if regime is Regime.LED else {}
    mandate = replace(MANDATE, regime=regime, **led) if led else MANDATE
    ledger = SqlLedger(folder / "ledger.sqlite")
    opened = CaseOpened(mandate=mandate, version="0", lab=True, key="unread")
    ledger.append_all([(*filed(content), at) for content in (opened, *contents)])
    ledger.close()


def add(folder: Path, contents: list[object], at: datetime) -> None:
    ledger = SqlLedger(folder / "ledger.sqlite")
    ledger.append_all([(*filed(content), at) for content in contents])
    ledger.close()


@pytest.fixture
def many(tmp_path: Path, room_at: Callable[..., Any]) -> Any:
    """A room over two months of one league, and one case of the police."""
    cases = tmp_path / "cases"
    a, b = "edge-1.kick4ss.example", "edge-2.kickass99.example"
    write_case(cases / "september", [appeared(1, "Arena Sport 1 HD", a, SEPTEMBER)], SEPTEMBER)
    seen = Verdict(
        url=RedactedUrl(f"http://{b}/1.ts"), finding=Finding.NOTHING, at=NOVEMBER, channels=()
    )
    paid = SupplyGraph(
        assets=(
            Asset(kind="payment", value=COIN),
            Asset(kind="payment", value="paypal:~0123456789abcdef"),
            Asset(kind="payment", value="merchant:J SMITH"),
            Asset(kind="host", value="panel.kickass.example"),
        )
    )
    write_case(
        cases / "november",
        [appeared(1, "ARENA\u202e sport 1 HD", b, NOVEMBER), seen, paid],
        NOVEMBER,
    )
    write_case(
        cases / "police",
        [appeared(1, "Arena Sport 1 HD", "secret.kickass.example", NOVEMBER)],
        NOVEMBER,
        Regime.LED,
    )
    return room_at(cases)


def found(room: Any, asked: str, status: int = 200) -> str:
    """Search once everything is gathered."""
    look(room)
    text = room.text(f"/find?{asked}", status)
    assert isinstance(text, str)
    return unescape(text)


def look(room: Any) -> None:
    room.desk.gathering._looked_at = None
    room.text("/find")
    room.desk.gathering.wait()


def things_of(text: str) -> list[str]:
    return re.findall(r'<tr class="row">\s*<th scope="row"><a href="[^"]*"><bdi>(.*?)</bdi>', text)


def test_a_title_that_two_months_have_is_one_line_with_its_history(many: Any) -> None:
    text = found(many, "q=arena+sport&kind=title&regime=gdpr")
    assert things_of(text) == ["ARENA[U+202E] sport 1 HD"]
    assert "2026-09-10" in text
    assert "2026-11-10" in text
    assert "2026-09: 1<" in text
    assert "2026-11: 2<" in text  # it appeared, and was looked at
    for link in ("/cases/november/streams/1", "/cases/september/streams/1"):
        assert link in text


def test_hosts_of_one_brand_meet_in_it(many: Any) -> None:
    assert things_of(found(many, "q=kickass&kind=brand&regime=gdpr")) == ["kickass"]
    text = found(many, "q=kick&kind=host&regime=gdpr")
    assert set(things_of(text)) == {
        "edge-1.kick4ss.example",
        "edge-2.kickass99.example",
        "panel.kickass.example",
    }
    assert "/cases/november/network?q=panel.kickass.example" in text


def test_of_payment_ends_only_addresses_of_coins_are_searched(many: Any) -> None:
    assert things_of(found(many, f"q={COIN[4:]}&regime=gdpr")) == [COIN]
    for personal in ("0123456789abcdef", "smith", "paypal", "merchant"):
        assert things_of(found(many, f"q={personal}&regime=gdpr")) == []


@pytest.mark.parametrize("regime", ["gdpr", "led"])
def test_cases_of_two_laws_are_never_searched_together(many: Any, regime: str) -> None:
    assert things_of(found(many, "q=arena")) == []
    assert "Choose whose cases are searched" in found(many, "q=arena")
    text = found(many, f"q=arena&regime={regime}")
    assert ("/cases/police" in text) == (regime == "led")
    assert ("/cases/november" in text) == (regime == "gdpr")
    assert ("secret" in found(many, f"q=example&regime={regime}")) == (regime == "led")
    stores = many.desk.gathering._stores
    names = {law: set(store.gathered()) for law, store in stores.items()}
    assert names == {Regime.GDPR: {"november", "september"}, Regime.LED: {"police"}}
    folders = {law: store._folder for law, store in stores.items()}
    assert folders[Regime.GDPR] != folders[Regime.LED]
    for law, folder in folders.items():
        content = b"".join(file.read_bytes() for file in folder.iterdir())
        assert (b"secret.kickass" in content) == (law is Regime.LED)


def test_a_case_that_came_under_the_other_law_is_forgotten_under_the_first(many: Any) -> None:
    look(many)
    place = many.desk.cases.folder / "september"
    shutil.rmtree(place)
    write_case(place, [appeared(1, "Arena Sport 7", "x.example", NOVEMBER)], NOVEMBER, Regime.LED)
    assert "september" not in found(many, "q=arena&regime=gdpr")
    assert things_of(found(many, "q=arena+7&regime=led")) == ["Arena Sport 7"]


def test_one_law_needs_no_choice(many: Any) -> None:
    shutil.rmtree(many.desk.cases.folder / "police")
    assert things_of(found(many, "q=arena&kind=title")) == ["ARENA[U+202E] sport 1 HD"]


def test_what_a_case_has_more_is_found_at_the_next_look(many: Any) -> None:
    look(many)
    more = appeared(9, "Arena Sport 9", "late.example", NOVEMBER)
    add(many.desk.cases.folder / "september", [more], NOVEMBER + timedelta(days=30))
    text = found(many, "q=arena+9&regime=gdpr")
    assert things_of(text) == ["Arena Sport 9"]
    assert "2026-12" in text


def test_a_case_that_cannot_be_read_is_named_and_ends_no_search(many: Any) -> None:
    (many.desk.cases.folder / "broken").mkdir()
    (many.desk.cases.folder / "broken" / "ledger.sqlite").write_bytes(b"no database" * 500)
    text = found(many, "q=arena&regime=gdpr&kind=title")
    assert "1 case cannot be read and was not searched" in text
    assert 'href="/cases/broken"' in text
    assert len(things_of(text)) == 1


def test_a_case_that_is_deleted_under_the_search_is_not_shown(many: Any) -> None:
    look(many)
    shutil.rmtree(many.desk.cases.folder / "november")  # nobody has looked since
    text = many.text("/find?q=arena&regime=gdpr&kind=title")
    assert "november" not in text
    assert things_of(text) == ["Arena Sport 1 HD"]
    assert things_of(many.text("/find?q=panel&regime=gdpr")) == []
    assert (
        many.client.get("/find/history?kind=host&regime=gdpr&q=panel.kickass.example").status_code
        == 404
    )
    look(many)
    content = b"".join(
        file.read_bytes()
        for store in many.desk.gathering._stores.values()
        for file in store._folder.iterdir()
        if not file.name.endswith("-wal")
    )
    rows = many.desk.gathering._stores[Regime.GDPR]
    with sqlite3.connect(next(rows._folder.glob("*.sqlite"))) as tables:
        keys = [key for (key,) in tables.execute("SELECT key FROM things")]
    assert "panel.kickass.example" not in keys
    assert "arena sport 1 hd" in keys
    assert content


def test_the_gathered_things_are_those_of_each_case_and_of_another_start(
    many: Any, room_at: Callable[..., Any]
) -> None:
    look(many)
    folder = many.desk.cases.folder
    for name in ("september", "november"):
        kept = kept_case(folder / name)
        lines = {(line.kind, line.key): line for page in kept.things(most=2) for line in page}
        kept.close()
        assert lines
        for (kind, key), line in lines.items():
            _, (seen,) = many.desk.gathering.ask(
                Regime.GDPR,
                lambda store: store.history(kind, key, {name}, after="", limit=5),  # noqa: B023
            )
            assert (seen.first, seen.named, seen.last, seen.stream) == (
                line.first,
                line.named,
                line.last,
                line.stream,
            )
            assert (seen.first_at, seen.last_at, seen.months) == (
                line.first_at,
                line.last_at,
                line.months,
            )
    opened: list[Path] = []
    again = room_at(folder)
    again.desk.gathering._opened = opened.append  # it would fail
    assert things_of(found(again, "q=arena&regime=gdpr&kind=title")) == ["ARENA[U+202E] sport 1 HD"]
    assert opened == []


@pytest.mark.parametrize("damage", [b"no database" * 999, b""])
def test_a_damaged_store_is_made_anew(
    many: Any, room_at: Callable[..., Any], damage: bytes
) -> None:
    look(many)
    store = many.desk.gathering._stores[Regime.GDPR]
    many.desk.gathering.close()
    for file in store._folder.glob("*.sqlite*"):
        file.write_bytes(damage)
    again = room_at(many.desk.cases.folder)
    assert len(things_of(found(again, "q=arena&regime=gdpr&kind=title"))) == 1


def test_pages_come_one_after_the_other_without_gap_or_double(many: Any) -> None:
    streams = [appeared(n, f"Premium {n}", "one.example", NOVEMBER) for n in range(53)]
    add(many.desk.cases.folder / "november", streams, NOVEMBER)
    asked, names = "q=premium&regime=gdpr", []
    while True:
        text = found(many, asked)
        names += things_of(text)
        older = re.search(r'rel="next" href="/find\?([^"]*)"', text)
        if older is None:
            break
        asked = older[1]
    assert sorted(names) == sorted(f"Premium {n}" for n in range(53))


HOSTILE = [
    '"',
    "'; DROP TABLE things; --",
    "a OR b*",
    "NEAR(a b)",
    "* ^ : -",
    "(q+)+$",
    ".*",
    "a\0b",
    "\u202ecod.exe",
    "\u2066x\u2069",
    "é" * 199,
    "- + /",
    "<script>alert(1)</script>",
    "\U0001f600",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_whatever_is_typed_is_searched_as_words_and_shown_as_text(many: Any, words: str) -> None:
    look(many)
    text = many.text("/find?regime=gdpr&q=" + quote(words))
    assert things_of(text) == []
    assert "<script>alert" not in text
    many.client.get("/find/history?regime=gdpr&kind=host&q=" + quote(words))
    assert things_of(many.text("/find?regime=gdpr&q=arena&kind=title"))


def test_a_search_of_a_megabyte_is_refused_in_a_sentence(many: Any) -> None:
    for letters in (201, 60_000):
        answer = many.client.get("/find?regime=gdpr&q=" + "x" * letters)
        assert answer.status_code == (400 if letters == 201 else 414)
        assert "has at most" in answer.text
    with pytest.raises(InputError, match="at most 200 characters, not 1,000,000"):
        Words(text="x" * 1_000_000)
    assert many.client.get("/find?regime=gdpr&before=-1").status_code == 404
    assert many.client.get("/find?regime=both&q=a").status_code == 404


def test_who_may_read_searches_the_cases_that_he_may_see(
    many: Any, people_room: Any, tmp_path: Path
) -> None:
    from contextlib import ExitStack

    with ExitStack() as stack:
        peopled = people_room.open_people_room(stack, many.desk, tmp_path)
        for role in RoomRole:
            client = peopled.as_(role)
            for path in (
                "/find?q=arena&regime=gdpr",
                "/find/history?kind=title&regime=gdpr&q=arena+sport+1+hd",
            ):
                status = client.get(path).status_code
                if Right.READ not in RIGHTS[role]:
                    assert status == 403
                elif role is RoomRole.GUEST:  # his one case, night-1, is not here
                    assert status == (200 if path.startswith("/find?") else 404)
                else:
                    assert status == 200
        assert peopled.browser().get("/find?q=arena").status_code == 401
        guest = peopled.accounts[RoomRole.GUEST]
        peopled.people.accounts.give(
            guest.id, [RoomRole.GUEST], ["september"], by="p-000000000000", why="the test"
        )
        look(many) if False else many.desk.gathering.wait()
        text = unescape(peopled.as_(RoomRole.GUEST).get("/find?q=arena").text)
        assert things_of(text) == ["Arena Sport 1 HD"]  # nor the spelling of another case
        assert "november" not in text
        assert "1 found" in text
        assert "Choose whose" not in text  # nor that there is a case of the police
        *_, entry = peopled.people.ledger.read()
        assert (entry.content.page, entry.content.act) == ("/find", "consultation")
        assert b"arena" not in entry.leaf


def test_a_token_searches_its_cases_alone(many: Any, tmp_path: Path) -> None:
    look(many)
    now = many.desk.cases.clock.now()
    desk = replace(many.desk, tokens=TokenFolder(tmp_path / "tokens"))
    asked = "/api/v1/find?regime=gdpr&q=arena&kind=title"

    def program(*scopes: Scope, cases: tuple[str, ...] = ()) -> TestClient:
        token, sent = new_token(
            "x", scopes, made_at=now, ends_at=now + timedelta(days=1), cases=cases
        )
        desk.tokens.add(token)
        client = TestClient(room_app(desk), base_url="http://127.0.0.1:8017")
        client.headers["authorization"] = f"Bearer {sent}"
        return client

    whole = program(Scope.CASES).get(asked).json()
    (thing,) = whole["things"]
    assert thing["months"] == {"2026-09": 1, "2026-11": 2}
    assert [row["case"] for row in thing["newest"]] == ["november", "september"]
    assert (whole["cases"], whole["regimes"]) == (2, ["gdpr", "led"])
    part = program(Scope.CASES, cases=("september",)).get(asked).json()
    assert [row["case"] for row in part["things"][0]["newest"]] == ["september"]
    assert part["regimes"] == ["gdpr"]
    assert program(Scope.METRICS).get(asked).status_code == 403
    assert program(Scope.CASES).get("/api/v1/find?q=arena").status_code == 422
    assert program(Scope.CASES).get("/api/v1/find?regime=gdpr&q=" + "x" * 201).status_code == 422


@pytest.mark.parametrize("language", languages())
def test_the_pages_speak_each_language(many: Any, language: str) -> None:
    look(many)
    many.client.cookies.set("cautery-tongue", language)
    words = {
        "en": "Search over cases",
        "fr": "Recherche dans les affaires",
        "it": "Ricerca nei casi",
        "es": "Búsqueda en los casos",
    }[language]
    assert words in many.text("/find?q=arena&regime=gdpr")
    many.text("/find/history?kind=title&regime=gdpr&q=arena+sport+1+hd")


def test_the_history_of_one_thing_goes_case_by_case(many: Any) -> None:
    text = found(many, "q=arena&regime=gdpr&kind=title")
    address = re.search(r'href="(/find/history[^"]*)"', text)
    assert address
    history = unescape(many.text(address[1]))
    assert "2 cases have it" in history
    assert history.index("/cases/november") < history.index("/cases/september")
    assert many.client.get("/find/history?kind=title&q=arena+sport+1+hd").status_code == 400


def test_a_search_ends_in_its_time(many: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from cautery.adapters import across_lists

    titles = [appeared(n, f"Premium {n}", "one.example", NOVEMBER) for n in range(3_000)]
    add(many.desk.cases.folder / "november", titles, NOVEMBER)
    look(many)
    began = time.process_time()
    page = find_view(
        many.desk.gathering, Whose(regime=Regime.GDPR), Words(text="premium", limit=100)
    )
    assert time.process_time() - began < 0.5
    assert (page.found, len(page.things)) == (3_000, 100)
    monkeypatch.setattr(across_lists, "LONGEST_S", -1.0)
    assert not find_view(
        many.desk.gathering, Whose(regime=Regime.GDPR), Words(text="premium nothing")
    ).things
