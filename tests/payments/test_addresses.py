"""Each coin's own checksum decides whether an address can be one."""

from __future__ import annotations

import csv
import lzma
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.operation.money import check_address, network_of, supported
from cautery.payments.addresses import MisspeltAddressError

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
XMR = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"

GOOD = [
    ("BTC", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"),
    ("XBT", "34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo"),
    ("BTC", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),  # BIP 173
    ("BTC", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"),
    ("BTC", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),  # BIP 350
    ("BTC", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs"),  # BIP 350: version 2
    ("LTC", "LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9"),
    ("BCH", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"),  # CashAddr
    ("BCH", "ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq"),
    ("ETH", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),  # EIP-55
    ("USDC", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"),
    ("ETH", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
    ("USDT-TRX", "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE"),
    ("XMR", XMR),
    ("SOL", "FxteHmLwG9nk1eL4pjNve3Eub2goGkkz6g6TbvdmW46a"),
]


@pytest.mark.parametrize(
    ("asset", "address"),
    [
        ("BTC", "1BoatSLRHtKNngkdXEeobR76b53LETtpyU"),
        ("BTC", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"),
        ("BCH", "ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pp"),
        ("ETH", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"),
        ("XMR", XMR[:-1] + "B"),
    ],
)
def test_a_wrong_letter_is_told_from_another_fault_by_its_class(asset: str, address: str) -> None:
    with pytest.raises(MisspeltAddressError):
        check_address(asset, address)
    with pytest.raises(InputError) as refused:
        check_address(asset, address + " ")
    assert not isinstance(refused.value, MisspeltAddressError)


@pytest.mark.parametrize(("asset", "address"), GOOD)
def test_an_address_of_a_standard_is_accepted(asset: str, address: str) -> None:
    check_address(asset, address)


@pytest.mark.parametrize(
    ("asset", "address", "why"),
    [
        ("BTC", "1BoatSLRHtKNngkdXEeobR76b53LETtpyU", "Base58Check"),
        ("BTC", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "bech32, BIP 173"),
        ("BTC", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", "bech32m"),
        ("BTC", "bc1pw5dgrnzv", "not a witness program"),  # BIP 350
        ("BTC", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kV8f3t4", "mixed"),
        ("BTC", "bc1qr508d6qejxtdg4y5r3zarvaryv98gj9p", "wrong length"),  # BIP 173
        ("BTC", "LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9", "not in a known form of BTC"),
        ("LTC", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "not in a known form of LTC"),
        ("ETH", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", "EIP-55"),
        ("ETH", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe", "not in a known form"),
        ("ETH", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed ", "not in a known form"),
        ("XMR", XMR[:-1] + "B", "Keccak"),
        ("XMR", "4" + "z" * 94, "block too large"),
        ("SOL", "1111111111111111111111111111111111111", "32 bytes"),
        ("TRX", "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSF", "Base58Check"),
        ("BTC", "1" * 5000, "too many for an address"),
        ("BTC", "", "not in a known form"),
        ("L-BTC", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "cannot be checked"),
        ("DOUBLOON", "x", "cannot be checked"),
    ],
)
def test_a_wrong_address_is_refused_and_the_rule_named(asset: str, address: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        check_address(asset, address)


def one_letter_changed(address: str, place: int, letter: str) -> str:
    return address[:place] + letter + address[place + 1 :]


CHECKED = [one for one in GOOD if network_of(one[0]) not in {"ETH", "SOL", "USDC"}]


@given(st.data(), st.sampled_from(CHECKED))
@settings(max_examples=300)
def test_any_one_letter_changed_is_refused(data: st.DataObject, good: tuple[str, str]) -> None:
    asset, address = good
    letters = BASE58 if "1" not in address[1:4] else BECH32 + BECH32.upper() + "1b"
    place = data.draw(st.integers(0, len(address) - 1))
    letter = data.draw(st.sampled_from(letters).filter(lambda one: one != address[place]))
    with pytest.raises(InputError):
        check_address(asset, one_letter_changed(address, place, letter))


@given(st.integers(2, 41))
def test_any_letter_of_an_ethereum_checksum_in_the_other_case_is_refused(place: int) -> None:
    address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    if address[place].isalpha():
        with pytest.raises(InputError, match="EIP-55"):
            check_address("ETH", one_letter_changed(address, place, address[place].swapcase()))


@pytest.mark.parametrize("place", range(2, 42))
def test_any_digit_of_an_ethereum_address_replaced_is_refused(place: int) -> None:
    # Fifteen bits on average tell them apart (EIP-55): fixed cases, since chance may miss one.
    address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    letter = "7" if address[place] != "7" else "2"
    with pytest.raises(InputError, match="EIP-55"):
        check_address("ETH", one_letter_changed(address, place, letter))


@given(st.text(max_size=140), st.sampled_from(["BTC", "BCH", "LTC", "ETH", "TRX", "XMR", "SOL"]))
def test_any_text_is_accepted_or_refused_and_never_breaks(text: str, asset: str) -> None:
    try:
        check_address(asset, text)
    except InputError:
        return
    assert text.isascii()


FAULTY = {
    # Entries of the two lists that are no addresses of the coin that they are filed under.
    "TUCsTq7TofTCJRRoHk6RvhMoS2mJLm5Yzq",  # Tron, filed as XBT
    "5be5543ff73456ab9f2d207887e2af87322c651ea1a873c5b25b7ffae456c320",  # a payment id, as XMR
    "1Mn386ue8o3mW9866octLNP8HFqcYsphJCV",
    "1MFgcyJ7ZNSknbTBRaih6zWDE6V1A64tRYs",
    "14bwh6gmvol5ntwbvxqjkjdtzv4y5ebtvm",  # all in small letters
    "0x4736dCf1b7A3d580672CcE6E7c65cd5cc9cFBa9D ",  # a space at its end
    "X-avax1ju2khnvkex4u30rt5jm5x8jd3jdfhvawg7ed9x",  # another chain of Avalanche
}


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "column", "least"),
    [("ofac-sanctioned", "asset", 640), ("tagpacks-sample", "network", 11_600)],
)
def test_every_shared_address_of_a_coin_known_here_is_accepted(
    shared_data: Path, name: str, column: str, least: int
) -> None:
    seen: Counter[str] = Counter()
    refused = []
    with lzma.open(
        shared_data / f"crypto-addresses/{name}.csv.xz", "rt", encoding="utf-8"
    ) as lines:
        for row in csv.DictReader(lines):
            asset, address = row[column], row["address"]
            if not supported(asset) or (asset in {"USDT", "USDC"} and name == "tagpacks-sample"):
                continue  # tokens there are on a dozen chains that the file does not name
            try:
                check_address(asset, address)
                seen[asset] += 1
            except InputError:
                refused.append(address)
    assert (set(refused) - FAULTY, sum(seen.values()) >= least) == (set(), True)
