"""The configuration is read strictly, and its errors say where and what."""

import base64
import os
from pathlib import Path

import pytest
from provider_lists import ANNA, BRUNO, LIST_KEY, NAMES
from provider_site import FOLDER, public

from cautery_provider.settings import ConfigError, read_settings


def test_a_configuration_is_read(configured):
    settings = read_settings(configured())
    assert settings.trust.names == NAMES
    assert settings.rules.names == {"bank.example"}
    assert settings.rules.levers == {"name"}
    assert settings.poll_s == 10


def test_where_lists_come_from_is_never_blocked(configured):
    """Else a name on the list would cut off the list that takes it back."""
    settings = read_settings(
        configured(
            ("file:///dev/null", "https://Lists.example/L-1"),
            ("file:///dev/zero", "https://192.0.2.9:8443/L-1"),
            ('list = "', 'ack = "https://acks.example/L-1/ack"\nlist = "'),
            ('kind = "unbound"', 'kind = "nftables"\n[[driver]]\nkind = "unbound"'),
        )
    )
    rules = settings.rules
    for lever, target in (
        ("name", "lists.example"),
        ("name", "acks.example"),
        ("address", "192.0.2.9"),
    ):
        assert (rules.against(lever, target) or "")[0] == "never-block"
    assert rules.against("address", "192.0.2.8") is None


@pytest.mark.parametrize("kind", ["device", "pipe", "folder", "large"])
def test_a_configuration_that_is_no_small_file_is_refused(kind, tmp_path):
    """One that never ends took all memory of the machine."""
    path = Path("/dev/zero") if kind == "device" else tmp_path / kind
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "large":
        path.write_bytes(b"#" * (1 << 20) + b"\n")
    with pytest.raises(ConfigError, match=r"not a file|directory|more than"):
        read_settings(path)


FAULTS = {
    "no-toml": ('list = "', "list = ", "Invalid value"),
    "no-list": ('list = "L-1"', "", "list is missing"),
    "unknown-key": ('list = "', 'lists = "x"\nlist = "', "unknown key 'lists'"),
    "unknown-limit": ("never_block", "never_blok", "unknown key 'never_blok'"),
    "short-key": (public(LIST_KEY), "AAAA", "list_key: not an Ed25519 key"),
    "weak-key": (public(LIST_KEY), base64.b64encode(bytes(32)).decode(), "small order"),
    "key-of-two": (public(BRUNO), public(ANNA), "two approvers have the same key"),
    "list-key-approves": (public(BRUNO), public(LIST_KEY), "must differ"),
    "one-feed": (', "file:///dev/zero"', "", "two or more"),
    "feed-twice": ("file:///dev/zero", "file:///dev/null", "different URLs"),
    "http-feed": ("file:///dev/zero", "http://lists.example/", "not an https URL"),
    "ftp-feed": ("file:///dev/zero", "ftp://lists.example/", "not an https URL"),
    "user-in-url": ("file:///dev/zero", "https://a:b@lists.example/", "without user"),
    "state-relative": ('state = "/', 'state = "', "not an absolute path"),
    "never-a-url": ("bank.example", "https://bank.example", "no name in lower case"),
    "never-host-bits": ("198.51.100.0/24", "198.51.100.7/24", "no name in lower case"),
    "unknown-driver": ('"unbound"', '"iptables"', "want one of nftables, bind"),
    "driver-key": ('zone = "rpz.x"', 'zones = "rpz.x"', "zone is missing"),
    "zone-with-dot": ('"rpz.x"', '"rpz.x."', "without a final dot"),
    "poll-too-often": ('list = "', 'poll_s = 1\nlist = "', "from 2 to 20"),
    "poll-as-text": ('list = "', 'poll_s = "10"\nlist = "', "whole number"),
    "certificate-away": ("[limits]", '[tls]\ncertificate = "/none"\n[limits]', "is not there"),
    "no-approvers": ('name = "Anna"', "", "name is missing"),
    "never-no-list": ('["bank.example", "198.51.100.0/24"]', '"bank.example"', "array of texts"),
    "driver-no-array": ("[[driver]]", "[driver]", "write each driver as"),
}


@pytest.mark.parametrize(("old", "new", "said"), FAULTS.values(), ids=FAULTS)
def test_a_faulty_configuration_says_where_and_what(configured, old, new, said):
    with pytest.raises(ConfigError) as error:
        read_settings(configured((old, new)))
    assert said in str(error.value)
    assert "[" in str(error.value) or "provider.toml" in str(error.value)


def test_the_example_of_a_configuration_is_one(tmp_path):
    text = (FOLDER / "provider.example.toml").read_text(encoding="utf-8")
    for key in (LIST_KEY, ANNA, BRUNO):
        text = text.replace("PUT-THE-KEY-HERE", public(key), 1)
    for name in ("client.pem", "client.key", "bind.key"):
        text = text.replace(f"/etc/cautery-provider/{name}", str(tmp_path / name))
        (tmp_path / name).write_text('key "cautery" { algorithm hmac-sha256; secret "c2VjcmV0"; };')
    path = tmp_path / "provider.toml"
    path.write_text(text, encoding="utf-8")
    settings = read_settings(path)
    assert [driver.name.split()[0] for driver in settings.drivers] == [
        "nftables",
        "bind",
        "bind-file",
        "unbound",
        "powerdns",
        "bgp",
    ]
    assert settings.rules.levers == {"name", "address"}


def test_one_approver_is_too_few(configured):
    block = f'[[approver]]\nname = "Bruno"\nkey = "{public(BRUNO)}"\n'
    with pytest.raises(ConfigError, match="two or more"):
        read_settings(configured((block, "")))
