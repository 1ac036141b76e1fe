"""A seizure page stands only for what was taken over, and names only what a person may name."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.workflows.operation.seizures import (
    AMBER,
    NOON,
    said,
    seize,
    seize_domain,
    take_down,
)

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.drawing.formatting import DASH
from cautery.errors import InputError
from cautery.messages import languages
from cautery.model import (
    CustodyAct,
    CustodyEntry,
    ExhibitKind,
    Operation,
    Regime,
    StatementKind,
)
from cautery.pages.public.render import LANGUAGES
from cautery.pages.seizure import own_texts
from cautery.workflows.case.open import open_case
from cautery.workflows.operation.desk import Desk, open_desk
from cautery.workflows.operation.register_exhibits import correct_exhibit, move_exhibit
from cautery.workflows.operation.seizure_site import EXAMPLE, Choice, Site, seizure_site
from cautery.workflows.operation.seizure_site.offers import SiteList, site_list
from cautery.workflows.operation.share import add_statements, correct

Desks = Callable[..., Desk]
CHOICE = Choice(agencies=("nl-fiod", "it-postal"), languages=("en", "fr", "it", "es"))


def listed(more: str = "", **changes: str) -> SiteList:
    text = EXAMPLE
    for old, new in changes.items():
        assert old.replace("_", " ") in text, old
        text = text.replace(old.replace("_", " "), new)
    return site_list((text + more).encode(), where="offers.toml")


def made(desk: Desk, offers: SiteList | None = None, **more: Any) -> Site:
    return seizure_site(desk, offers or listed(), replace(CHOICE, **more), made_at=NOON)


def test_there_is_a_page_in_each_language_and_a_zone_for_each_domain(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "one.example")
    seize_domain(rome, "two.example", "IT-0002")
    site = made(rome)
    assert {name for name in site.files if name.startswith("site/")} == {
        "site/index.html", "site/en.html", "site/fr.html", "site/it.html", "site/es.html",
    }  # fmt: skip
    assert site.files["site/index.html"] == site.files["site/en.html"]
    assert b'"one.example"' in site.files["dns/named.conf"]
    assert b"domain: two.example" in site.files["dns/knot.conf"]
    for server in ("nginx.conf", "Caddyfile", "apache.conf"):
        assert b"*.two.example" in site.files[f"servers/{server}"]
    assert {*LANGUAGES} == {*languages()}


def test_the_page_says_what_the_record_says_and_names_the_chosen_agencies_alone(
    agency_desk: Desks,
) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "one.example")
    page = made(rome).files["site/en.html"].decode()
    assert "24 November 2026" in page
    assert "a court&#39;s order" in page
    assert "nl-fiod" in page
    assert "bg-gdbop" not in page
    assert "eurojust" not in page
    assert "one.example" not in page  # a list of names of pirate services helps nobody


def test_several_days_of_taking_over_are_a_span(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "one.example", seized_at=NOON - timedelta(days=2))
    seize_domain(rome, "two.example", "IT-0002")
    assert f"22 November 2026 {DASH} 24 November 2026" in made(rome).files["site/en.html"].decode()


def test_an_operation_without_a_seizure_has_no_page(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    seize(rome, "IT-0009", ExhibitKind.SERVER)
    with pytest.raises(InputError, match="no domain and no panel was taken over"):
        made(rome)


@pytest.mark.parametrize(
    "other",
    [
        "panel:Panel.one.example",
        "panel:panel.one.example.",
        "host:panel.one.example",
        "domain:PANEL.one.example",
        "url:http://panel.one.example:8080/x",
    ],
)
def test_a_panel_is_withheld_however_another_statement_calls_it(
    agency_desk: Desks, other: str
) -> None:
    rome = agency_desk("it-postal")
    panel = said("panel:panel.one.example", details={"role": "panel"})
    add_statements(rome, [panel, said(other, marking=AMBER, text="a partner watches it")])
    seize_domain(rome, "two.example")
    take_down(rome, "panel:panel.one.example")
    site = made(rome)
    assert (site.seizures.hosts, site.withheld) == (("two.example",), (("panels", 1),))


def test_a_domain_that_was_given_back_has_no_page(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "one.example")
    seize_domain(rome, "two.example", "IT-0002")
    returned = CustodyEntry(
        number="IT-0001",
        giver="it-postal/4471",
        taker="the owner",
        at=NOON + timedelta(hours=1),
        place="court",
        reason="taken by mistake",
        seal="SEAL-IT-0001",
        act=CustodyAct.RETURNED,
    )
    move_exhibit(rome, returned)
    assert [domain.name for domain in made(rome).seizures.domains] == ["two.example"]


def test_a_corrected_domain_is_the_one_that_holds_now(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "wrong.example")
    correct_exhibit(
        rome,
        "IT-0001",
        {"details": {"name": "right.example", "measure": "splash-page"}},
        reason="a slip",
        by="exhibits officer",
    )
    assert made(rome).seizures.hosts == ("right.example",)


def panel(host: str, **more: Any) -> Any:
    return said(f"host:{host}", details={"role": "panel", "country": "IT"}, **more)


def test_a_panel_that_a_done_step_took_down_is_served_too(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    add_statements(rome, [panel("panel.example")])
    take_down(rome, "host:panel.example")
    site = made(rome)
    assert site.seizures.hosts == ("panel.example",)
    assert b"panel.example" in site.files["servers/nginx.conf"]
    assert not [name for name in site.files if name.startswith("dns/")]  # its domain is not ours


def test_a_panel_that_not_everybody_may_know_of_is_withheld_until_a_person_releases_it(
    agency_desk: Desks,
) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "one.example")
    add_statements(rome, [panel("panel.example", marking=AMBER)])
    take_down(rome, "host:panel.example")
    site = made(rome)
    assert site.withheld == (("panels", 1),)
    assert not [name for name, text in site.files.items() if b"panel.example" in text]
    assert made(rome, panels=("panel.example",)).seizures.hosts == ("one.example", "panel.example")
    with pytest.raises(InputError, match=r"'other\.example' is not a panel"):
        made(rome, panels=("other.example",))


def brand(name: str, **more: Any) -> Any:
    return said("service:x", "service", details={"brand": name}, **more)


def test_brands_that_are_facts_for_everybody_are_named_and_the_others_counted(
    agency_desk: Desks,
) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "one.example")
    add_statements(rome, [brand("Open TV"), brand("Hidden TV", marking=AMBER)])
    add_statements(rome, [brand("Guess TV", kind=StatementKind.ASSESSMENT)])
    site = made(rome)
    assert site.brands == ("Open TV",)
    assert site.withheld == (("brands", 1),)
    written = b"".join(site.files.values())
    assert b"Open TV" in written
    assert b"Hidden TV" not in written
    assert b"Guess TV" not in written


def test_a_brand_that_may_not_be_named_says_why(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "one.example")
    old, *_ = add_statements(
        rome,
        [
            brand("Old TV"),
            brand("Hidden TV", marking=AMBER),
            brand("Guess TV", kind=StatementKind.ASSESSMENT),
        ],
    )
    correct(rome, old.id, text="it was another", at=NOON, withdrawn=True)
    for name, why in {
        "Old TV": "corrected or withdrawn|was withdrawn",
        "Hidden TV": "its marking does not allow",
        "Guess TV": "an assessment, not a fact",
        "No TV": "no statement of this case says so",
    }.items():
        with pytest.raises(InputError, match=f"brand '{name}': .*({why})"):
            made(rome, brands=(name,))


@pytest.mark.parametrize(
    ("agencies", "words"),
    [
        ((), "no agency is named"),
        (("europol",), "'europol' is not an agency at the table"),
        (("league",), "only industry is named"),
    ],
)
def test_agencies_that_cannot_stand_on_a_page_are_refused(
    agency_desk: Desks, agencies: tuple[str, ...], words: str
) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "one.example")
    with pytest.raises(InputError, match=words):
        made(rome, agencies=agencies)


@pytest.mark.parametrize("code", ["de", "xx", ""])
def test_a_language_without_texts_is_refused(agency_desk: Desks, code: str) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "one.example")
    with pytest.raises(InputError, match="the page has no texts in language"):
        made(rome, languages=(code,) if code else ())


def language(code: str, name: str) -> str:
    texts = "\n".join(f"{key} = '''{text}'''" for key, text in asdict(own_texts()).items())
    countries = 'IT = "I"\nFR = "F"\nNL = "N"'
    return (
        f'[[language]]\ncode = "{code}"\nname = "{name}"\n'
        f"[language.countries]\n{countries}\n[language.texts]\n{texts}\n"
    )


def test_a_further_language_comes_with_the_users_list(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "one.example")
    offers = listed(language("ro", "română"))
    site = made(rome, offers, languages=("ro", "en"))
    page = site.files["site/ro.html"].decode()
    assert '<html lang="ro" dir="ltr"' in page
    assert "2026-11-24" in page  # Cautery has no names of months in this language
    assert "<bdi>română</bdi>" in page


def test_a_further_language_without_a_countrys_name_is_refused(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "one.example")
    offers = listed(language("ro", "română").replace('NL = "N"', ""))
    with pytest.raises(InputError, match="language ro: no name for country NL"):
        made(rome, offers, languages=("ro",))


@pytest.mark.parametrize("name", ["ערוץ 9", "قناة", "Example \u200f TV"])
def test_right_to_left_letters_are_refused_on_pages_that_are_not_written_so(
    agency_desk: Desks, name: str
) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "one.example")
    words = "right-to-left letters|turn the direction"
    with pytest.raises(InputError, match=words):
        made(rome, listed(Example_Sport=name))


def test_right_to_left_names_are_at_home_on_a_page_that_has_such_a_language(
    agency_desk: Desks,
) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "one.example")
    offers = listed(language("he", "עברית"), Example_Sport="ערוץ 9")
    site = made(rome, offers, languages=("he", "en"))
    assert '<html lang="he" dir="rtl"' in site.files["site/he.html"].decode()
    assert "<bdi>ערוץ 9</bdi>" in site.files["site/en.html"].decode()


def test_no_page_leads_back_to_what_was_taken_over(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "sport.example")
    with pytest.raises(InputError, match=r"sport\.example was taken over"):
        made(rome)


def chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content)) + name + content
        + struct.pack(">I", zlib.crc32(name + content))
    )  # fmt: skip


PNG = b"\x89PNG\r\n\x1a\n" + b"".join(
    (
        chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
        chunk(b"tEXt", b"Author\0Assunta Quaglia"),
        chunk(b"IDAT", zlib.compress(b"\0\0\0\0")),
        chunk(b"IEND", b""),
    )
)


def test_a_logo_is_shown_only_if_it_is_given_and_loses_its_notes(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "one.example")
    assert "<img" not in made(rome).files["site/en.html"].decode()
    site = made(rome, logos={"nl-fiod": PNG})
    assert '<img src="logo-nl-fiod.png" alt=""' in site.files["site/en.html"].decode()
    logo = site.files["site/logo-nl-fiod.png"]
    assert b"Assunta" not in logo
    assert logo.startswith(PNG[:8])
    assert logo.endswith(PNG[-12:])


@pytest.mark.parametrize(
    ("agency", "raw", "words"),
    [
        ("bg-gdbop", PNG, "does not name this agency"),
        ("nl-fiod", b"<svg onload='alert(1)'/>", "not a PNG"),
        ("nl-fiod", PNG[:-12], "cut off"),
        ("nl-fiod", PNG[:8] + chunk(b"IHDR", bytes(13)), "at most 4000"),
        ("nl-fiod", PNG + bytes(500_000), "at most 500,000 bytes"),
    ],
)
def test_a_logo_that_cannot_stand_there_is_refused(
    agency_desk: Desks, agency: str, raw: bytes, words: str
) -> None:
    rome = agency_desk("it-postal")
    seize_domain(rome, "one.example")
    with pytest.raises(InputError, match=words):
        made(rome, logos={agency: raw})


def test_a_case_of_a_private_party_has_no_seizure_page(tmp_path: Path) -> None:
    store = FolderStore(KeyFolder(tmp_path / "keys"))
    clock = FixedClock(NOON)
    open_case(tmp_path / "watch", store=store, clock=clock, regime=Regime.GDPR).leave()
    with pytest.raises(InputError, match="does not belong to an operation") as raised:
        open_desk(tmp_path / "watch", store=FolderStore(), clock=clock, read_only=True)
    assert "regime led" in raised.value.hint


def test_the_page_of_a_real_operation_has_no_stamp_and_nothing_of_the_example(
    tmp_path: Path, agency_table: Operation
) -> None:
    rome = open_desk(
        tmp_path / "real",
        store=FolderStore(KeyFolder(tmp_path / "keys")),
        clock=FixedClock(NOON),
        operation=replace(agency_table, lab=False),
        agency="it-postal",
    )
    seize_domain(rome, "one.example")
    with pytest.raises(InputError, match=r"sport\.example is for examples alone"):
        made(rome)
    real = EXAMPLE.replace(".example", ".example.org").replace("192.0.2.80", "193.0.6.139")
    with pytest.raises(InputError, match="2001:db8::80 is for examples alone"):
        made(rome, site_list(real.encode(), where="o"))
    real = real.replace("2001:db8::80", "2001:67c:2e8:22::c100:68b")
    page = made(rome, site_list(real.encode(), where="o")).files["site/en.html"].decode()
    assert "LAB" not in page
    rome.leave()
