"""Mandates and seasons that commands have passkeys sign in the room, from the command to its end."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.console.acts import PEOPLE
from tests.console.test_acting import AT, Acting, acting  # noqa: F401 - a fixture
from tests.console.test_requests import link_of, sign, store_of, telephone
from typer.testing import CliRunner

from cautery.act.four_words import four_words
from cautery.cli import app
from cautery.errors import ApprovalError, InputError
from cautery.model.room import RoomRole

MANDATE = """\
[mandate]
id = "league"
who = "League <i>Nord</i>"
regime = "gdpr"
legal_basis = "rights"
start = {start}
end = {end}
territories = ["FR"]

[[event]]
id = "e"
name = "Home v Away"
kick_off = {start}

[[channel]]
id = "c"
names = ["Sport 1"]
event = "e"

[[source]]
url = "http://panel.example/"
kind = "xtream"
access = "test-purchase"
receipt = "no. 7"
username = "u"
password = "guess-me"
"""


@pytest.fixture
def mandate(acting: Acting) -> Path:  # noqa: F811
    path, now = acting.room.people.folder.parent / "league.toml", datetime.now(UTC)
    start, end = (f"{now + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}" for hours in (-1, 3))
    path.write_text(MANDATE.format(start=start, end=end))
    return path


def cautery(acting: Acting, *words: object) -> Any:  # noqa: F811
    folder = acting.room.people.folder
    where = ("--people", folder, "--keys", folder.parent / "keys-of-people")
    return CliRunner().invoke(app, [*map(str, words), *map(str, where)])


def test_two_people_sign_a_mandate_in_the_room_and_check_says_so(
    acting: Acting,  # noqa: F811
    mandate: Path,
) -> None:
    people: dict[str, tuple[str, Any]] = {
        "M. Head": ("commander", acting.browser),
        "N. Deputy": ("deputy", acting.deputy),
    }
    for (name, (login, browser)), device in zip(
        people.items(), acting.devices.values(), strict=True
    ):
        sign_it = ("mandate", "sign", mandate, "--name", name, "--role", "head", "--account", login)
        waits = cautery(acting, *sign_it)
        assert isinstance(waits.exception, ApprovalError)
        [request] = store_of(acting).all()
        assert four_words(request.digest) in waits.exception.hint
        first = browser()
        page = first.get(f"/requests/{request.id}").text
        for words in ("League &lt;i&gt;Nord", "Home v Away", name, four_words(request.digest)):
            assert words in page
        for secret in ("guess-me", request.kept):
            assert secret not in page
        other = acting.room.browser(at=AT, agent="Telephone")
        assert acting.room.login(other, login).status_code == 303
        assert sign(acting, other, link_of(acting, first, request), device).status_code == 303
        done = cautery(acting, *sign_it)
        assert done.exit_code == 0, done.output
        assert f"{name} has signed" in done.stderr
        assert not store_of(acting).all()
    handed = [
        cautery(acting, "people", "approver", login, "--as", name, "--role", "head", "--signer")
        for name, (login, _) in people.items()
    ]
    signers = mandate.with_name("signers.toml")
    signers.write_text("".join(each.stdout for each in handed))
    checked = CliRunner().invoke(app, ["mandate", "check", str(mandate), "--signers", str(signers)])
    assert checked.exit_code == 0, checked.output
    assert "their keys are known from outside" in checked.stdout


def test_a_mandate_that_changed_while_it_waited_is_asked_for_anew(
    acting: Acting,  # noqa: F811
    mandate: Path,
) -> None:
    sign_it = ("mandate", "sign", mandate, "--name", "M.", "--role", "x", "--account", "commander")
    cautery(acting, *sign_it)
    [request] = store_of(acting).all()
    store_of(acting).answer(request.id, acting.devices[PEOPLE[0]].signature(request.text.encode()))
    mandate.write_text(mandate.read_text().replace("Home v Away", "Home v Here"))
    assert isinstance(cautery(acting, *sign_it).exception, ApprovalError)
    assert len(store_of(acting).all()) == 2
    assert not mandate.with_name("league.toml.signatures").exists()


@pytest.mark.parametrize(
    "forge",
    [
        lambda request: {"shown": request.shown.replace("Nord", "Sued")},
        lambda request: {"shown": ""},
        lambda request: {"person": "N. Deputy"},
        lambda request: {"text": request.text.replace("mandate-signature/1", "approval/2")},
        lambda request: {"text": "[]"},
        lambda request: {"text": '{"type":"cautery/approval/2",' + request.text[1:]},
    ],
    ids=["other terms", "no terms", "another person", "another kind", "no object", "two kinds"],
)
def test_terms_that_the_text_does_not_have_the_digest_of_are_not_shown(
    acting: Acting,  # noqa: F811
    mandate: Path,
    forge: Any,
) -> None:
    cautery(
        acting,
        *("mandate", "sign", mandate, "--name", "M.", "--role", "x", "--account", "commander"),
    )
    [request] = store_of(acting).all()
    store_of(acting).drop(request.id)
    store_of(acting).add(replace(request, **forge(request)))
    page = acting.browser().get(f"/requests/{request.id}")
    assert "it is not shown" in page.text
    assert "League" not in page.text


def test_a_passkey_that_was_taken_away_signs_no_mandate_that_it_answered(
    acting: Acting,  # noqa: F811
    mandate: Path,
) -> None:
    sign_it = ("mandate", "sign", mandate, "--name", "M.", "--role", "x", "--account", "commander")
    cautery(acting, *sign_it)
    [request] = store_of(acting).all()
    device = acting.devices[PEOPLE[0]]
    store_of(acting).answer(request.id, device.signature(request.text.encode()))
    acting.room.people.passkeys.drop(acting.room.accounts[RoomRole.COMMANDER], device.credential)
    assert isinstance(cautery(acting, *sign_it).exception, InputError)
    assert not mandate.with_name("league.toml.signatures").exists()


@pytest.fixture
def season(acting: Acting, mandate: Path) -> Path:  # noqa: F811
    """A mandate with a calendar of two fixtures and one approver, who has a passkey."""
    now = datetime.now(UTC)
    lines = ["BEGIN:VCALENDAR"]
    for number, name in enumerate(("Here v There", "North v <u>South</u>"), 1):
        at = now + timedelta(hours=number)
        lines += ["BEGIN:VEVENT", f"UID:md{number}", f"SUMMARY:{name}"]
        lines += [f"DTSTART:{at:%Y%m%dT%H%M%SZ}", "END:VEVENT"]
    mandate.with_name("league.ics").write_text("\r\n".join([*lines, "END:VCALENDAR", ""]))
    device = acting.devices[PEOPLE[0]]
    mandate.write_text(
        mandate.read_text()
        + '[[fixtures]]\npath = "league.ics"\n'
        + f'[[approver]]\nname = "{PEOPLE[0]}"\nrole = "x"\npublic_key = "{device.text}"\n'
    )
    return mandate


def rows_of(mandate: Path) -> dict[str, dict[str, Any]]:
    shown = CliRunner().invoke(
        app, ["season", "show", str(mandate), "--cases", str(mandate.parent), "--json"]
    )
    rows = [json.loads(line) for line in shown.stdout.splitlines()]
    return {row["fixture"]["name"]: row for row in rows}


def approving(season: Path, acting: Acting) -> list[str]:  # noqa: F811
    where = ("--cases", season.parent, "--people", acting.room.people.folder)
    return ["season", "approve", str(season), "--as", PEOPLE[0], *map(str, where)]


def test_an_approver_lets_fixtures_of_a_season_in_by_one_signature_in_the_room(
    acting: Acting,  # noqa: F811
    season: Path,
) -> None:
    approve = approving(season, acting)
    assert isinstance(CliRunner().invoke(app, approve).exception, ApprovalError)
    [request] = store_of(acting).all()
    first = acting.browser()
    page = first.get(f"/requests/{request.id}").text
    for words in ("Fixtures of a season", "Here v There", "North v &lt;u&gt;South", PEOPLE[0]):
        assert words in page
    device = acting.devices[PEOPLE[0]]
    assert (
        sign(acting, telephone(acting), link_of(acting, first, request), device).status_code == 303
    )
    done = CliRunner().invoke(app, approve)
    assert done.exit_code == 0, done.output
    rows = rows_of(season)
    for name in ("Here v There", "North v <u>South</u>"):
        assert rows[name]["allowed_by"] == [PEOPLE[0]]
    assert not store_of(acting).all()


def test_fixtures_that_the_text_does_not_have_the_digest_of_are_not_shown(
    acting: Acting,  # noqa: F811
    season: Path,
) -> None:
    approve = approving(season, acting)
    assert isinstance(CliRunner().invoke(app, approve).exception, ApprovalError)
    [request] = store_of(acting).all()
    forgeries: tuple[dict[str, Any], ...] = (
        {"shown": request.shown.replace("Here", "Else")},
        {"shown": "{}"},
        {"text": request.text.replace('"season"', '"0123456789abcdef"')},
        {"person": PEOPLE[1]},
    )
    for forged in forgeries:
        store_of(acting).drop(request.id)
        store_of(acting).add(replace(request, **forged))
        page = acting.browser().get(f"/requests/{request.id}").text
        assert "it is not shown" in page
        assert "North" not in page


def test_the_fixtures_of_a_mandate_are_a_second_text_for_who_signs_it(
    acting: Acting,  # noqa: F811
    season: Path,
) -> None:
    people = {"M. Head": "commander", "N. Deputy": "deputy"}
    for (name, login), device in zip(people.items(), acting.devices.values(), strict=True):
        sign_it = ("mandate", "sign", season, "--name", name, "--role", "head", "--account", login)
        for left in (2, 1, 0):
            ran = cautery(acting, *sign_it)
            waiting = [each for each in store_of(acting).all() if not each.answer]
            assert len(waiting) == left
            if left:
                assert isinstance(ran.exception, ApprovalError)
                assert not season.with_name("league.toml.fixtures").exists() or name != "M. Head"
                text = waiting[0].text.encode()
                store_of(acting).answer(waiting[0].id, device.signature(text))
        assert "and the 2 fixtures of its calendars" in ran.stderr
    rows = rows_of(season)
    assert rows["Here v There"]["allowed_by"] == [*people]
    assert rows["North v <u>South</u>"]["allowed_by"] == [*people]


def test_a_term_neither_begins_a_line_of_its_own_nor_is_cut(
    acting: Acting,  # noqa: F811
    mandate: Path,
) -> None:
    words = "x" * 30_000
    mandate.write_text(
        mandate.read_text().replace('"rights"', f'"rights\\nlab  False {words} the end"', 1)
    )
    cautery(
        acting,
        *("mandate", "sign", mandate, "--name", "M.", "--role", "x", "--account", "commander"),
    )
    [request] = store_of(acting).all()
    page = acting.browser().get(f"/requests/{request.id}").text
    assert "rights[U+000A]lab  False xxx" in page
    assert "x" * 30_000 + " the end" in page.replace("\n… ", "")


def test_an_approver_with_a_key_file_and_a_digest_of_other_fixtures_ask_no_passkey(
    acting: Acting,  # noqa: F811
    season: Path,
) -> None:
    other = [*approving(season, acting), "--digest", "sha256:" + "0" * 64]
    assert "differs from the one" in str(CliRunner().invoke(app, other).exception)
    raw = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    text = season.read_text().replace(
        acting.devices[PEOPLE[0]].text, base64.b64encode(raw).decode()
    )
    season.write_text(text)
    refused = CliRunner().invoke(app, approving(season, acting)).exception
    assert "signs with a key file" in str(refused)
    assert not store_of(acting).all()


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--account", "commander", "--key", "m.pem"),
        ("--account", "commander", "--digest", "sha256:" + "0" * 64),
        ("--account", "nobody"),
        ("--account", "analyst"),
    ],
    ids=["with nothing", "with both", "with a digest", "nobody", "no passkey"],
)
def test_a_mandate_is_signed_with_one_thing_that_there_is(
    acting: Acting,  # noqa: F811
    mandate: Path,
    words: tuple[str, ...],
) -> None:
    ran = cautery(acting, "mandate", "sign", mandate, "--name", "M.", "--role", "x", *words)
    assert isinstance(ran.exception, InputError)
    assert not store_of(acting).all()
