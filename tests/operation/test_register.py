"""Every number once, every chain without a gap, every refusal with its rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.model import CustodyAct, CustodyEntry, ExhibitKind, Money, SeizedExhibit
from cautery.operation.register import (
    Correction,
    Register,
    ValueMoved,
    check_chain,
    entry_digest,
    taken,
)

NOON = datetime(2024, 11, 26, 12, tzinfo=UTC)
WALLET = "34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo"
STATE = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"
IBAN = "IT60X0542811101000000123456"
ITSELF = {
    "asset": "BTC",
    "address": WALLET,
    "amount": "1",
    "transfer": {"id": "t", "to": WALLET, "amount": "0.5"},
}


def exhibit(number: str = "IT-0001", **changes: Any) -> SeizedExhibit:
    plain = SeizedExhibit(
        number=number,
        kind=ExhibitKind.SERVER,
        search="S-1",
        agency="it-postal",
        description="rack server",
        place="hall 2",
        finder="it-postal/4471",
        seal=f"SEAL-{number}",
        seized_at=NOON,
    )
    return replace(plain, **changes)


def link(minutes: int, giver: str, taker: str, **changes: Any) -> CustodyEntry:
    plain = CustodyEntry(
        number="IT-0001",
        act=CustodyAct.HANDED_OVER,
        at=NOON + timedelta(minutes=minutes),
        giver=giver,
        taker=taker,
        place="store 2",
        reason="kept for the court",
        seal="SEAL-IT-0001",
    )
    return replace(plain, **changes)


HANDED = link(60, "it-postal/4471", "exhibits officer")
EXAMINED = link(
    90,
    "exhibits officer",
    "laboratory",
    act=CustodyAct.EXAMINED,
    opened_seal="SEAL-IT-0001",
    seal="SEAL-9",
)
OVER = link(
    120, "exhibits officer", "hr-police/7", act=CustodyAct.TRANSFERRED, to_agency="hr-police"
)


def test_a_register_with_an_exhibit_leaves_the_old_one_as_it_was() -> None:
    empty = Register()
    assert (len(empty.add(exhibit())), len(empty)) == (1, 0)


def test_the_second_use_of_a_number_is_refused_with_the_rule() -> None:
    register = Register().add(exhibit())
    with pytest.raises(
        InputError, match="already used; each number may be used only once"
    ) as refused:
        register.add(exhibit(seal="OTHER", description="another"))
    assert "rack server" in refused.value.hint


def test_a_seal_closes_one_exhibit_once() -> None:
    register = Register().add(exhibit())
    with pytest.raises(InputError, match="was already used for exhibit IT-0001"):
        register.add(exhibit("IT-0002", seal="SEAL-IT-0001"))


@pytest.mark.parametrize(
    "finder", ["Mario Rossi", "Insp. Rossi", "rossi Mario", "O'Brien", " ", ""]
)
def test_a_finder_is_a_service_number_or_role(finder: str) -> None:
    with pytest.raises(InputError, match=r"looks like a name|is missing"):
        Register().add(exhibit(finder=finder))


@pytest.mark.parametrize("finder", ["it-postal/4471", "BG-GDBOP 12", "search leader", "4471"])
def test_service_numbers_and_roles_are_taken(finder: str) -> None:
    assert Register().add(exhibit(finder=finder))["IT-0001"].holder == finder


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"kind": ExhibitKind.DISK}, "image_sha256"),
        ({"kind": ExhibitKind.DISK, "details": {"image_sha256": "0" * 63}}, "64 hex"),
        ({"kind": ExhibitKind.DOMAIN, "details": {"name": "a.example"}}, "measure"),
        (
            {"kind": ExhibitKind.DOMAIN, "details": {"name": "a b", "measure": "sinkhole"}},
            "not a domain name",
        ),
        (
            {"kind": ExhibitKind.DOMAIN, "details": {"name": "a.example", "measure": "eaten"}},
            "measure must be one of",
        ),
        ({"kind": ExhibitKind.FIREARM, "details": {"class": "B"}}, "serial"),
        (
            {"kind": ExhibitKind.DRUGS, "details": {"substance": "x", "grams": 0}},
            "must be more than 0",
        ),
        (
            {"kind": ExhibitKind.DRUGS, "details": {"substance": "x", "grams": "-3"}},
            "the amount -3 must be",
        ),
        ({"kind": ExhibitKind.DRUGS, "details": {"substance": "x", "grams": "NaN"}}, "amount"),
        ({"kind": ExhibitKind.CASH}, "cash needs a value"),
        (
            {
                "kind": ExhibitKind.CASH,
                "value": Money(amount=Decimal("0.00"), currency="EUR"),
                "valued_at": NOON,
            },
            "cash needs a value",
        ),
        ({"kind": ExhibitKind.BANK_ACCOUNT}, "iban"),
        (
            {"kind": ExhibitKind.BANK_ACCOUNT, "details": {"iban_masked": IBAN}},
            r"iban_masked contains a complete IBAN, IT60\.\.\.3456$",
        ),
        (
            {"kind": ExhibitKind.BANK_ACCOUNT, "details": {"account_hash": IBAN.lower()}},
            "account_hash contains a complete IBAN",
        ),
        ({"kind": ExhibitKind.WALLET, "details": ITSELF}, "to the same wallet"),
        ({"seal": "A" * 81}, "at most 80 printable characters"),
        ({"details": {"note": "x" * (1 << 18)}}, "the entry has .* bytes"),
        ({"kind": ExhibitKind.WALLET, "details": {"asset": "BTC"}}, "address"),
        (
            {"kind": ExhibitKind.WALLET, "details": {"asset": "BTC", "address": WALLET[:-1] + "p"}},
            "wrong checksum",
        ),
        (
            {
                "kind": ExhibitKind.WALLET,
                "details": {"asset": "BTC", "address": WALLET, "amount": 1.5},
            },
            "write it as a string",
        ),
        (
            {"value": Money(amount=Decimal(1), currency="BTC"), "valued_at": NOON},
            "not a currency of ISO 4217",
        ),
        ({"number": "it 1"}, "a number must be"),
        ({"place": ""}, "place is missing"),
        ({"description": "x\x1b[2J"}, "must be printable text"),
        ({"details": {"n": 2**60}}, "details"),
    ],
)
def test_an_entry_that_breaks_a_rule_of_its_kind_is_refused(
    changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(InputError, match=why):
        Register().add(exhibit(**changes))


def test_a_chain_from_seizure_to_return_stands() -> None:
    back = link(
        150, "laboratory", "the owner", act=CustodyAct.RETURNED, seal="SEAL-9", reason="by order"
    )
    line = Register().add(exhibit()).after(HANDED, EXAMINED, back)["IT-0001"]
    check_chain(line.chain, agency="it-postal")
    assert (line.state, line.seal, len(line.chain)) == ("returned", "SEAL-9", 4)


@pytest.mark.parametrize(
    ("links", "why"),
    [
        (
            [replace(HANDED, giver="it-postal/1")],
            "a gap: it-postal/1 hands it over, but the last holder is it-postal/4471",
        ),
        ([HANDED, replace(EXAMINED, at=NOON)], "before the last link"),
        ([replace(HANDED, seal="SEAL-7")], "it carries seal SEAL-IT-0001, not SEAL-7"),
        ([replace(HANDED, opened_seal="SEAL-IT-0001")], "only an examination opens a seal"),
        ([HANDED, replace(EXAMINED, opened_seal=None)], "seal None was opened"),
        ([HANDED, replace(EXAMINED, opened_seal="SEAL-7")], "seal SEAL-7 was opened"),
        ([HANDED, replace(EXAMINED, seal="SEAL-IT-0001")], "was already used for exhibit"),
        ([replace(HANDED, reason=" ")], "reason is missing"),
        ([replace(HANDED, giver="")], "giver: the service number or role is missing"),
        ([replace(HANDED, place="x\x1b[2J")], "place must be printable text"),
        ([HANDED, replace(EXAMINED, seal="A\x00")], "80 printable characters"),
        ([replace(HANDED, taker="Anna Bianchi")], "looks like a name"),
        ([replace(HANDED, act=CustodyAct.SEIZED)], "already seized"),
        ([replace(HANDED, number="IT-0002")], "not in the register"),
        ([replace(HANDED, to_agency="hr-police")], "only a transfer may name"),
        (
            [
                replace(HANDED, act=CustodyAct.DESTROYED),
                link(99, "exhibits officer", "exhibits officer"),
            ],
            "which ended its chain",
        ),
        ([HANDED, replace(OVER, stated_by="bg-gdbop")], "only it-postal and hr-police can state"),
        (
            [HANDED, replace(OVER, stated_by="it-postal", to_agency="it-postal")],
            "an agency other than",
        ),
        (
            [HANDED, replace(OVER, stated_by="it-postal"), replace(OVER, stated_by="it-postal")],
            "already stated this transfer",
        ),
        (
            [
                HANDED,
                replace(OVER, stated_by="it-postal"),
                replace(OVER, stated_by="hr-police", taker="hr-police/8"),
            ],
            "disagree on taker",
        ),
        (
            [HANDED, replace(OVER, stated_by="it-postal"), replace(EXAMINED, at=OVER.at)],
            "a transfer to hr-police is pending",
        ),
    ],
)
def test_a_gap_or_contradiction_is_refused_and_named(links: list[CustodyEntry], why: str) -> None:
    register = Register().add(exhibit())
    with pytest.raises(InputError, match=why):
        register.after(*links)


def test_a_chain_that_one_side_alone_has_transferred_is_not_whole() -> None:
    whole = Register().add(exhibit()).move(HANDED)["IT-0001"].chain
    with pytest.raises(InputError, match="hr-police has not yet stated"):
        check_chain((*whole, replace(OVER, stated_by="it-postal")), agency="it-postal")


def wallet(**details: Any) -> SeizedExhibit:
    found = {"asset": "BTC", "address": WALLET, "amount": "1.5"} | details
    return exhibit(kind=ExhibitKind.WALLET, details=found)


def moved(amount: str, fee: str = "0.001", **changes: Any) -> ValueMoved:
    plain = ValueMoved(
        number="IT-0001",
        asset="BTC",
        amount=Decimal(amount),
        fee=Decimal(fee),
        to=STATE,
        transfer="t1",
        at=NOON,
        by="it-postal/4471",
    )
    return replace(plain, **changes)


def test_no_more_coins_leave_a_wallet_than_were_found() -> None:
    register = Register().add(wallet()).after(moved("1"))
    with pytest.raises(InputError, match=r"more than the 0\.499 BTC left"):
        register.after(moved("0.5", transfer="t2"))


@pytest.mark.parametrize(
    ("move", "why"),
    [
        (moved("1", to=STATE[:-1] + "U"), "wrong checksum"),
        (moved("1", asset="ETH"), "holds BTC, not ETH"),
        (moved("1", at=NOON - timedelta(hours=1)), "before the exhibit was seized"),
        (moved("1", to=WALLET), "to the same wallet"),
        (moved("1", transfer=" "), "id of the transaction is missing"),
    ],
)
def test_a_movement_that_cannot_be_is_refused(move: ValueMoved, why: str) -> None:
    with pytest.raises(InputError, match=why):
        Register().add(wallet()).after(move)


def test_the_transfer_that_an_entry_states_is_not_counted_again() -> None:
    stated = wallet(transfer={"id": "t1", "to": STATE, "amount": "0.5"})
    with pytest.raises(InputError, match="transfer t1 is already in the register"):
        Register().add(stated).after(moved("0.5"))


def correction(of: SeizedExhibit, **changes: Any) -> Correction:
    return Correction(
        number=of.number,
        corrects=entry_digest(of),
        changes=changes,
        reason="miscounted",
        by="exhibits officer",
        at=NOON,
    )


def test_a_correction_names_the_entry_that_holds() -> None:
    register = Register().add(exhibit()).after(correction(exhibit(), count=2))
    with pytest.raises(InputError, match="the current entry is"):
        register.after(correction(exhibit(), count=3))
    assert register["IT-0001"].versions == (exhibit(), exhibit(count=2))


@pytest.mark.parametrize("field", ["number", "seal", "seized_at", "agency", "search"])
def test_what_the_label_and_chain_stand_on_is_not_corrected(field: str) -> None:
    with pytest.raises(InputError, match="cannot be corrected"):
        Register().add(exhibit()).after(correction(exhibit(), **{field: "x"}))


def test_a_correction_may_not_find_less_than_was_moved() -> None:
    register = Register().add(wallet()).after(moved("1"))
    fewer = {"asset": "BTC", "address": WALLET, "amount": "0.5"}
    with pytest.raises(InputError, match="left of"):
        register.after(correction(wallet(), details=fewer))


@given(st.lists(st.sampled_from(["a/1", "b/2", "c/3", "lab"]), max_size=8), st.data())
def test_a_chain_with_any_one_link_taken_out_has_a_gap(
    takers: list[str], data: st.DataObject
) -> None:
    register, giver = Register().add(exhibit()), "it-postal/4471"
    chain = []
    for minute, taker in enumerate(takers, 1):
        chain.append(link(minute, giver, taker))
        giver = taker
    whole = register.after(*chain)["IT-0001"].chain
    check_chain(whole, agency="it-postal")
    if len(chain) < 2:
        return
    lost = data.draw(st.integers(0, len(chain) - 2))
    cut = chain[:lost] + chain[lost + 1 :]
    before = chain[lost].giver
    if before == chain[lost].taker:
        return  # handed to oneself: nothing is missing without it
    with pytest.raises(InputError, match="a gap"):
        register.after(*cut)


def test_many_acts_at_once_are_all_or_nothing() -> None:
    register = Register().add(exhibit())
    with pytest.raises(InputError):
        register.after(HANDED, taken(exhibit()))
    assert len(register["IT-0001"].chain) == 1


@given(st.lists(st.integers(0, 5), max_size=12))
def test_of_any_acts_those_that_fit_are_entered_and_each_other_says_its_rule(
    numbers: list[int],
) -> None:
    acts = [taken(exhibit(f"IT-{number:04d}", seal=f"SEAL-{number}")) for number in numbers]
    register, broken = Register().after_fitting(acts)
    one_by_one, refused = Register(), {}
    for place, act in enumerate(acts):
        try:
            one_by_one = one_by_one.after(act)
        except InputError as error:
            refused[place] = str(error)
    assert register == one_by_one
    assert dict(broken) == refused
