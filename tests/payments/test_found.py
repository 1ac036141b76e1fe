"""Payment addresses in text: each is kept only if its coin's own rule allows it."""

import pytest

from cautery.payments.addresses import check_address
from cautery.payments.found import crypto_addresses

SOLANA = "7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV"


@pytest.mark.parametrize(
    ("address", "currency"),
    [
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "BTC"), ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "BTC"),
        ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "BTC"),
        ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "BTC"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "ETH"),
        ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "TRX"),
        ("DQQckuSMsiFjaAdGiNjvDyswcz9RWQU2xe", "DOGE"), ("XnPFsRWTaSgiVauosEwQ6dEitGYXgwznz2", "DASH"),
        ("t1MMXtBrSp1XG38Lx9cePcNUCJj5vdWfUWL", "ZEC"), ("rnXyVQzgxZe7TR1EPzTkGj2jxH4LMJYh66", "XRP"),
        ("qpf2cphc5dkuclkqur7lhj2yuqq9pk3hmukle77vhq", "BCH"),
        ("44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A", "XMR"),
    ],
)  # fmt: skip
def test_a_payment_address_is_kept_only_if_its_checksum_holds(address, currency):
    [found] = crypto_addresses(f"pay to {address}.")
    assert (found.currency, found.checked) == (currency, True)
    at = len(address) // 2
    other = {"a": "b", "A": "B"}.get(address[at], "a" if address[at] != "a" else "b")
    assert crypto_addresses(address[:at] + other + address[at + 1 :]) == ()


def test_an_ethereum_address_in_one_case_carries_no_checksum():
    [found] = crypto_addresses("0x" + "ab" * 20)
    assert not found.checked


@pytest.mark.parametrize("text", [f"SOL: {SOLANA}", f"{SOLANA} (USDT on Solana)"])
def test_a_solana_address_is_kept_where_its_coin_is_named(text):
    [found] = crypto_addresses(text)
    assert (found.currency, found.address, found.checked) == ("SOL", SOLANA, False)


@pytest.mark.parametrize("text", [SOLANA, f"session {SOLANA}", f"SOL: {SOLANA[:-3]}"])
def test_what_only_looks_like_a_solana_address_is_not_kept(text):
    assert crypto_addresses(text) == ()


def test_an_address_that_a_page_shows_is_one_that_a_register_takes():
    said = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa rnXyVQzgxZe7TR1EPzTkGj2jxH4LMJYh66"
    found = crypto_addresses(f"{said} SOL {SOLANA}")
    assert [address.currency for address in found] == ["BTC", "XRP", "SOL"]
    for address in found:
        check_address(address.currency, address.address)


def test_a_flood_of_addresses_is_cut():
    text = " ".join(f"0x{number:040x}" for number in range(5_000))
    assert len(crypto_addresses(text)) == 200
