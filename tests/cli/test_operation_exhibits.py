"""``cautery operation exhibit`` and ``money`` as a person runs them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cautery.wiring.people import people_of

TILL = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"
OPERATION = """
[operation]
id = "op-1"
name = "Test"
regime = "led"
legal_basis = "a court's order"
opened_at = 2024-11-01T00:00:00Z
lab = true

[[agency]]
id = "it-postal"
name = "Polizia Postale"
country = "IT"
role = "lead"
competence = ["investigate", "seize"]
contact = "duty"
zone = "Europe/Rome"
"""
SEARCH = f"""
[[exhibit]]
number = "IT-0001"
kind = "wallet"
search = "S-1"
agency = "it-postal"
description = "hardware wallet"
place = "flat 7"
finder = "it-postal/4471"
seal = "SEAL-1"
seized_at = 2024-11-26T05:10:00Z
value = {{ amount = "90000", currency = "EUR" }}
valued_at = 2024-11-26T05:10:00Z
[exhibit.details]
asset = "BTC"
address = "{TILL}"
amount = "1.5"

[[exhibit]]
number = "IT-0002"
kind = "firearm"
search = "S-1"
agency = "it-postal"
description = "pistol"
place = "flat 7"
finder = "it-postal/4471"
seal = "SEAL-2"
seized_at = 2024-11-26T05:20:00Z
details = {{ class = "B", serial = "X-1" }}
"""


@pytest.fixture
def case(cautery: Callable, tmp_path: Path) -> Path:
    (tmp_path / "op.toml").write_text(OPERATION)
    (tmp_path / "s.toml").write_text(SEARCH)
    begun = cautery(
        "operation", "open", tmp_path / "op.toml", "--agency", "it-postal", "--case", tmp_path / "c"
    )
    assert begun.code == 0, begun.err
    return tmp_path / "c"


def entered(cautery: Callable, case: Path) -> None:
    ran = cautery("operation", "exhibit", "add", case, case.parent / "s.toml")
    assert ran.code == 0, ran.err


def test_a_search_is_entered_moved_corrected_and_added_up(cautery: Callable, case: Path) -> None:
    entered(cautery, case)
    moved = cautery(
        *("operation", "exhibit", "move", case, "IT-0001", "--from", "it-postal/4471"),
        *("--to", "exhibits officer", "--place", "store 2", "--reason", "kept for the court"),
    )
    paid = cautery(
        *("operation", "exhibit", "value", case, "IT-0001", "--amount", "1.4", "--fee", "0.001"),
        *("--to", "34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo", "--transfer", "f4", "--by", "it-postal/1"),
    )
    corrected = cautery(
        *("operation", "exhibit", "correct", case, "IT-0002", "--set", "count=2"),
        *("--reason", "two of them", "--by", "exhibits officer"),
    )
    assert (moved.code, paid.code, corrected.code) == (0, 0, 0), moved.err + paid.err
    found = json.loads(cautery("operation", "exhibit", "totals", case, "--json").out)
    assert found["by_kind"]["firearm"] == {"pieces": "2"}
    assert found["by_holder"]["it-postal: exhibits officer"]["BTC"] == "0.099"


def test_of_a_file_with_one_bad_entry_nothing_is_entered(cautery: Callable, case: Path) -> None:
    bad = case.parent / "bad.toml"
    bad.write_text(SEARCH.replace('serial = "X-1"', 'serial = ""'))
    ran = cautery("operation", "exhibit", "add", case, bad)
    listed = cautery("operation", "exhibit", "list", case, "--json")
    assert (ran.code, listed.out, "'serial'" in ran.err) == (2, "", True)


def test_a_number_used_twice_ends_with_two_and_the_rule(cautery: Callable, case: Path) -> None:
    entered(cautery, case)
    ran = cautery("operation", "exhibit", "add", case, case.parent / "s.toml")
    assert (ran.code, "each number may be used only once" in ran.err) == (2, True)


def test_a_dry_run_records_nothing(cautery: Callable, case: Path) -> None:
    ran = cautery("operation", "exhibit", "add", case, case.parent / "s.toml", "--dry-run")
    assert (ran.code, cautery("operation", "exhibit", "list", case, "--json").out) == (0, "")


def test_a_gap_in_the_chain_ends_with_two_and_names_the_last_holder(
    cautery: Callable, case: Path
) -> None:
    entered(cautery, case)
    ran = cautery(
        *("operation", "exhibit", "move", case, "IT-0001", "--from", "it-postal/9"),
        *("--to", "store", "--place", "x", "--reason", "y"),
    )
    assert (ran.code, "the last holder is it-postal/4471" in ran.err) == (2, True)


def test_labels_are_a_pdf_and_the_manifest_is_checked(cautery: Callable, case: Path) -> None:
    entered(cautery, case)
    pdf, listed = case.parent / "labels.pdf", case.parent / "register.manifest"
    assert cautery("operation", "exhibit", "labels", case, "-o", pdf).code == 0
    page = case.parent / "page.html"
    assert cautery("operation", "page", case, "-o", page).code == 0
    assert {one.stat().st_mode & 0o777 for one in (pdf, page)} == {0o600}
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert cautery("operation", "exhibit", "manifest", case, "-o", listed).code == 0
    assert cautery("operation", "exhibit", "manifest", case, "--check", listed).code == 0
    listed.write_bytes(listed.read_bytes().replace(b"90000", b"10000", 1))
    ran = cautery("operation", "exhibit", "manifest", case, "--check", listed)
    assert (ran.code, "differs from the one that was signed" in ran.err) == (1, True)


def move(cautery: Callable, case: Path, *more: str) -> Any:
    return cautery(
        *("operation", "exhibit", "move", case, "IT-0001", "--from", "it-postal/4471"),
        *("--to", "exhibits officer", "--place", "store 2", "--reason", "kept", *more),
    )


def test_an_hour_with_a_zone_is_that_hour(cautery: Callable, case: Path) -> None:
    entered(cautery, case)
    moved = move(cautery, case, "--at", "2024-11-26T10:00:00+02:00")
    assert (moved.code, "1 link of custody" in moved.err) == (0, True), moved.err
    shown = cautery("operation", "exhibit", "show", case, "IT-0001", "--json")
    assert json.loads(shown.out)["chain"][-1]["at"].startswith("2024-11-26T08:00:00")


def test_a_field_set_twice_in_one_correction_is_refused(cautery: Callable, case: Path) -> None:
    entered(cautery, case)
    ran = cautery(
        *("operation", "exhibit", "correct", case, "IT-0001", "--set", "count=2"),
        *("--set", "count=3", "--reason", "miscounted", "--by", "exhibits officer"),
    )
    assert (ran.code, "set twice" in ran.err) == (2, True)


def test_a_number_is_never_broken_over_lines_in_the_list(cautery: Callable, case: Path) -> None:
    entered(cautery, case)
    assert {"IT-0001", "IT-0002"} <= set(
        re.findall(r"IT-\d{4}", cautery("operation", "exhibit", "list", case).out)
    )


def test_findings_suggest_arms_for_a_firearm(cautery: Callable, case: Path) -> None:
    entered(cautery, case)
    ran = cautery("operation", "exhibit", "findings", case, "--json")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert [(one["crime"], one["kind"], one["state"]) for one in found] == [
        ("arms", "assessment", "suggested")
    ]


def test_each_view_is_a_table_of_one_record_a_line(cautery: Callable, case: Path) -> None:
    entered(cautery, case)
    views = (("list", case), ("show", case, "IT-0001"), ("totals", case), ("findings", case))
    shown = [cautery("operation", "exhibit", *one) for one in views]
    assert [(ran.code, "\t" in ran.out) for ran in shown] == [(0, True)] * 4


TRANSFERS = f"""id,asset,at,side,address,amount
t1,BTC,2024-06-01T12:00:00Z,in,buyer,2
t1,BTC,2024-06-01T12:00:00Z,out,{TILL},1
t2,BTC,2024-06-02T12:00:00Z,in,{TILL},1
t2,BTC,2024-06-02T12:00:00Z,out,hoard,0.9
"""


def test_money_is_followed_from_an_address(cautery: Callable, case: Path) -> None:
    (case.parent / "t.csv").write_text(TRANSFERS)
    plot = case.parent / "flow.svg"
    ran = cautery(
        *("operation", "money", case.parent / "t.csv", "--from", TILL, "--json"),
        *("--plot", plot, "--case", case),
    )
    found = json.loads(ran.out)
    assert [(one["node"], one["tainted"]) for one in found["holdings"]] == [("hoard", "0.9")]
    assert plot.read_text().startswith("<svg")


def test_money_says_whose_coins_it_follows(cautery: Callable, case: Path) -> None:
    (case.parent / "t.csv").write_text(TRANSFERS)
    (case.parent / "p.toml").write_text(
        f"""[[purchase]]
