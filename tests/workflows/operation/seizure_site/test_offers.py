"""The user's list is checked whole before anything is made: each slip is one clear sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from cautery.errors import InputError
from cautery.workflows.operation.seizure_site import EXAMPLE, read_site_list
from cautery.workflows.operation.seizure_site.offers import check_https, site_list


def test_the_example_is_a_list(tmp_path: Path) -> None:
    path = tmp_path / "offers.toml"
    path.write_text(EXAMPLE)
    read = read_site_list(path)
    assert [offer.country for offer in read.offers] == ["IT", "FR"]
    assert read.host.nameservers == ("ns1.police.example", "ns2.police.example")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('country = "IT"', 'country = "XX"', "'XX' is not a known country"),
        ('country = "IT"', 'country = "Italy"', "offer.1.country"),
        ("https://sport", "http://sport", "is not https"),
        ("https://sport.example/it", "javascript:alert(1)", "is not https"),
        ("https://sport.example/it", "https://u@sport.example/", "without user name and port"),
        ("https://sport.example/it", "https://192.0.2.1/", "must name a host"),
        ("https://sport.example/it", "https://sport.example:444/", "without user name and port"),
        ("https://sport.example/it", "https://spört.example/", "not a web address in ASCII"),
        ("desk@police.example", "desk", "'desk' is not a mail address"),
        ("mail = ", 'url = "https://a.example"\nmail = ', "either a mail address or an https"),
        ('purpose = "everybody"', 'purpose = "pirates"', "contact.1.purpose"),
        ('"192.0.2.80"', '"192.168.0.1"', "192.168.0.1 cannot be reached from elsewhere"),
        ('"192.0.2.80"', '"127.0.0.1"', "cannot be reached"),
        ('"192.0.2.80"', '"x"', "'x' is not an IP address"),
        ("ns1.police.example", "ns1 evil", "'ns1 evil' is not a host name"),
        ("hostmaster@police.example", "a b@c", "hostmaster must be a mail address"),
        ('"/srv/seizure-page"', '"/srv/x; }"', "host.folder"),
        ("checked = 2026-11-20", 'checked = "soon"', "page.checked is not a date"),
        ("checked = 2026-11-20", "", "page.checked is missing"),
        ("free = true", "fee = true", "offer.2.fee is not known here"),
        ("[page]", "[page", "not valid TOML"),
    ],
)
def test_each_slip_is_a_sentence(old: str, new: str, words: str) -> None:
    assert old in EXAMPLE
    with pytest.raises(InputError, match=words) as raised:
        site_list(EXAMPLE.replace(old, new, 1).encode(), where="offers.toml")
    assert str(raised.value).startswith("offers.toml: ")


def test_a_list_without_a_contact_is_refused() -> None:
    text = EXAMPLE[: EXAMPLE.index("[[contact]]")] + EXAMPLE[EXAMPLE.index("[host]") :]
    with pytest.raises(InputError, match="contact is missing"):
        site_list(text.encode(), where="offers.toml")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InputError, match="not valid TOML in UTF-8"):
        site_list(b"\xff\xfe", where="offers.toml")


def test_a_language_of_ours_is_not_brought_again() -> None:
    more = '[[language]]\ncode = "fr"\nname = "x"\n[language.texts]\nheading = "x"\n'
    with pytest.raises(InputError, match="language fr is there already"):
        site_list((EXAMPLE + more).encode(), where="offers.toml")


def test_the_united_kingdom_is_known_by_both_its_codes() -> None:
    text = EXAMPLE.replace('country = "FR"', 'country = "UK"')
    read = site_list(text.encode(), where="o")
    assert [offer.country for offer in read.offers] == ["IT", "GB"]


def test_a_host_is_read_from_an_address() -> None:
    assert check_https("https://tv.example/a?b=c", "o") == "tv.example"
