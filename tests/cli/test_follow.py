"""`cautery follow`: descendants are proposed day by day, and people sign what they think of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from tests.following import (
    ANALYTICS,
    CERTIFICATE,
    GROWN,
    MERCHANT,
    NEW,
    STRANGERS,
    STRUCK,
    TODAY,
    StruckCase,
    append_to,
    seen_file,
    struck_case,
    trait,
)

from cautery.adapters.case_folder import FolderStore
from cautery.formats.seen import trait_sets_json
from cautery.model import Regime
from cautery.model.descent import Trait, TraitKind, TraitSet

from .conftest import Ran
from .following import begun, bodies, signed

Cautery = Callable[..., Ran]


@pytest.fixture
def struck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StruckCase:
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    return struck_case(tmp_path)


def test_what_grew_back_is_proposed_with_reasons_and_a_second_run_adds_nothing(
    cautery: Cautery, struck: StruckCase, tmp_path: Path
) -> None:
    seen = seen_file(tmp_path / "seen.jsonl", (*STRANGERS, *GROWN))
    run = ("follow", struck.path, "--mandate", struck.mandate(), "--seen", seen, "--json")
    first = cautery(*run)
    assert first.code == 0, first.err
    (row,) = map(json.loads, first.out.splitlines())
    assert (row["entity"], row["of"], row["state"]) == (NEW, struck.id, "open")
    assert {reason["kind"] for reason in row["reasons"]} >= {"certificate", "analytics"}
    assert row["first_knowable"] == str(STRUCK + timedelta(days=3))
    assert "it has none of: " in first.err
    assert "a wallet: nobody can say that it is not a person's" in first.err
    records = FolderStore().ledger(struck.into, read_only=True).size()
    again = cautery(*run)
    assert again.code == 0
    assert "no new day: nothing was added" in again.err
    assert FolderStore().ledger(struck.into, read_only=True).size() == records
    assert again.out == first.out


def test_persons_in_the_traits_of_others_are_sealed_nowhere(
    cautery: Cautery, struck: StruckCase, tmp_path: Path
) -> None:
    other = TraitSet(
        of="other-net",
        acted_on=STRUCK,
        traits=(
            Trait(kind=TraitKind.SITE_NAME, value="whatsapp +39 333 1234567"),
            Trait(kind=TraitKind.PAYMENT_END, value="mario.rossi@example.com"),
            Trait(kind=TraitKind.ANALYTICS, value="ga:G-X"),
        ),
    )
    stated = tmp_path / "traits.json"
    stated.write_bytes(trait_sets_json([other]))
    ran = cautery("follow", struck.path, "--mandate", struck.mandate(), "--traits", stated)
    assert ran.code == 0, ran.err
    kept = b"".join(file.read_bytes() for file in struck.into.rglob("*") if file.is_file())
    assert b"ga:G-X" in kept
    assert b"333 1234567" not in kept
    assert b"mario.rossi" not in kept
    (begun,) = bodies(struck.into, "follow.begun")
    person = [row for row in begun["left_out"] if "person" in json.dumps(row["why"])]
    assert [row["count"] for row in person] == [3]  # two of the others', one of the case's own


def test_a_case_that_follows_is_closed_and_verifies(
    cautery: Cautery, struck: StruckCase, tmp_path: Path
) -> None:
    id_ = begun(cautery, struck, tmp_path)
    signed(cautery, struck, "--confirm", id_, "--why", "same till")
    closed = cautery("close", struck.into)
    assert closed.code == 0, closed.err
    verified = cautery("verify", struck.into)
    assert verified.code == 3, verified.err  # consistent; only a key from elsewhere proves more
    report = (struck.into / "report.html").read_text()
    assert NEW in report
    more = cautery("follow", struck.path, "--seen", tmp_path / "seen.jsonl")
    assert "is closed" in more.err


def test_days_come_one_after_the_other_and_what_comes_late_counts_from_when_it_came(
    cautery: Cautery, struck: StruckCase, tmp_path: Path
) -> None:
    few = trait(NEW, TraitKind.HOSTER, "as64503", days=5)
    early = seen_file(tmp_path / "a.jsonl", [*STRANGERS, few])
    assert cautery("follow", struck.path, "--mandate", struck.mandate(), "--seen", early).code == 0
    telling = (
        trait(NEW, TraitKind.ANALYTICS, ANALYTICS, days=2),
        trait(NEW, TraitKind.CERTIFICATE, CERTIFICATE, days=2),
    )
    late = seen_file(tmp_path / "b.jsonl", telling)
    waits = cautery("follow", struck.path, "--seen", late)
    assert "2 traits wait" in waits.err
    assert bodies(struck.into, "follow.proposed") == []
    news = seen_file(tmp_path / "c.jsonl", [trait("x.example", TraitKind.HOSTER, "as1", days=9)])
    ran = cautery("follow", struck.path, "--seen", early, "--seen", late, "--seen", news, "--json")
    (row,) = map(json.loads, ran.out.splitlines())
    assert row["proposed_on"] == str(STRUCK + timedelta(days=9))  # and not the day before it came
    days = [body["days"] for body in bodies(struck.into, "follow.advanced")]
    assert [day["traits"] for day in days[-1]] == [3]  # none of them twice


def test_only_days_until_the_one_that_is_named_are_taken(
    cautery: Cautery, struck: StruckCase, tmp_path: Path
) -> None:
    seen = seen_file(tmp_path / "seen.jsonl", (*STRANGERS, *GROWN))
    until = ("--until", STRUCK + timedelta(days=3))
    mandate = struck.mandate()
    first = cautery("follow", struck.path, "--mandate", mandate, "--seen", seen, *until, "--json")
    (row,) = map(json.loads, first.out.splitlines())
    assert {reason["kind"] for reason in row["reasons"]} == {"certificate", "analytics"}
    assert "1 trait wait" in first.err
    second = cautery("follow", struck.path, "--seen", seen)
    assert "took 1 day" in second.err


def test_a_decision_is_signed_teaches_and_is_no_evidence(
    cautery: Cautery, struck: StruckCase, tmp_path: Path
) -> None:
    id_ = begun(cautery, struck, tmp_path)
    done = signed(cautery, struck, "--confirm", id_, "--why", "same till")
    assert done.code == 0, done.err
    assert "still no evidence" in done.err
    shown = cautery("follow", struck.path, "--json")
    (row,) = map(json.loads, shown.out.splitlines())
    assert row["state"] == "confirmed"
    assert (row["decided"]["by"], row["decided"]["why"]) == ("Anna", "same till")
    assert signed(cautery, struck, "--reject", id_, "--why", "a shop", who="bert").code == 0
    table = cautery("follow", struck.path)
    assert "0 open, 0 confirmed, 1 rejected" in table.err
    more = seen_file(tmp_path / "more.jsonl", [trait(NEW, TraitKind.HOSTER, "as9", days=9)])
    assert cautery("follow", struck.path, "--seen", more).code == 0
    assert bodies(struck.into, "follow.advanced")[-1]["decided"] == 2
    assert len(bodies(struck.into, "follow.proposed")) == 1  # who was rejected is not proposed anew


def test_who_signs_what_else_than_was_shown_or_is_nobody_is_refused(
    cautery: Cautery, struck: StruckCase, tmp_path: Path
) -> None:
    id_ = begun(cautery, struck, tmp_path)
    run = ("follow", struck.path, "--confirm", id_, "--why", "x", "--key", struck.key("anna"))
    wrong = cautery(*run, "--as", "Anna", "--digest", "sha256:" + "0" * 64)
    assert wrong.code == 1
    digest = next(word for word in wrong.err.split() if word.startswith("sha256:"))
    digest = digest.rstrip(",")
    assert cautery(*run, "--as", "Carla", "--digest", digest).code != 0
    assert "not the key of Bert" in cautery(*run, "--as", "Bert", "--digest", digest).err
    absent = cautery("follow", struck.path, "--confirm", "D-0", "--why", "x", "--as", "Anna",
                     "--key", struck.key("anna"))  # fmt: skip
    assert "is not a proposal of this case" in absent.err
    assert (
        "a signature needs --as, --key"
        in cautery("follow", struck.path, "--confirm", id_, "--why", "x").err
    )
    assert bodies(struck.into, "follow.decided") == []


def test_past_its_review_nothing_is_taken_until_an_approver_reviews_it(
    cautery: Cautery, struck: StruckCase, tmp_path: Path
) -> None:
    seen = seen_file(tmp_path / "seen.jsonl", (*STRANGERS, *GROWN))
    mandate = struck.mandate(review=TODAY - timedelta(days=1))
    late = cautery("follow", struck.path, "--mandate", mandate, "--seen", seen)
    assert late.code == 0
    assert f"its review was due on {TODAY - timedelta(days=1)}: nothing is taken" in late.err
    assert bodies(struck.into, "follow.proposed") == []
    day = str(TODAY + timedelta(days=30))
    assert signed(cautery, struck, "--reviewed", day, "--why", "still needed").code == 0
    assert "1 proposal" in cautery("follow", struck.path, "--seen", seen).err
    beyond = cautery("follow", struck.path, "--reviewed", TODAY + timedelta(days=900), "--why", "x",
                     "--as", "Anna", "--key", struck.key("anna"),
                     "--digest", "sha256:" + "0" * 64)  # fmt: skip
    assert beyond.code != 0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"cases": ["0" * 16]}, "its [follow] does not name the case"),
        ({"cases": ["case"]}, "is not the id of a case"),
        ({"end": None}, "it has no end"),
        ({"purposes": []}, "it has no purposes"),
        ({"look_at": ["telephone"]}, "look_at"),
        ({"review": TODAY + timedelta(days=190)}, "the review comes after the end"),
        ({"end": TODAY + timedelta(days=900)}, "it is not within the mandate"),
    ],
)
def test_a_mandate_that_does_not_allow_it_follows_nothing(
    cautery: Cautery, struck: StruckCase, changes: dict[str, object], error: str
) -> None:
    ran = cautery("follow", struck.path, "--mandate", struck.mandate(**changes))
    assert ran.code == 2
    assert error in " ".join(ran.err.split())
    assert not struck.into.exists()


def test_past_its_end_nothing_is_followed(
    cautery: Cautery, struck: StruckCase, tmp_path: Path
) -> None:
    over = TODAY - timedelta(days=1)
    mandate = struck.mandate(review=over, end=over)
    seen = seen_file(tmp_path / "seen.jsonl", (*STRANGERS, *GROWN))
    ran = cautery("follow", struck.path, "--mandate", mandate, "--seen", seen)
    assert ran.code == 2
    assert f"the following ended on {over}" in ran.err
    assert not struck.into.exists()


def test_without_a_mandate_nothing_begins(cautery: Cautery, struck: StruckCase) -> None:
    ran = cautery("follow", struck.path)
    assert ran.code == 2
    assert "nothing follows" in ran.err
    assert "--mandate" in ran.err


def test_what_the_mandate_does_not_allow_to_look_at_is_left_out(
    cautery: Cautery, struck: StruckCase, tmp_path: Path
) -> None:
    mandate = struck.mandate(look_at=["passive-dns"])
    seen = seen_file(
        tmp_path / "seen.jsonl", [*GROWN, trait(NEW, TraitKind.HOSTER, "as1", source="passive-dns")]
    )
    ran = cautery("follow", struck.path, "--mandate", mandate, "--seen", seen)
    assert "left out: 5 x a trait from a source that the mandate does not allow" in ran.err
    assert "brought: passive DNS 1" in ran.err


def test_a_word_that_no_approver_signed_counts_for_nothing(
    cautery: Cautery, struck: StruckCase, tmp_path: Path
) -> None:
    id_ = begun(cautery, struck, tmp_path)
    signed(cautery, struck, "--confirm", id_, "--why", "same till")
    (body,) = bodies(struck.into, "follow.decided")
    from cautery.model import from_json
    from cautery.model.records import DescendantDecided

    forged = from_json(DescendantDecided, body | {"confirmed": False})
    append_to(struck.into, tmp_path, forged)
    shown = cautery("follow", struck.path, "--json")
    (row,) = map(json.loads, shown.out.splitlines())
    assert row["state"] == "confirmed"
    assert "1 record counted for nothing: no approver of the mandate has signed it" in shown.err


def test_traits_of_the_bystander_and_of_persons_are_not_looked_for(
    cautery: Cautery, struck: StruckCase
) -> None:
    ran = cautery("follow", struck.path, "--mandate", struck.mandate())
    assert ran.code == 0
    (body,) = bodies(struck.into, "follow.begun")
    exhibit = FolderStore().vault(struck.into, None).read(body["exhibit"])
    assert MERCHANT.encode() in exhibit
    assert b"1Boat" not in exhibit
    assert b"G-BLOG" not in exhibit
    assert b"0123456789abcdef" not in exhibit
    assert body["act"] == "R-0123456789ab"
    assert body["acted_on"] == str(STRUCK)


def test_a_case_under_one_law_is_not_followed_under_the_other(
    cautery: Cautery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    struck = struck_case(tmp_path, regime=Regime.LED)
    ran = cautery("follow", struck.path, "--mandate", struck.mandate())
    assert ran.code == 2
    assert "case is a case under led, but the following is under gdpr" in ran.err
    assert not struck.into.exists()
    allowed = struck.mandate("led.toml", regime=Regime.LED)
    assert cautery("follow", struck.path, "--mandate", allowed).code == 0
