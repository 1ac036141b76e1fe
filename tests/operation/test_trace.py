"""From a purchase to holdings: every sum along the trail is accounted for."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.messages import say
from cautery.model import AddressTag, Flow, InstrumentKind, Money, Transfer
from cautery.operation.money import supplied
from cautery.operation.money.flows import FlowTable
from cautery.operation.money.supplied import read_tags, read_transfers
from cautery.operation.money.trace import trace
from cautery.operation.money.trail import Purchase

T0 = datetime(2024, 1, 1, tzinfo=UTC)


def transfer(
    id: str, minute: int, inputs: dict[str, str], outputs: dict[str, str], asset: str = "BTC"
) -> Transfer:
    return Transfer(
        id=id,
        asset=asset,
        at=T0 + timedelta(minutes=minute),
        inputs=tuple(Flow(address=one, amount=Decimal(value)) for one, value in inputs.items()),
        outputs=tuple(Flow(address=one, amount=Decimal(value)) for one, value in outputs.items()),
    )


TRANSFERS = (
    transfer("pay", 1, {"buyer": "2"}, {"till1": "1", "buyer-change": "1"}),
    transfer("other", 2, {"someone": "5"}, {"till2": "5"}),
    transfer("sweep", 3, {"till1": "1", "till2": "5"}, {"ex": "3", "boss": "2", "change": "0.9"}),
    transfer("mix", 4, {"boss": "2", "s1": "2", "s2": "2"}, {"m1": "2", "m2": "2", "m3": "2"}),
)
EXCHANGE = AddressTag(address="ex", label="Big Exchange", category="exchange", source="pack")
BUY = Purchase(
    id="TP-1",
    at=T0,
    price=Money(amount=Decimal("12.50"), currency="EUR"),
    descriptor="MEDIA SHOP",
    provider="psp:fast",
    wallet="till1",
    transfer="pay",
)


CASED = "0x52908400098527886E0F7030069857D2E4169EE7"
OTHER = "0xde709f2102306220921060314715629080e2fb77"


def test_one_address_in_two_spellings_is_one_place() -> None:
    ether = (
        transfer("in", 1, {"buyer": "2"}, {CASED: "2"}, asset="ETH"),
        transfer("out", 2, {CASED.lower(): "2"}, {OTHER: "1.9"}, asset="ETH"),
    )
    exchange = AddressTag(
        address=OTHER.upper().replace("0X", "0x"), label="Big", category="exchange", source="t"
    )
    found = trace(CASED, ether, [exchange])
    assert {one.node: one.amount for one in found.endings} == {
        "service:Big": Decimal("1.9"),
        "fees": Decimal("0.1"),
    }


def test_a_file_and_nouns_spell_addresses_alike() -> None:
    head = "id,asset,at,side,address,amount\n"
    segwit = "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"
    rows = f"t,BTC,2024-01-01T00:01:00Z,in,{segwit},2\nt,BTC,2024-01-01T00:01:00Z,out,{CASED},1\n"
    read = read_transfers((head + rows).encode())
    assert read.addresses == [segwit.lower(), CASED.lower()]
    nouns = [transfer("t", 1, {segwit: "2"}, {CASED: "1"})]
    assert FlowTable.of(nouns).addresses == read.addresses


def test_base58_addresses_keep_their_case() -> None:
    assert FlowTable.of([transfer("t", 1, {"1BoatS": "2"}, {"1bOATs": "1"})]).addresses == [
        "1BoatS",
        "1bOATs",
    ]


def test_an_address_has_no_purchase_of_its_own_to_follow() -> None:
    with pytest.raises(InputError, match="only a purchase can be followed alone"):
        trace("till1", TRANSFERS, follow="purchase")


@pytest.mark.parametrize("year", ["0000", "0001", "1969", "2100", "9999"])
def test_a_year_that_no_transfer_has_is_refused(year: str) -> None:
    rows = f"t,BTC,{year}-01-01T00:00:00Z,in,a,1\nt,BTC,{year}-01-01T00:00:00Z,out,b,1\n"
    with pytest.raises(InputError, match=f"row 1: invalid time '{year}-01-01T00:00:00Z'"):
        read_transfers(b"id,asset,at,side,address,amount\n" + rows.encode())


def test_sums_carry_no_idle_zeros() -> None:
    table = read_transfers(
        b"id,asset,at,side,address,amount\n"
        b"a,BTC,2024-01-01T00:00:00Z,in,x,0.5000\na,BTC,2024-01-01T00:00:00Z,out,y,0.5000\n"
    )
    assert [str(hop.amount) for hop in trace("x", table, method="haircut").hops] == ["0.5"]


def test_an_owner_is_followed_through_all_tills_that_were_spent_together() -> None:
    found = trace(BUY, TRANSFERS, [EXCHANGE])
    assert found.entered == {"BTC": Decimal(6)}
    assert {one.node: one.amount for one in found.endings} == {
        "service:Big Exchange": Decimal(3),
        "fees": Decimal("0.1"),
    }


def test_a_purchase_alone_can_be_followed() -> None:
    found = trace(BUY, TRANSFERS, [EXCHANGE], follow="purchase")
    assert found.entered == {"BTC": Decimal(1)}


def test_entered_is_held_ended_or_fee() -> None:
    found = trace(BUY, TRANSFERS, [EXCHANGE], method="haircut")
    held = sum(one.tainted for one in found.holdings)
    assert held + sum(one.amount for one in found.endings) == found.entered["BTC"]


def test_the_record_s_own_steps_come_first() -> None:
    found = trace(BUY, TRANSFERS, [EXCHANGE])
    steps = [(one.source, one.target) for one in found.hops if one.basis == "record"]
    assert steps == [
        ("purchase:TP-1", "descriptor:MEDIA SHOP"),
        ("descriptor:MEDIA SHOP", "psp:fast"),
        ("psp:fast", "till1"),
    ]


def test_the_exchange_is_asked_for_what_arrived_and_no_more() -> None:
    found = trace(BUY, TRANSFERS, [EXCHANGE])
    freezing = [one for one in found.proposals if one.kind is InstrumentKind.FREEZING]
    assert [(one.addressee, one.amount) for one in freezing] == [("Big Exchange", Decimal(3))]


def test_nobody_is_asked_to_freeze_coins_in_a_wallet_of_one_s_own() -> None:
    found = trace(BUY, TRANSFERS, [])
    assert [one.addressee for one in found.proposals] == ["psp:fast"]


def test_a_mixer_ends_the_trail_and_is_not_asked() -> None:
    mixer = replace(EXCHANGE, label="Washer", category="mixing_service")
    found = trace(BUY, TRANSFERS, [mixer])
    assert found.endings[0].ask is None
    assert [one.addressee for one in found.proposals] == ["psp:fast"]


def test_a_purchase_paid_into_an_exchange_asks_the_exchange() -> None:
    found = trace(replace(BUY, wallet="ex"), TRANSFERS, [EXCHANGE])
    assert (found.hops[-1].target, found.endings[0].ask) == ("service:Big Exchange", "Big Exchange")


def test_a_bank_account_is_held_by_its_bank_up_to_what_is_there() -> None:
    moved = (
        transfer("p", 1, {"psp:fast": "100"}, {"account:1": "100"}, "EUR"),
        transfer("q", 2, {"account:1": "60"}, {"account:2": "60"}, "EUR"),
    )
    found = trace(replace(BUY, wallet=None, account="account:1", transfer=None), moved, [])
    assert {(one.addressee, one.amount) for one in found.proposals if one.amount} == {
        ("bank of account:1", Decimal(40)),
        ("bank of account:2", Decimal(60)),
    }


def test_a_holding_says_which_transaction_shows_one_owner() -> None:
    kept = TRANSFERS[:2]
    joined = (*kept, transfer("join", 3, {"till1": "0.4", "till2": "1"}, {"x": "1.4"}))
    found = trace(BUY, joined, [])
    (till,) = [one for one in found.holdings if "till1" in one.addresses]
    assert (till.addresses, till.joined_by) == (("till1", "till2"), ("join",))
    assert till.balance == Decimal("4.6")


def test_an_end_that_is_not_supplied_is_named() -> None:
    with pytest.raises(InputError, match="till9: not in the supplied transactions"):
        trace(replace(BUY, wallet="till9"), TRANSFERS, [])


HEAD = "id,asset,at,side,address,amount\n"
GOOD = (
    HEAD + "b,BTC,2024-01-02T00:00:00Z,in,x,1.5\nb,BTC,2024-01-02T00:00:00Z,out,y,1.25\n"
    "a,BTC,2024-01-01T00:00:00.5Z,out,x,1.5\n"
)


def test_transactions_are_read_in_order_of_time() -> None:
    table = read_transfers(GOOD.encode())
    assert [one.id for one in table.transfers(range(2))] == ["a", "b"]


def test_csv_and_json_lines_say_the_same() -> None:
    lines = (
        '{"id":"b","asset":"BTC","at":"2024-01-02T00:00:00Z","inputs":[{"address":"x",'
        '"amount":"1.5"}],"outputs":[{"address":"y","amount":"1.25"}]}\n'
        '{"id":"a","asset":"BTC","at":"2024-01-01T00:00:00.5Z","inputs":[],'
        '"outputs":[{"address":"x","amount":"1.5"}]}\n'
    )
    tables = [read_transfers(one.encode()) for one in (GOOD, lines)]
    both = [tuple(one.transfers(range(2))) for one in tables]
    assert both[0] == both[1]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (HEAD, "header line"),
        ("a,b\n1,2\n", "columns a, b"),
        (HEAD + "a,BTC,2024-01-01T00:00:00Z,out,x\n", "amount"),
        (HEAD + "a,BTC,2024-01-01T00:00:00Z,out,x,-1\n", "amount is negative"),
        (HEAD + "a,BTC,2024-01-01T00:00:00Z,out,x,1e300\n", "too large"),
        (HEAD + "a,BTC,2024-01-01T00:00:00Z,out,x,NaN\n", "not a plain decimal"),
        (HEAD + "a,BTC,2024-01-01T00:00:00Z,out,x,99999999999999999999999\n", "too large"),
        (HEAD + "a,BTC,yesterday,out,x,1\n", "time 'yesterday'"),
        (HEAD + "a,BTC,2024-01-01T00:00:00Z,to,x,1\n", "side 'to'"),
        (HEAD + "a,BTC,2024-01-01T00:00:00Z,in,x,1\n", "it has no output"),
        (GOOD + "b,BTC,2024-01-03T00:00:00Z,out,z,1\n", "twice"),
        (GOOD.replace("1.25", "1.75"), "outputs exceed its inputs"),
        (HEAD + f"a,BTC,2024-01-01T00:00:00Z,out,{'x' * 300},1\n", "longer than"),
        (HEAD + "a,BTC,2024-01-01T00:00:00Z,out,\x1b[2J,1\n", "not plain text"),
        ("{}\n", "line 1: not a valid transaction"),
        ('{"id":1}\n', "line 1"),
        (
            (
                '{"id":"\\ud800","asset":"BTC","at":"2024-01-01T00:00:00Z","inputs":[],'
                '"outputs":[{"address":"x","amount":"1"}]}\n'
            ),
            "line 1: not a valid transaction",
        ),
        ("[" * 100_000, "columns|damaged"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        read_transfers(text.encode())


@given(st.binary(max_size=200), st.booleans())
@settings(max_examples=80, deadline=None)
def test_any_bytes_are_transactions_or_refused(noise: bytes, headed: bool) -> None:  # noqa: FBT001
    try:
        table = read_transfers(HEAD.encode() * headed + noise)
    except InputError:
        return
    assert len(table) > 0


_PACKED = gzip.compress(HEAD.encode() * 100_000, mtime=0)


@pytest.mark.parametrize("packed", [b"x\x01\x02\x01", _PACKED])
def test_packed_bytes_are_no_transactions(packed: bytes) -> None:
    with pytest.raises(InputError, match=r"columns|NUL"):
        read_transfers(packed)


def test_a_tag_pack_and_a_sanctions_list_are_both_tags() -> None:
    pack = read_tags(b"pack,address,network,label,category\np,x,BTC,Big,exchange\n", source="f")
    listed = read_tags(b"asset,address\nXBT,y\n", source="sdn")
    assert (pack[0].category, listed[0].category) == ("exchange", "sanctioned")


def test_a_trace_says_in_a_sentence_whose_coins_it_follows() -> None:
    every = "Follows every coin that the owner of till1 received"
    assert say(trace("till1", TRANSFERS).followed) == f"{every}."
    more = trace(BUY, TRANSFERS).followed
    assert say(more) == f"{every}, not only the EUR 12.50 of the purchase."
    alone = trace(BUY, TRANSFERS, follow="purchase").followed
    assert say(alone) == (
        "Follows only the EUR 12.50 of the purchase, not what else the owner of till1 received."
    )
    second = replace(BUY, id="TP-2", wallet="till2", transfer="other")
    assert say(trace((BUY, second), TRANSFERS).followed) == (
        "Follows every coin that the owners of 2 addresses received, not only the EUR 25.00 of "
        "2 purchases."
    )
    to_service = replace(BUY, wallet="ex")
    assert say(trace(to_service, TRANSFERS, [EXCHANGE]).followed) == (
        "Follows nothing beyond the record: a service's own address was paid."
    )


ROW = '{"id":"a","asset":"BTC","at":"2024-01-01T00:00:00Z","inputs":[],"outputs":[]}'


@pytest.mark.parametrize("text", [GOOD, "{}\n\n\n", ROW + "\n" * 4])
def test_more_lines_than_can_be_held_are_not_read(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supplied, "MAX_ROWS", 2)
    with pytest.raises(InputError, match=r"more than 2 (rows|lines)"):
        read_transfers(text.encode())


def test_a_line_that_would_fill_the_memory_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supplied, "_LONGEST_LINE", 40)
    with pytest.raises(InputError, match="line 1: over 40 bytes"):
        read_transfers(ROW.encode())


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_lines_of_tags_count_whatever_ends_them(
    monkeypatch: pytest.MonkeyPatch, end: bytes
) -> None:
    monkeypatch.setattr(supplied, "MAX_TAGS", 2)
    with pytest.raises(InputError, match="f: more than 4 lines"):
        read_tags(b"address\nx" + end * 5, source="f")
