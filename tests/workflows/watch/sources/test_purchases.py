"""A purchase is on record once, its receipt sealed, its line in no record."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cautery.catalogue import Catalogue, Resolver
from cautery.errors import InputError, SourceError
from cautery.lab.readers import ReadersHere
from cautery.model import Channel, Entry, Mandate, Purchase, Regime, Secret, Source, Window
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.mandate.purchased_line import read_line
from cautery.workflows.watch.sources import reading as sources
from cautery.workflows.watch.sources.purchases import Lines, record_purchase, record_purchases
from cautery.workflows.watch.sources.purchasing import checked_purchase, purchase_into

from ...conftest import words

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def mandate(receipt: Path) -> Mandate:
    return Mandate(
        id="m",
        who="Example League",
        regime=Regime.GDPR,
        legal_basis="rights",
        window=Window(start=NOON, end=NOON.replace(hour=20)),
        territories=("FR",),
        channels=(Channel(id="c", names=("C",), legal_basis="rights"),),
        purchases=(
            Purchase(
                id="P-17",
                service="Best TV",
                authorised_by="A. Legal",
                bought_at=NOON,
                merchant="BTV*DIGITAL",
                amount="12.99",
                currency="EUR",
                means="card",
                receipt=str(receipt),
            ),
        ),
    )


def test_a_purchase_is_recorded_once_and_its_receipt_is_sealed_encrypted(
    journal: Journal, case: Case, heard: list[Entry], tmp_path: Path
) -> None:
    receipt = tmp_path / "receipt.txt"
    receipt.write_text("paid by A. Buyer, card ...1234")
    for _ in range(2):
        record_purchases(mandate(receipt), ledger=case.ledger, journal=journal)
    [body] = [one.record.body for one in heard if one.record.kind == "purchase.recorded"]
    assert body["purchase"]["receipt"] == "receipt.txt"
    assert body["purchase"]["merchant"] == "BTV*DIGITAL"
    assert b"A. Buyer" not in case.vault.read(body["exhibit"])
    assert str(tmp_path).encode() not in b"".join(one.leaf for one in heard)


def test_an_empty_file_is_no_receipt(case: Case, journal: Journal, tmp_path: Path) -> None:
    (tmp_path / "receipt.txt").touch()
    with pytest.raises(InputError, match="the file is empty"):
        record_purchases(mandate(tmp_path / "receipt.txt"), ledger=case.ledger, journal=journal)
    assert case.ledger.size() == 0


@pytest.mark.parametrize(
    ("key", "value", "remedy"), [("amount", "12,99", "12.99"), ("currency", "eur", "EUR")]
)
def test_a_pattern_is_told_by_an_example(tmp_path: Path, key: str, value: str, remedy: str) -> None:
    of = mandate(tmp_path / "receipt.txt")
    said = {
        "id": "P-18", "service": "S", "authorised_by": "A", "bought_at": NOON, "merchant": "M", "amount": "12.99",
        "currency": "EUR", "means": "card", key: value,
    }  # fmt: skip
    with pytest.raises(InputError, match=f"{key}: '{value}': not in the format of {key}") as caught:
        checked_purchase(said, of)
    assert remedy in caught.value.hint


def test_a_receipt_that_is_gone_stops_the_watch_before_it_begins(
    journal: Journal, case: Case, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="receipt of purchase P-17"):
        record_purchases(mandate(tmp_path / "gone.pdf"), ledger=case.ledger, journal=journal)


def bought(**more: Any) -> Purchase:
    [told] = mandate(Path("receipt.txt")).purchases
    return replace(told, id="P-18", receipt=None, **more)


LINE = 'username = "ours"\npassword = "w0rd"\n'


def line_file(folder: Path, text: str = LINE) -> Path:
    path = folder / "line.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


SOURCE = Source(location="http://panel.example", kind="xtream", purchase="P-18", receipt="P-18")


def test_a_purchase_made_meanwhile_gives_a_running_watch_its_line_and_no_record_has_it(
    journal: Journal, case: Case, heard: list[Entry], tmp_path: Path
) -> None:
    lines = Lines(case.ledger, journal)
    with pytest.raises(SourceError, match="P-18 is not recorded in this case yet"):
        lines(SOURCE)
    receipt = tmp_path / "receipt.txt"
    receipt.write_text("paid")
    made = replace(bought(), receipt=str(receipt))
    purchase_into(case, mandate(receipt), made, line_file(tmp_path))
    given = Lines(
        case.ledger, Journal(case.ledger, case.vault, case.clock, pseudonyms=case.pseudonyms)
    )(SOURCE)
    assert (given.username, given.password) == (Secret("ours"), Secret("w0rd"))
    [entry] = case.ledger.read(kinds=("purchase.recorded",))
    assert entry.record.body["line"] is not None
    everything = b"".join(one.leaf for one in case.ledger.read())
    assert b"w0rd" not in everything + case.vault.read(entry.record.body["line"])
    assert lines(replace(SOURCE, purchase=None)).username is None


async def test_a_source_waits_for_its_purchase_and_says_so_once(
    answers: Any,
    journal: Journal,
    case: Case,
    *,
    heard: list[Entry],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sources, "UNTIL_BOUGHT_S", 0.01)
    fetcher = answers({})
    ours = mandate(tmp_path / "none")
    reader = sources.SourceReader(
        ours,
        Resolver(Catalogue.of(ours)),
        {},
        sources.Seen(),
        readers=ReadersHere(),
        fetcher=fetcher,
        journal=journal,
        restored={},
        on_page=lambda _: None,
        with_line=Lines(case.ledger, journal),
    )
    following = asyncio.create_task(reader.follow(SOURCE))
    await asyncio.sleep(0.2)
    assert fetcher.asked == []
    record_purchase(bought(), LINE.encode(), mandate=ours, ledger=case.ledger, journal=journal)
    await asyncio.sleep(0.3)
    following.cancel()
    assert fetcher.asked[0].endswith("username=ours&password=w0rd")
    said = [one.record.body for one in heard if one.record.kind == "source.read"]
    assert "not recorded in this case yet" in words(said[0]["failed"])
    assert "404" in words(said[1]["failed"])


def test_a_purchase_begins_a_case_that_a_watch_goes_on_with(case: Case, tmp_path: Path) -> None:
    purchase_into(case, mandate(tmp_path / "none"), bought(), line_file(tmp_path))
    kinds = [one.record.kind for one in case.ledger.read()]
    assert kinds[0] == "case.opened"
    assert kinds.count("purchase.recorded") == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": "P-17"}, "already in the mandate's file"),
        ({"amount": "12,99"}, "amount"),
        ({"currency": "euro"}, "currency"),
        ({"authorised_by": ""}, "authorised_by"),
    ],
)
def test_a_purchase_that_lacks_something_is_refused_with_what(
    change: dict[str, str], why: str
) -> None:
    said = {
        "id": "P-18",
        "service": "Best TV",
        "authorised_by": "A. Legal",
        "bought_at": NOON,
        "merchant": "BTV",
        "amount": "12.99",
        "currency": "EUR",
        "means": "card",
    }
    assert checked_purchase(said, mandate(Path("none"))).id == "P-18"
    with pytest.raises(InputError, match=why):
        checked_purchase({**said, **change}, mandate(Path("none")))


def test_a_purchase_is_recorded_once_not_before_it_is_made_and_not_in_anothers_case(
    case: Case, tmp_path: Path
) -> None:
    ours = mandate(tmp_path / "none")
    with pytest.raises(InputError, match="in the future"):
        purchase_into(case, ours, bought(bought_at=NOON.replace(hour=13)), None)
    purchase_into(case, ours, bought(), None)
    with pytest.raises(InputError, match="already recorded"):
        purchase_into(case, ours, bought(), None)
    with pytest.raises(InputError, match="belongs to mandate 'm'"):
        purchase_into(case, replace(ours, id="other"), bought(), None)


def test_a_purchase_is_not_recorded_under_other_terms_than_those_of_its_case(
    case: Case, tmp_path: Path
) -> None:
    """A file with the same id and another regime would spare the authority's decision."""
    ours = replace(mandate(tmp_path / "none"), regime=Regime.LED, purchases=())
    purchase_into(case, ours, bought(), None)
    lenient = replace(ours, regime=Regime.GDPR)
    with pytest.raises(InputError, match="differs from it in: regime"):
        purchase_into(case, lenient, replace(bought(), id="P-19"), None)
    assert len([*case.ledger.read(kinds=("purchase.recorded",))]) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('mac = "00:1A:79"\n', "mac is not a valid MAC address"),
        ('username = "u"\n', "the credentials of a line cannot be read"),
        ("password = 'w0rd", "the credentials of a line cannot be read"),
        ('username = "u"\npassword = ""\n', "must be text"),
        ("x" * 5000, "longer than a line's credentials can be"),
    ],
)
def test_a_line_that_is_none_is_refused_and_never_quoted(
    tmp_path: Path, text: str, why: str
) -> None:
    with pytest.raises(InputError, match=why) as told:
        read_line(line_file(tmp_path, text))
    assert "w0rd" not in str(told.value)


def test_a_line_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = line_file(tmp_path)
    path.chmod(0o644)
    with pytest.raises(InputError, match="other users can read"):
        read_line(path)


def test_a_box_is_a_line_too(tmp_path: Path) -> None:
    line, _ = read_line(line_file(tmp_path, 'mac = "00:1A:79:aa:bb:cc"\n'))
    assert line.given_to(SOURCE).mac.reveal() == "00:1A:79:aa:bb:cc"
    assert "00:1A" not in repr(line)
