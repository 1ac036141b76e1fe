"""The pages of an operation, of its persons and of a season, in Debian's Chromium."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from tests.console.operations import CASE, Joint
from tests.console.seasons import board as season_board
from tests.console.test_room_in_a_browser import AXE, _first_visit, _people, serving, violations

from cautery.model import Marking, Pap, Person, StatementKind, Tlp, to_json
from cautery.model.operation import LedCategory
from cautery.model.records import Outcome, PaperKind, PersonOutcome
from cautery.wiring.season import season_folder, seasons_folder
from cautery.workflows.operation.afterwards import PersonFile
from cautery.workflows.operation.outcomes import record_outcome
from cautery.workflows.operation.papers import register_paper
from cautery.workflows.operation.persons import pseudonym_at, register_person

pytestmark = pytest.mark.browser
PLACE = f"/operations/{CASE}"
PAGES = (
    "/operations",
    PLACE,
    f"{PLACE}/picture",
    f"{PLACE}/deconfliction",
    f"{PLACE}/board",
    f"{PLACE}/exhibits",
    f"{PLACE}/labels?skip=2",
    f"{PLACE}/money",
    f"{PLACE}/signal",
    f"/cases/{CASE}/persons",
    "/askings",
    "/season",
)
LINKED = {f"{PLACE}/board": "main th a", f"{PLACE}/exhibits": "main th a"}
"""Pages of a list, and what leads from them to the page of one row."""


def made(folder: Path) -> Joint:
    """Make an operation whose day begins soon, with exhibits, a person and a season beside it."""
    at = datetime.now(UTC).replace(microsecond=0)
    joint = Joint(folder, at).began().planned().seized().took_over()
    rome = joint.desk()
    person = Person(
        pseudonym=pseudonym_at(rome, "Assunta Quaglia"),
        category=LedCategory.SUSPECT,
        kind=StatementKind.ASSESSMENT,
        role="super reseller",
        marking=Marking(tlp=Tlp.AMBER, pap=Pap.RED),
        review_at=at.date() + timedelta(90),
        erase_at=at.date() + timedelta(400),
        country="IT",
    )
    register_person(rome, "Assunta Quaglia", person, at=at)
    file = PersonFile.of(rome)
    register_paper(
        file, kind=PaperKind.FORM, title="Request 7 to the bank of the storefront", paper="sha256:1",
        persons={person.pseudonym}, to={"a bank with a long name, Rome"}, by="officer 77",
        why="request", at=at,
    )  # fmt: skip
    decided = PersonOutcome(
        pseudonym=person.pseudonym, outcome=Outcome.CHARGED, on=at.date(),
        court="Tribunale ordinario di Roma", reference="RGNR 1234/2026", by="officer 77",
        why="indictment",
    )  # fmt: skip
    record_outcome(file, decided, at=at)
    rome.leave()
    place = season_folder(seasons_folder(joint.cases), "league-md34")
    place.mkdir(parents=True)
    (place / "season.json").write_text(json.dumps(to_json(season_board(at))))
    return joint


@contextmanager
def operation_room(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Serve such an operation to an analyst and a commander; yield its address and their words."""
    joint = made(folder)
    words = {
        role: _people(folder, "add", role, "--role", role, "--all-cases")
        for role in ("analyst", "commander")
    }
    options = ("--people", str(folder / "people"), "--keys", str(folder / "keys"))
    with serving(joint.cases, *options) as start:
        yield start.rstrip("/"), words


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any]]:
    """The address of a room, and the cookies of an analyst in it."""
    with operation_room(tmp_path_factory.mktemp("operation")) as (address, words):
        yield address, words


@pytest.fixture(scope="module")
def cookies(browser: Any, room: tuple[str, dict[str, str]]) -> list[Any]:
    """What the browser of an analyst has, who has asked for a person."""
    address, words = room
    context = browser.new_context()
    page = context.new_page()
    _first_visit(page, address, "analyst", words["analyst"])
    page.goto(f"{address}/askings")
    for field, text in (("name", "Assunta Quaglia"), ("why", "warrant 3 of the court")):
        page.fill(f"[name={field}]", text)
    page.check("[value=led]")
    page.click("main button.act")
    page.wait_for_selector("main table.askings")
    kept: list[Any] = context.cookies()
    context.close()
    return kept


@pytest.fixture
def visitor(
    browser: Any, room: tuple[str, dict[str, str]], cookies: list[Any]
) -> Iterator[Callable[..., Any]]:
    """Open a browser of the analyst; nothing may fail on its pages."""
    opened = []

    def visits(**how: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **how})
        context.add_init_script(path=AXE)
        context.add_cookies(cookies)
        page = context.new_page()
        page.root, page.faults = room[0], []
        page.on("console", lambda said: said.type == "error" and page.faults.append(said.text))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        opened.append(page)
        return page

    yield visits
    for page in opened:
        assert page.faults == []
        page.context.close()


def all_pages(page: Any) -> Iterator[str]:
    """Open each page, and the page of a row where it has one; yield its address."""
    for path in PAGES:
        page.goto(page.root + path)
        yield path
        if path in LINKED:
            page.goto(page.root + page.get_attribute(f"{LINKED[path]} >> nth=0", "href"))
            yield f"{path}/…"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_of_an_operation_is_hard_to_read_or_to_use(
    visitor: Callable[..., Any], theme: str
) -> None:
    page = visitor(color_scheme=theme)
    found = {path: violations(page) for path in all_pages(page)}
    assert found == {path: [] for path in found}
    assert len(found) == len(PAGES) + len(LINKED)


@pytest.mark.parametrize("language", ["en", "fr", "it", "es"])
def test_each_page_of_an_operation_fits_a_telephone_in_each_language(
    visitor: Callable[..., Any], language: str
) -> None:
    page = visitor(locale=language, is_mobile=True, viewport={"width": 390, "height": 800})
    for path in all_pages(page):
        assert page.get_attribute("html", "lang") == language, path
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_labels_are_printed_alone_at_the_size_of_their_stickers_and_their_codes_can_be_read(
    visitor: Callable[..., Any],
) -> None:
    page = visitor(color_scheme="dark", device_scale_factor=2)
    page.goto(f"{page.root}{PLACE}/labels?skip=2")
    codes = page.locator(".code").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert len(codes) == 5
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    assert {code.text for code in zxingcpp.read_barcodes(picture)} == set(codes)
    page.emulate_media(media="print")
    for hidden in (".top", ".ribbon", ".context", "main form", "footer"):
        assert not page.is_visible(hidden), hidden
    boxes = [sticker.bounding_box() for sticker in page.locator(".stickers li").all()]
    mm = 96 / 25.4  # CSS pixels
    assert len(boxes) == 7
    for place, box in enumerate(boxes):
        down, across = divmod(place, 3)
        assert (box["width"] / mm, box["height"] / mm) == pytest.approx((63.5, 38.1), abs=0.1)
        at = (box["x"] - boxes[0]["x"]) / mm, (box["y"] - boxes[0]["y"]) / mm
        assert at == pytest.approx((63.5 * across, 38.1 * down), abs=0.2)