id = "TP-001"
at = 2024-06-01T12:00:00Z
price = {{ amount = "12.50", currency = "EUR" }}
descriptor = "MEDIA SHOP"
provider = "psp:fast-pay"
wallet = "{TILL}"
transfer = "t1"
"""
    )
    command = ("operation", "money", case.parent / "t.csv", "--from", case.parent / "p.toml")
    followed = " ".join(cautery(*command).err.split())
    assert f"every coin that the owner of {TILL} received, not only the EUR 12.50" in followed
    alone = " ".join(cautery(*command, "--only-purchase").err.split())
    assert "Follows only the EUR 12.50 of the purchase" in alone
    assert "every coin" in " ".join(cautery("operation", "money", "--help").out.split())


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--from", TILL[:-1] + "U"), "wrong checksum"),
        (("--from", TILL, "--method", "guess"), "One of fifo"),
        (("--from", "nothing.toml"), "no such file"),
        (("--from", TILL, "--only-purchase"), "only a purchase can be followed alone"),
        (("--from", TILL, "--tags", "nothing.csv"), "no such file"),
    ],
)
def test_what_cannot_be_followed_ends_with_two(
    cautery: Callable, case: Path, arguments: tuple[str, ...], why: str
) -> None:
    (case.parent / "t.csv").write_text(TRANSFERS)
    ran = cautery("operation", "money", case.parent / "t.csv", *arguments)
    assert (ran.code, why in ran.err) == (2, True), ran.err


HOWTO = Path(__file__).parents[2] / "docs/howto"


@pytest.mark.parametrize(
    ("page", "files"),
    [
        ("register-exhibits.md", [("toml", "search-12.toml")]),
        (
            "trace-money.md",
            [("csv", "transfers.csv"), ("csv", "tags.csv"), ("toml", "purchase.toml")],
        ),
    ],
)
def test_every_command_of_a_how_to_does_what_it_says(
    cautery: Callable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    files: list[tuple[str, str]],
) -> None:
    monkeypatch.chdir(tmp_path)
    with people_of(Path("people"), new=True):  # a room, to whose tray nothing was sent
        pass
    text = (HOWTO / page).read_text()
    for kind, block in re.findall(r"```(toml|csv)\n(.*?)```", text, re.DOTALL):
        wanted, name = files.pop(0)
        assert wanted == kind
        Path(name).write_text(block)
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line)
            target = words.pop() if ">" in words else None
            ran = cautery(*[one for one in words[1:] if one != ">"])
            assert ran.code == 0, (line, ran.err)
            if target is not None:
                Path(target).write_text(ran.out)
