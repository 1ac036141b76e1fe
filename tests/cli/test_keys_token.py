"""`cautery keys token` tries a token before it writes; `cautery keys where` says where keys are."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.tokens import LIBRARY, SoftToken, require_softhsm

from cautery.adapters._token_keys import TokenKey
from cautery.adapters.signer import SignerProcess

pytestmark = pytest.mark.real_signers


@pytest.fixture
def token(tmp_path: Path) -> SoftToken:
    return SoftToken.made(tmp_path / "token")


def named(cautery: Callable[..., Any], token: SoftToken, keys: Path, *more: object) -> Any:
    return cautery(
        *("keys", "token", LIBRARY, "lab", "--pin-file", token.pin, "--keys", keys),
        *("--variable", f"SOFTHSM2_CONF={token.conf}", *more),
    )


def test_a_token_is_tried_and_named(
    tmp_path: Path, token: SoftToken, cautery: Callable[..., Any]
) -> None:
    keys = tmp_path / "keys"
    in_file = SignerProcess(keys).case
    ran = named(cautery, token, keys, "--reach", token.store)
    assert ran.code == 0, ran.err
    assert token.keys() == [], "the trial key is gone"
    assert (keys / "token.toml").stat().st_mode & 0o077 == 0
    assert "1234" not in (keys / "token.toml").read_text()
    in_token = SignerProcess(keys).case
    [key] = token.keys()
    rows = [
        json.loads(line)
        for line in cautery("keys", "where", "--keys", keys, "--json").out.splitlines()
    ]
    assert sorted(rows, key=lambda row: row["token"] or "") == [
        {"key": f"case-{in_file}", "token": None, "id": None},
        {"key": f"case-{in_token}", "token": "lab", "id": key["id"]},
    ]
    shown = cautery("keys", "where", "--keys", keys).out
    assert f"case-{in_file}\tfile" in shown
    assert f"case-{in_token}\ttoken lab\t{key['id']}" in shown


def test_a_library_that_cannot_sign_closed_in_is_not_named(
    tmp_path: Path, token: SoftToken, cautery: Callable[..., Any]
) -> None:
    keys = tmp_path / "keys"
    ran = named(cautery, token, keys)
    assert ran.code != 0
    assert "--reach" in ran.err
    assert not (keys / "token.toml").exists()
    assert named(cautery, token, keys, "--reach", token.store).code == 0
    assert token.keys() == [], "what the first trial left is gone, too"


def test_a_token_without_ed25519_is_refused_in_a_sentence(
    tmp_path: Path, cautery: Callable[..., Any]
) -> None:
    token = SoftToken.made(
        tmp_path / "old", settings="slots.mechanisms = CKM_EC_EDWARDS_KEY_PAIR_GEN,CKM_SHA256\n"
    )
    ran = named(cautery, token, tmp_path / "keys", "--reach", token.store)
    assert ran.code != 0
    assert "knows no Ed25519 (CKM_EDDSA)" in ran.err
    assert not (tmp_path / "keys" / "token.toml").exists()


def test_a_wrong_pin_names_nothing(
    tmp_path: Path, token: SoftToken, cautery: Callable[..., Any]
) -> None:
    token.write_pin("0000")
    ran = named(cautery, token, tmp_path / "keys", "--reach", token.store)
    assert ran.code != 0
    assert "refuses the PIN" in ran.err
    assert list((tmp_path / "keys").iterdir()) == []


def test_a_new_trial_takes_back_that_a_pin_was_refused(
    tmp_path: Path, token: SoftToken, cautery: Callable[..., Any]
) -> None:
    keys = tmp_path / "keys"
    token.name_in(keys)
    (keys / "token.refused").write_text("1 5 1\n")
    assert named(cautery, token, keys, "--reach", token.store).code == 0
    assert not (keys / "token.refused").exists()


def test_a_pin_in_the_folder_of_keys_is_refused(
    tmp_path: Path, token: SoftToken, cautery: Callable[..., Any]
) -> None:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    shutil.copy(token.pin, keys / "pin")
    ran = cautery(
        *("keys", "token", LIBRARY, "lab", "--pin-file", keys / "pin", "--keys", keys),
    )
    assert ran.code != 0
    assert "must not lie in the folder of keys" in ran.err


def test_another_token_needs_another_folder_of_keys(
    tmp_path: Path, token: SoftToken, cautery: Callable[..., Any]
) -> None:
    keys = tmp_path / "keys"
    token.name_in(keys)
    SignerProcess(keys)
    ran = cautery(
        *("keys", "token", LIBRARY, "other", "--pin-file", token.pin, "--keys", keys),
    )
    assert ran.code != 0
    assert "is in the token 'lab'" in ran.err


@pytest.mark.parametrize("variable", ["=1", "a=1", "A", "A=\x01"])
def test_a_variable_that_is_none_is_refused(
    tmp_path: Path, token: SoftToken, cautery: Callable[..., Any], variable: str
) -> None:
    ran = named(cautery, token, tmp_path / "keys", "--variable", variable)
    assert ran.code != 0
    assert "is not a variable with a value" in ran.err


def test_a_folder_without_keys_is_named(tmp_path: Path, cautery: Callable[..., Any]) -> None:
    ran = cautery("keys", "where", "--keys", tmp_path / "none")
    assert ran.code != 0
    assert "no such folder of keys" in ran.err


BROKEN = {
    "no TOML": ("library = [", 0o600, "does not say how the token is reached"),
    "no PIN": ('library = "/lib/x.so"\ntoken = "lab"\n', 0o600, "does not say how the token"),
    "no text": ("\udcff", 0o600, "does not say how the token is reached"),
    "for others": ("", 0o644, "other users may read it"),
    "missing": (None, 0, "no file says how the token 'lab' is reached"),
}


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["table", "json"])
@pytest.mark.parametrize(("text", "mode", "why"), BROKEN.values(), ids=BROKEN)
def test_settings_that_cannot_be_read_are_said_after_the_keys(
    tmp_path: Path,
    cautery: Callable[..., Any],
    *,
    text: str | None,
    mode: int,
    why: str,
    more: tuple[str, ...],
) -> None:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    public = base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    named_in_token = f"cautery-token-key/1\ntoken lab\nid 07\npublic {public}\n"
    for name, raw in (("case-a", bytes(32)), ("case-b", named_in_token.encode())):
        (keys / f"{name}.key").write_bytes(raw)
        (keys / f"{name}.key").chmod(0o600)
    assert TokenKey.is_named_in((keys / "case-b.key").read_bytes())
    if text is not None:
        (keys / "token.toml").write_text(text, errors="surrogateescape")
        (keys / "token.toml").chmod(mode)
    ran = cautery("keys", "where", "--keys", keys, *more)
    assert ran.code == 2
    assert why in ran.err
    assert "case-a" in ran.out
    assert "case-b" in ran.out


def test_a_folder_whose_keys_are_files_needs_no_settings(
    tmp_path: Path, cautery: Callable[..., Any]
) -> None:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    (keys / "case-a.key").write_bytes(bytes(32))
    assert cautery("keys", "where", "--keys", keys).code == 0


def test_the_guide_names_a_token_and_tries_it(tmp_path: Path) -> None:
    require_softhsm()
    guide = Path(__file__).parents[2] / "docs/howto/keep-keys-in-a-token.md"
    [commands] = re.findall(r"^```sh\n(.*?)^```$", guide.read_text(), re.MULTILINE | re.DOTALL)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-ec", commands.replace("/usr/lib/softhsm/libsofthsm2.so", str(LIBRARY))],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert SignerProcess(tmp_path / "keys").case
    [key] = (tmp_path / "keys").glob("case-*.key")
    assert b"token cases" in key.read_bytes()
