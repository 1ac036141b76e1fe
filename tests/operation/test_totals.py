"""Debits equal credits, accounts equal entries, the manifest equals the register."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import EvidenceError
from cautery.model import CustodyAct, CustodyEntry, ExhibitKind, Money, SeizedExhibit
from cautery.operation.register import Correction, Register, ValueMoved, entry_digest
from cautery.operation.totals import compare_manifest, journal, manifest_of, totals

NOON = datetime(2024, 11, 26, 12, tzinfo=UTC)
WALLET = "34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo"
STATE = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"


def exhibit(number: str, **changes: Any) -> SeizedExhibit:
    plain = SeizedExhibit(
        number=number,
        kind=ExhibitKind.SERVER,
        search="S-1",
        agency="it-postal",
        description="thing",
        place="hall 2",
        finder="it-postal/1",
        seal=f"SEAL-{number}",
        seized_at=NOON,
    )
    return replace(plain, **changes)


def cash(number: str, amount: str, currency: str = "EUR", **changes: Any) -> SeizedExhibit:
    value = Money(amount=Decimal(amount), currency=currency)
    return exhibit(number, kind=ExhibitKind.CASH, value=value, valued_at=NOON, **changes)


def to(number: str, act: CustodyAct, taker: str, giver: str = "it-postal/1") -> CustodyEntry:
    return CustodyEntry(
        number=number,
        act=act,
        at=NOON + timedelta(hours=1),
        giver=giver,
        taker=taker,
        place="store",
        reason="r",
        seal=f"SEAL-{number}",
    )


def test_money_is_never_added_across_currencies() -> None:
    register = Register().add(cash("A1", "100")).add(cash("A2", "100", "CHF"))
    found = totals(register)
    assert found.by_currency == {"CHF": Decimal(100), "EUR": Decimal(100)}
    assert found.by_kind["cash"] == {"pieces": 2, "EUR": Decimal(100), "CHF": Decimal(100)}


def test_what_was_handed_over_is_at_its_holder() -> None:
    register = Register().add(cash("A1", "100")).add(cash("A2", "50"))
    register = register.move(to("A1", CustodyAct.STORED, "store 2"))
    assert totals(register).by_holder == {
        "it-postal: it-postal/1": {"pieces": 1, "EUR": Decimal(50)},
        "it-postal: store 2": {"pieces": 1, "EUR": Decimal(100)},
    }


def test_what_was_returned_or_destroyed_is_still_counted_as_taken() -> None:
    register = Register().add(exhibit("A1")).add(exhibit("A2"))
    register = register.after(
        to("A1", CustodyAct.RETURNED, "Owner Ltd"), to("A2", CustodyAct.DESTROYED, "furnace")
    )
    found = totals(register)
    assert found.by_kind == {"server": {"pieces": 2}}
    assert set(found.by_holder) == {"returned: Owner Ltd", "destroyed: furnace"}


def test_holders_of_one_role_in_two_agencies_are_told_apart() -> None:
    register = Register().add(exhibit("A1")).add(exhibit("A2"))
    over = replace(to("A2", CustodyAct.TRANSFERRED, "it-postal/1"), to_agency="hr-police")
    sides = [replace(over, stated_by=one) for one in ("it-postal", "hr-police")]
    assert totals(register.after(*sides)).by_holder == {
        "hr-police: it-postal/1": {"pieces": 1},
        "it-postal: it-postal/1": {"pieces": 1},
    }


def test_coins_moved_to_the_state_leave_the_exhibit_and_the_fee_is_shown() -> None:
    details = {"asset": "BTC", "address": WALLET, "amount": "1.5"}
    register = Register().add(exhibit("A1", kind=ExhibitKind.WALLET, details=details))
    register = register.after(
        ValueMoved(
            number="A1",
            asset="BTC",
            amount=Decimal("1.4"),
            fee=Decimal("0.01"),
            to=STATE,
            transfer="t",
            at=NOON,
            by="it-postal/1",
        )
    )
    assert totals(register).by_holder == {
        "it-postal: it-postal/1": {"pieces": 1, "BTC": Decimal("0.09")},
        f"state-wallet: BTC {STATE}": {"BTC": Decimal("1.4")},
        "fee: BTC": {"BTC": Decimal("0.01")},
    }


def test_a_transfer_in_the_details_counts_as_one_recorded_later() -> None:
    sent = {"id": "t", "to": STATE, "amount": "1.4", "fee": "0.01"}
    details = {"asset": "BTC", "address": WALLET, "amount": "1.5", "transfer": sent}
    register = Register().add(exhibit("A1", kind=ExhibitKind.WALLET, details=details))
    assert totals(register).by_holder["it-postal: it-postal/1"]["BTC"] == Decimal("0.09")


def test_a_correction_is_taken_back_and_entered_anew_in_the_journal() -> None:
    wrong = cash("A1", "400")
    register = Register().add(wrong)
    register = register.after(
        Correction(
            number="A1",
            corrects=entry_digest(wrong),
            changes={"value": {"amount": "40000", "currency": "EUR"}, "place": "hall 3"},
            reason="two zeros were missing",
            by="exhibits officer",
            at=NOON,
        )
    )
    euros = [(one.debit.name, one.amount) for one in journal(register) if one.unit == "EUR"]
    assert euros == [
        ("it-postal: it-postal/1", 400),
        ("hall 2", 400),
        ("it-postal: it-postal/1", 40000),
    ]
    assert totals(register).by_place == {"hall 3": {"pieces": 1, "EUR": Decimal(40000)}}


AMOUNTS = st.decimals("0.01", 10**12, places=2)


@given(
    st.lists(
        st.tuples(
            AMOUNTS,
            st.sampled_from(["EUR", "CHF", "BGN"]),
            st.sampled_from(["hall 2", "flat 7"]),
            st.integers(1, 9),
            st.lists(st.sampled_from(["a/1", "b/2", "store"]), max_size=3),
            st.sampled_from([None, CustodyAct.RETURNED, CustodyAct.DESTROYED]),
        ),
        max_size=8,
    )
)
def test_debits_equal_credits_and_every_way_of_adding_agrees(rows: list[tuple[Any, ...]]) -> None:
    register = Register()
    for place, (amount, currency, where, count, takers, end) in enumerate(rows):
        number = f"A{place}"
        register = register.add(cash(number, str(amount), currency, place=where, count=count))
        giver = "it-postal/1"
        for taker in takers:
            register = register.move(to(number, CustodyAct.HANDED_OVER, taker, giver))
            giver = taker
        if end is not None:
            register = register.move(to(number, end, "end", giver))
    found = totals(register)
    assert found.debits == found.credits
    added: dict[str, Decimal] = {}
    for group in found.by_holder.values():
        for unit, amount in group.items():
            added[unit] = added.get(unit, Decimal(0)) + amount
    wanted: dict[str, Decimal] = {}
    for amount, currency, _, count, _, _ in rows:
        wanted[currency] = wanted.get(currency, Decimal(0)) + amount
        wanted["pieces"] = wanted.get("pieces", Decimal(0)) + count
    assert added == {unit: amount for unit, amount in wanted.items() if amount}


REGISTER = Register().add(cash("A1", "100")).add(exhibit("A2", count=3))


def test_a_manifest_equals_the_register_that_it_lists() -> None:
    compare_manifest(manifest_of(REGISTER), REGISTER)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("lines", 1, "count"), 2),
        (("lines", 0, "value", "amount"), "10"),
        (("lines", 0, "holder"), "somebody"),
        (("lines", 0, "entry"), "sha256:0"),
        (("lines", 0, "number"), "A9"),
        (("totals", "by_currency", "EUR"), "10"),
        (("totals", "exhibits"), 1),
        (("title",), "another"),
        (("lines",), "none"),
        (("totals",), None),
    ],
)
def test_a_manifest_that_differs_anywhere_is_refused(path: tuple[Any, ...], value: Any) -> None:
    stated = copy.deepcopy(manifest_of(REGISTER))
    inner: Any = stated
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(EvidenceError):
        compare_manifest(stated, REGISTER)


def test_a_manifest_that_leaves_an_exhibit_out_is_refused_with_its_number() -> None:
    stated = manifest_of(REGISTER)
    del stated["lines"][1]
    with pytest.raises(EvidenceError, match="A2: in the register, but not in the manifest"):
        compare_manifest(stated, REGISTER)
