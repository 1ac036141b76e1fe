"""A line of custody is bound to a key; whom the mandate names for the key is shown beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cautery.adapters.custody_file import add_to_custody, custody_path
from cautery.adapters.person_keys import create_approver, load_approver
from cautery.evidence.custody import CustodyAct, read_line, stated

from .conftest import Ran
from .notice_case import NOW, Watched


def opened(case: Watched, *, by: str, key: Path | None, at: datetime = NOW) -> None:
    add_to_custody(
        case.path,
        lambda chain: stated(
            at=at,
            act=CustodyAct.OPENED,
            by=by,
            why="to look",
            what="x",
            digest="sha256:" + "0" * 64,
            previous=chain[-1].id if chain else "",
            key=None if key is None else load_approver(key),
        ),
    )


def test_a_key_of_the_mandate_is_shown_with_its_person_whatever_name_stands_in_the_line(
    cautery: Callable[..., Ran], proven_case: Watched
) -> None:
    create_approver(proven_case.folder / "clerk.pem")
    opened(proven_case, by="anna", key=proven_case.key("anna"))
    opened(proven_case, by="Somebody Else", key=proven_case.key("bert"))
    opened(proven_case, by="anna", key=proven_case.folder / "clerk.pem")
    opened(proven_case, by="anna", key=None)
    shown = cautery("custody", "list", proven_case.path)
    assert shown.code == 0, shown.err
    head, *rows = (row.split("\t") for row in shown.out.splitlines())
    assert head[-1] == "whom the mandate names for it"
    people = ["anna (legal), approver", "bert (legal), approver", "", ""]
    assert [row[-1] for row in rows] == people
    lines = cautery("custody", "list", proven_case.path, "--json").out.splitlines()
    named = [json.loads(line)["key_named_as"] for line in lines]
    assert named == [[words] if words else [] for words in people]


def test_a_chain_beside_what_is_no_case_names_nobody(
    cautery: Callable[..., Ran], proven_case: Watched, tmp_path: Path
) -> None:
    other = Watched(tmp_path / "other", proven_case.folder)
    other.path.mkdir()
    opened(other, by="anna", key=proven_case.key("anna"))
    shown = cautery("custody", "list", other.path)
    assert (shown.code, "approver" in shown.out) == (0, False)


def test_lines_that_no_signature_covers_and_times_that_cannot_be_right_are_told(
    cautery: Callable[..., Ran], proven_case: Watched
) -> None:
    for by, key in (("anna", None), ("bert", proven_case.key("bert")), ("anna", None)):
        opened(proven_case, by=by, key=key, at=datetime.now(UTC))
    path = custody_path(proven_case.path)
    *kept, last = path.read_bytes().splitlines(keepends=True)
    forged = replace(read_line(last.rstrip(b"\n")), at="2020-01-01T00:00:00Z", by="Somebody Else")
    path.write_bytes(b"".join(kept) + forged.text() + b"\n")
    shown = cautery("custody", "list", proven_case.path, "--json")
    lines = [json.loads(line) for line in shown.out.splitlines()]
    assert [line["covered"] for line in lines] == [True, True, False]
    assert [line["remark"] for line in lines] == ["", "", "before the case was opened"]
    assert "1 of 3 lines, the newest ones, are under no signature" in shown.err
    table = cautery("custody", "list", proven_case.path).out
    assert "before the case was opened" in table
    opened(proven_case, by="bert", key=proven_case.key("bert"))
    assert "under no signature" not in cautery("custody", "list", proven_case.path).err


def test_a_chain_that_a_stranger_wrote_anew_and_signed_is_under_no_signature_of_the_mandate(
    cautery: Callable[..., Ran], proven_case: Watched
) -> None:
    opened(proven_case, by="anna", key=proven_case.key("anna"))
    create_approver(proven_case.folder / "stranger.pem")
    custody_path(proven_case.path).unlink()
    opened(proven_case, by="anna", key=None)
    opened(proven_case, by="anna", key=proven_case.folder / "stranger.pem")
    opened(proven_case, by="anna", key=None)
    shown = cautery("custody", "list", proven_case.path)
    head, *rows = (row.split("\t") for row in shown.out.splitlines())
    place = head.index("under a signature")
    assert [row[place] for row in rows] == ["a stranger's", "a stranger's", "no"]
    assert "3 of 3 lines, the newest ones, are under no signature by a key" in shown.err
    lines = cautery("custody", "list", proven_case.path, "--json").out.splitlines()
    assert [json.loads(line)["covered"] for line in lines] == [False] * 3
