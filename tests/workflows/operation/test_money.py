"""Supplied files are read or refused, and a trace is kept without anybody's account in a record."""

from __future__ import annotations

import gzip
import io
import json
import lzma
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest

from cautery.errors import InputError
from cautery.messages import in_language
from cautery.model import Marking, Money, Pap, Statement, StatementKind, Tlp
from cautery.model.records import MoneyTraced
from cautery.operation.money.picture import flow_picture
from cautery.operation.money.trail import Purchase
from cautery.packed import zstd
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.trace_money import (
    content_of,
    purchase_of,
    read_purchases,
    read_supplied,
    read_tag_file,
    trace_money,
    trace_supplied,
)

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
TILL = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"
TRANSFERS = f"""id,asset,at,side,address,amount
t1,BTC,2024-06-01T12:00:00Z,in,buyer,2
t1,BTC,2024-06-01T12:00:00Z,out,{TILL},1
t1,BTC,2024-06-01T12:00:00Z,out,buyer-change,0.999
t2,BTC,2024-06-02T12:00:00Z,in,{TILL},1
t2,BTC,2024-06-02T12:00:00Z,out,exchange-hot,0.6
t2,BTC,2024-06-02T12:00:00Z,out,hoard,0.399
"""
TAGS = "pack,address,network,label,category\np,exchange-hot,BTC,Big <Exchange>,exchange\n"
BUY = f"""[[purchase]]
id = "TP-1"
at = 2024-06-01T12:00:00Z
price = {{ amount = "12.50", currency = "EUR" }}
descriptor = "MEDIA & CO"
provider = "psp:fast"
wallet = "{TILL}"
transfer = "t1"
"""


@pytest.fixture
def supplied(tmp_path: Path) -> Path:
    for name, text in (("t.csv", TRANSFERS), ("tags.csv", TAGS), ("buy.toml", BUY)):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_recorded_purchase_is_read(supplied: Path) -> None:
    (one,) = read_purchases(supplied / "buy.toml")
    assert (one.wallet, one.price) == (TILL, Money(amount=Decimal("12.50"), currency="EUR"))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("[[purchase]]", "[purchases]", "tables, and nothing else"),
        ('id = "TP-1"', 'name = "TP-1"', "no purchase has 'name'"),
        (f'wallet = "{TILL}"', "", "neither an account nor a wallet"),
        ("2024-06-01T12:00:00Z", "2024-06-01T12:00:00", "has no time zone"),
        ('amount = "12.50"', 'amount = "much"', "price.amount"),
        ("[[purchase]]", "[[purchase", "not valid TOML"),
    ],
)
def test_a_purchase_that_says_too_little_is_refused(
    supplied: Path, old: str, new: str, why: str
) -> None:
    path = supplied / "bad.toml"
    path.write_text(BUY.replace(old, new))
    with pytest.raises(InputError, match=why):
        read_purchases(path)


def test_a_statement_about_a_payment_is_a_purchase() -> None:
    details = {
        "purchase": "TP-1",
        "amount": "12.50",
        "currency": "EUR",
        "descriptor": "MEDIA & CO",
        "provider": "psp:fast",
        "account": None,
        "wallet": TILL,
        "transfer": "t1",
    }
    statement = Statement(
        id="s",
        by="it-postal",
        subject="storefront:x",
        about="payment",
        text="bought",
        kind=StatementKind.FACT,
        marking=Marking(tlp=Tlp.AMBER, pap=Pap.AMBER),
        at=NOON,
        details=details,
    )
    assert isinstance(purchase_of(statement), Purchase)


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [(".xz", lzma.compress), (".gz", gzip.compress), (".zst", zstd.compress)],
)
def test_packed_files_are_read_as_they_are(
    supplied: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    path = supplied / f"t.csv{suffix}"
    path.write_bytes(pack(TRANSFERS.encode()))
    assert read_supplied(path).ids == ["t1", "t2"]


def test_what_is_piped_in_is_read_and_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    piped = io.TextIOWrapper(io.BytesIO(TRANSFERS.encode()))
    monkeypatch.setattr("sys.stdin", piped)
    assert read_supplied(Path("-")).ids == ["t1", "t2"]
    piped.seek(0)
    with pytest.raises(InputError, match="-: more than 9 bytes"):
        content_of(Path("-"), most=9)


def test_a_packed_file_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(10_000_000)))
    with pytest.raises(InputError, match="more than 1,000,000 bytes"):
        content_of(path, most=1_000_000)


@pytest.mark.parametrize("suffix", [".xz", ".gz"])
def test_a_damaged_packed_file_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t.csv{suffix}"
    path.write_bytes(b"\x1f\x8b no such thing")
    with pytest.raises(InputError, match="it cannot be read"):
        read_supplied(path)


def test_an_address_with_a_wrong_letter_is_refused_before_it_is_sought(supplied: Path) -> None:
    table = read_supplied(supplied / "t.csv")
    with pytest.raises(InputError, match="wrong checksum"):
        trace_supplied(TILL[:-1] + "U", table, ())


def test_a_purchase_into_a_wallet_with_a_wrong_letter_is_refused_for_that(supplied: Path) -> None:
    table = read_supplied(supplied / "t.csv")
    (bought,) = read_purchases(supplied / "buy.toml")
    with pytest.raises(InputError, match="wrong checksum"):
        trace_supplied([replace(bought, wallet=TILL[:-1] + "U")], table, ())


def test_a_trace_is_sealed_and_no_record_names_an_address(
    supplied: Path, agency_desk: Callable[..., Desk]
) -> None:
    desk = agency_desk("it-postal")
    found = trace_supplied(
        read_purchases(supplied / "buy.toml"),
        read_supplied(supplied / "t.csv"),
        read_tag_file(supplied / "tags.csv"),
    )
    kept = trace_money(desk, found, supplied=TRANSFERS.encode())
    ((entry, traced),) = desk.contents(MoneyTraced)
    told = json.dumps(entry.record.body)
    assert (TILL in told, "hoard" in told, "Big <Exchange>" in told) == (False, False, True)
    whole = json.loads(desk.case.vault.open(kept.id, subject=traced.subject))
    assert [one["amount"] for one in whole["endings"]] == ["0.6", "0.001"]


def test_the_picture_escapes_what_others_wrote(supplied: Path) -> None:
    import xml.etree.ElementTree as ET

    found = trace_supplied(
        read_purchases(supplied / "buy.toml"),
        read_supplied(supplied / "t.csv"),
        read_tag_file(supplied / "tags.csv"),
    )
    drawn = flow_picture(found)
    texts = {one.text for one in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")}
    assert {"Big <Exchange>", "MEDIA & CO"} <= texts


def test_every_text_of_the_picture_is_of_the_catalogue_or_data_of_the_trail(
    supplied: Path, marks: ModuleType
) -> None:
    found = trace_supplied(
        read_purchases(supplied / "buy.toml"),
        read_supplied(supplied / "t.csv"),
        read_tag_file(supplied / "tags.csv"),
    )
    with in_language(marks.Marked()):
        drawn = flow_picture(found)
    labels = [node.label for node in found.nodes]
    cut = [f"{label[:13]}…{label[-8:]}" for label in labels]  # as a drawing has room for it
    known = {found.method, *labels, *cut, *(hop.asset for hop in found.hops)}
    assert marks.forgotten(drawn, known) == []
