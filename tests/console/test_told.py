"""The page of what partners told a case: marked, evaluated, narrowed to a host, and never all of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.exchange import plain
from tests.exchange.packages import AMBER

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.exchange.shape import Reading
from cautery.model import Lever, Marking
from cautery.model.exchange import Item, ItemKind, Package
from cautery.model.marking import Pap, Tlp
from cautery.model.operation import LedCategory
from cautery.model.records import Evaluated
from cautery.workflows.case.open import open_case
from cautery.workflows.exchange.reading import ReadFile
from cautery.workflows.exchange.take_in import take_in

from .conftest import MADE, Room

HOSTILE = "\"><script>alert(1)</script>'\u202e"
TOLD = "/cases/cup+night-2/told"
RED = Marking(tlp=Tlp.RED, pap=Pap.RED)
AT = MADE.END


def told_package() -> Package:
    one = partial(Item, by="liga", marking=AMBER, at=AT)
    block = partial(
        one, kind=ItemKind.BLOCK, lever=Lever.NAME, order="AGCOM 17", territory="IT",
        valid_from=AT - timedelta(hours=2),
    )  # fmt: skip
    return Package(
        id="liga-1", name="Blocks of the week", by="liga", made_at=AT, marking=RED,
        items=(
            block(id="edge-1.goals.example", valid_until=AT + timedelta(hours=9)),
            block(id="old.goals.example", valid_until=AT),
            block(id="free.example", valid_until=AT + timedelta(hours=9), revoked=True),
            one(kind=ItemKind.HOST, id="goals.example", role=HOSTILE, country="NL"),
            one(kind=ItemKind.RESELLER, id="anna@goals.example"),
            one(kind=ItemKind.STREAM, id="http://tv.goals.example:80/live/bob/hunter2/1.ts"),
            one(kind=ItemKind.HOST, id="secret.example", marking=RED),
            one(kind=ItemKind.PERSON, id="P-heron", category=LedCategory.SUSPECT),
        ),
    )  # fmt: skip


def tell(cases: Path, package: Package, source: str) -> None:
    store = FolderStore(KeyFolder(cases.parent / "keys"), patience_s=0.1)
    case = open_case(cases / "cup" / "night-2", store=store, clock=FixedClock(AT))
    raw = b"".join(plain.FORMAT.write(package))
    read = ReadFile(file="f", raw=raw, format=plain.FORMAT, reading=Reading(package=package))
    take_in(case, read, source=source, evaluation=Evaluated(source="B", accuracy=2))
    case.leave()


@pytest.fixture(scope="module")
def told_cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from .conftest import made_cases

    cases = made_cases(tmp_path_factory.mktemp("told"))
    tell(cases, told_package(), "Liga " + HOSTILE[:-1])
    other = Item(
        kind=ItemKind.HOST, id="goals.example", by="liga", marking=AMBER, at=AT, country="FR"
    )
    again = Package(id="x", name="x", by="liga", made_at=AT, marking=AMBER, items=(other,))
    tell(cases, again, "Other")
    return cases


@pytest.fixture
def room(told_cases: Path, room_at: Callable[..., Room]) -> Room:
    return room_at(told_cases)


def test_the_page_shows_what_stands_with_marking_evaluation_and_state(room: Room) -> None:
    page = room.text(TOLD)

    assert "What partners tell is not evidence" in page
    for shown in (
        "edge-1.goals.example",
        "TLP:AMBER PAP:AMBER",
        "B2",
        "revoked",
        "ended",
        "stands",
    ):
        assert shown in page
    assert page.count('class="quiet">not shown</span>') == 2
    assert "1 contradiction in what Other told" in page


def test_nothing_under_red_no_person_and_no_secret_is_on_it(room: Room) -> None:
    page = room.text(TOLD)

    for secret in ("secret.example", "heron", "hunter2", "anna@"):
        assert secret not in page


def test_words_of_strangers_do_nothing(room: Room) -> None:
    page = room.text(TOLD)

    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_it_is_narrowed_to_a_host_and_to_a_partner(room: Room) -> None:
    about = room.text(TOLD, params={"about": "goals.example"})
    assert "old.goals.example" in about
    assert "free.example" not in about
    other = room.text(TOLD, params={"source": "Other"})
    assert "edge-1.goals.example" not in other
    nothing = room.text(TOLD, params={"about": "<script>alert(1)</script>"})
    assert "Nothing of that was told." in nothing
    assert "<script>alert" not in nothing


def test_a_case_that_nobody_told_anything_has_no_such_page(room: Room) -> None:
    assert "No file of a partner" in room.text("/cases/night-1/told", status=404)
    assert "/told" not in room.text("/cases/night-1")
    assert f'href="{TOLD}"' in room.text("/cases/cup+night-2").replace("cup%2Bnight", "cup+night")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "Dit par des partenaires"),
        ("it", "Riferito dai partner"),
        ("es", "Comunicado por socios"),
    ],
)
def test_it_speaks_the_language_of_who_asks(room: Room, language: str, said: str) -> None:
    page = room.text(TOLD, headers={"accept-language": language})

    assert said in page
    assert "What stands" not in page


def test_the_records_page_shows_the_import(room: Room, told_cases: Path) -> None:
    assert "exchange.imported" in room.text("/cases/cup+night-2")


@pytest.mark.browser
def test_it_can_be_read_and_used_in_a_browser(browser: Any, told_cases: Path) -> None:
    from .test_room_in_a_browser import AXE, serving, violations

    with serving(told_cases) as address:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_init_script(path=AXE)
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("h1")
        page.goto(address.split("/?", maxsplit=1)[0] + TOLD)
        found = violations(page)
        page.get_by_label("About host").fill("goals.example")
        page.get_by_role("button", name="Show").click()
        page.wait_for_selector("text=old.goals.example")
        narrowed = violations(page)
        context.close()
    assert (found, narrowed) == ([], [])
