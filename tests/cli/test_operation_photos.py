"""``cautery operation photos`` as a person runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cautery.model.room import RoomRole
from cautery.wiring import desks
from cautery.wiring.people import people_of
from cautery.workflows.operation.register_book import register_of
from cautery.workflows.people.tray import Subject

from .conftest import Ran
from .test_operation_exhibits import OPERATION, SEARCH

PHOTO, OTHER = b"\xff\xd8\xff\xe0" + bytes(99), b"\x89PNG\r\n\x1a\n" + bytes(99)
FILE = ("--file", "--by", "exhibits officer", "--why", "of the search")


@pytest.fixture
def case(cautery: Callable[..., Ran], tmp_path: Path) -> Path:
    """A case with exhibits, and two photographs of one of them in the room's tray."""
    case = tmp_path / "cases" / "rome"
    case.parent.mkdir()
    (tmp_path / "op.toml").write_text(OPERATION)
    (tmp_path / "s.toml").write_text(SEARCH)
    for ran in (
        cautery("operation", "open", tmp_path / "op.toml", "--agency", "it-postal", "--case", case),
        cautery("operation", "exhibit", "add", case, tmp_path / "s.toml"),
    ):
        assert ran.code == 0, ran.err
    with desks.desk(case, read_only=True) as desk:
        line, key = register_of(desk)["IT-0002"], desk.opening.key
    with people_of(tmp_path / "people", new=True) as room:
        account, _ = room.accounts.make(
            "it-postal/7", [RoomRole.ANALYST], None, by="owner:0", why="the searches"
        )
        subject = Subject(
            desk=key, case="rome", number="IT-0002", exhibit=line.digest, agency="it-postal"
        )
        for photo in (PHOTO, OTHER):
            with room.tray.arriving(account, len(photo)) as arrival:
                arrival.write(photo)
                room.tray.keep(arrival, subject, account, note="the seal")
    return case


def photos(cautery: Callable[..., Ran], case: Path, *more: str) -> Ran:
    return cautery("operation", "photos", case, "--people", case.parents[1] / "people", *more)


def test_photographs_are_listed_filed_and_shown_in_the_register(
    cautery: Callable[..., Ran], case: Path
) -> None:
    listed = [json.loads(line) for line in photos(cautery, case, "--json").out.splitlines()]
    assert [(one["exhibit"], one["by"], one["note"], one["outcome"]) for one in listed] == [
        ("IT-0002", "it-postal/7", "the seal", "waits")
    ] * 2
    assert "IT-0002" in photos(cautery, case).out
    first = listed[0]["sha256"]
    only = photos(cautery, case, *FILE, "--only", first[:8], "--json")
    assert only.code == 0, only.err
    assert [json.loads(line)["outcome"] for line in only.out.splitlines()] == ["filed"]
    rest = photos(cautery, case, *FILE)
    assert (rest.code, f"{listed[1]['sha256']} filed" in rest.out + rest.err) == (0, True)
    shown = cautery("operation", "exhibit", "show", case, "IT-0002")
    for one in listed:
        assert one["sha256"] in shown.out
    assert "no photograph waits" in photos(cautery, case).err + photos(cautery, case).out


def test_what_was_swapped_is_refused_with_1_and_what_is_gone_is_named(
    cautery: Callable[..., Ran], case: Path
) -> None:
    swapped, gone = sorted((case.parents[1] / "people" / "tray").glob("*.photo"))
    swapped.write_bytes(b"\xff\xd8\xffanother one")
    gone.unlink()
    gone.with_suffix(".json").unlink()
    ran = photos(cautery, case, *FILE)
    said = ran.out + ran.err
    assert ran.code == 1
    assert f"{swapped.stem[:64]} refused: Its bytes are not those that came." in said
    assert f"{gone.stem[:64]} is missing" in said
    assert "filed" not in said.replace("nor was filed", "")


def test_a_photograph_is_rejected_with_a_reason(cautery: Callable[..., Ran], case: Path) -> None:
    first, _ = (json.loads(line) for line in photos(cautery, case, "--json").out.splitlines())
    assert photos(cautery, case, "--reject", first["sha256"]).code == 2
    done = photos(cautery, case, "--reject", first["sha256"][:8], "--why", "of another room")
    assert (done.code, "is destroyed" in done.out + done.err) == (0, True)
    assert len(photos(cautery, case, "--json").out.splitlines()) == 1


@pytest.mark.parametrize(
    "options",
    [
        ("--file", "--why", "x"),
        ("--file", "--by", "exhibits officer"),
        ("--only", "0" * 64),
        ("--by", "x"),
        (*FILE, "--reject", "0" * 64),
        (*FILE, "--only", "0" * 64),
        (*FILE, "--only", ""),
    ],
)
def test_bad_use_files_nothing(
    cautery: Callable[..., Ran], case: Path, options: tuple[str, ...]
) -> None:
    assert photos(cautery, case, *options).code == 2
    assert len(photos(cautery, case, "--json").out.splitlines()) == 2
