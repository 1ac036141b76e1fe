"""Keys outside the case, for their owner only; what they sign, and what they refuse."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters import _case_secrets, _files
from cautery.adapters._case_secrets import CaseSecrets
from cautery.adapters.keys_file import KeyFolder, default_folder
from cautery.adapters.person_keys import create_approver, load_approver, load_public_key
from cautery.adapters.signer import SignerProcess
from cautery.errors import ErasedError, InputError
from cautery.evidence.note import NoteVerifier
from cautery.model import KeyedPseudonyms

pytestmark = pytest.mark.real_signers

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not installed"
)


@pytest.fixture(params=[CaseSecrets, SignerProcess])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "keys", request.param)


def test_a_cases_keys_are_found_again_by_its_public_key(folder: KeyFolder) -> None:
    made = folder.create_case()
    found = folder.case(made.verifier)
    assert (found.case, found.pseudonyms.of("anna")) == (made.case, made.pseudonyms.of("anna"))
    assert found.verifier == made.verifier


def test_two_cases_share_no_key(folder: KeyFolder) -> None:
    one, two = folder.create_case(), folder.create_case()
    assert one.case != two.case
    assert one.pseudonyms.of("anna") != two.pseudonyms.of("anna")


def test_keys_are_for_their_owner_only(folder: KeyFolder) -> None:
    folder.create_case()
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.path.iterdir()} == {0o600}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused_with_the_remedy(
    folder: KeyFolder, mode: int
) -> None:
    keys = folder.create_case()
    path = folder.path / f"case-{keys.case}.key"
    path.chmod(mode)
    with pytest.raises(InputError, match="other users may read it") as caught:
        folder.case(keys.verifier)
    assert caught.value.hint == f"chmod 600 {path}"


def test_a_folder_that_others_may_enter_is_refused_with_the_remedy(folder: KeyFolder) -> None:
    folder.path.mkdir(mode=0o755)
    with pytest.raises(InputError) as caught:
        folder.create_case()
    assert caught.value.hint == f"chmod 700 {folder.path}"


def test_keys_that_are_not_here_are_asked_for(folder: KeyFolder, tmp_path: Path) -> None:
    made = KeyFolder(tmp_path / "elsewhere").create_case()
    with pytest.raises(InputError, match="are not in") as caught:
        folder.case(made.verifier)
    assert "CAUTERY_KEYS" in caught.value.hint


SOURCE = "source:0123456789abcdef"
ID, KEY = b"i" * 16, b"k" * 32


def test_a_key_that_a_node_made_opens_and_is_destroyed_and_never_seals(folder: KeyFolder) -> None:
    subjects = folder.create_case().subjects
    subjects.adopt(SOURCE, ID, KEY)
    subjects.adopt(SOURCE, ID, KEY)
    assert subjects.find(SOURCE, ID) == KEY
    own_id, own = subjects.current(SOURCE)
    assert (own_id, own) != (ID, KEY)
    assert subjects.destroy(SOURCE) == 2
    for key_id in (ID, own_id):
        with pytest.raises(ErasedError):
            subjects.find(SOURCE, key_id)
    with pytest.raises(ErasedError):
        subjects.adopt(SOURCE, ID, KEY)


@pytest.mark.parametrize(
    ("subject", "key_id", "key"),
    [
        ("person:anna", ID, KEY),
        ("source:../../x", ID, KEY),
        ("source:0123456789abcdef0", ID, KEY),
        ("source:0123456789ABCDEF", ID, KEY),
        (SOURCE, ID[:-1], KEY),
        (SOURCE, ID, KEY + b"k"),
        (SOURCE, b"", b""),
    ],
)
def test_what_is_no_key_of_a_source_is_not_adopted(
    folder: KeyFolder, subject: str, key_id: bytes, key: bytes
) -> None:
    made = folder.create_case()
    with pytest.raises(InputError):
        made.subjects.adopt(subject, key_id, key)
    assert not list(folder.path.glob("*.subjects/*"))


def test_another_key_never_takes_the_place_of_one_that_there_is(folder: KeyFolder) -> None:
    subjects = folder.create_case().subjects
    subjects.adopt(SOURCE, ID, KEY)
    own_id, own = subjects.current(SOURCE)
    for key_id in (ID, own_id):
        with pytest.raises(InputError, match="another key"):
            subjects.adopt(SOURCE, key_id, b"x" * 32)
    assert (subjects.find(SOURCE, ID), subjects.find(SOURCE, own_id)) == (KEY, own)


def test_a_source_has_no_end_of_keys_of_nodes(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(_case_secrets, "MOST_ADOPTED", 2)
    subjects = KeyFolder(tmp_path / "keys").create_case().subjects
    for number in range(2):
        subjects.adopt(SOURCE, bytes([number]) * 16, KEY)
    with pytest.raises(InputError, match="no further"):
        subjects.adopt(SOURCE, ID, KEY)


def test_the_nodes_of_a_case_hash_as_it_does(folder: KeyFolder) -> None:
    keys = folder.create_case()
    on_a_node = KeyedPseudonyms(keys.redaction_key())
    assert on_a_node.of("anna") == keys.pseudonyms.of("anna")


def test_the_folder_is_chosen_by_the_environment() -> None:
    assert default_folder({"CAUTERY_KEYS": "/k"}) == Path("/k")
    assert default_folder({"XDG_DATA_HOME": "/d"}) == Path("/d/cautery/keys")
    assert default_folder({}) == Path.home() / ".local/share/cautery/keys"


def test_secrets_do_not_show(folder: KeyFolder) -> None:
    made = folder.create_case()
    [file] = folder.path.glob("*.redaction")
    key = file.read_bytes()
    shown = f"{made!r} {made.pseudonyms!r} {made.pseudonyms_of('anna')!r}"
    assert key.hex() not in shown
    assert repr(key) not in shown


@needs_openssl
def test_an_approvers_key_loads_from_what_openssl_makes(tmp_path: Path) -> None:
    path = tmp_path / "legal.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True)
    path.chmod(0o600)
    assert len(load_approver(path).sign(b"x")) == 64


def test_an_approvers_key_is_made_once(tmp_path: Path) -> None:
    key = create_approver(tmp_path / "a.pem")
    assert load_approver(tmp_path / "a.pem").sign(b"x") == key.sign(b"x")
    with pytest.raises(InputError):
        create_approver(tmp_path / "a.pem")


def test_an_approvers_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    create_approver(tmp_path / "a.pem")
    (tmp_path / "a.pem").chmod(0o644)
    with pytest.raises(InputError, match="other users may read it"):
        load_approver(tmp_path / "a.pem")


@pytest.mark.parametrize("content", [b"", b"\xff", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "k"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(InputError):
        load_approver(path)
    with pytest.raises(InputError):
        load_public_key(path, name="n")


@needs_openssl
def test_an_rsa_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rsa.pem"
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "rsa", "-out", path], check=True, capture_output=True
    )
    path.chmod(0o600)
    with pytest.raises(InputError, match="Ed25519"):
        load_approver(path)


@needs_openssl
def test_a_public_key_loads_as_verifier_key_or_pem(tmp_path: Path) -> None:
    key = create_approver(tmp_path / "a.pem")
    expected = NoteVerifier("legal", key.public_key().public_bytes_raw())
    subprocess.run(
        ["openssl", "pkey", "-in", tmp_path / "a.pem", "-pubout", "-out", tmp_path / "p.pem"],
        check=True,
    )
    (tmp_path / "p.pub").write_text(f"{expected}\n")
    assert load_public_key(tmp_path / "p.pem", name="legal") == expected
    assert load_public_key(tmp_path / "p.pub", name="ignored") == expected


def test_a_missing_key_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none"):
        load_approver(tmp_path / "none")
    with pytest.raises(InputError, match="missing"):
        load_public_key(tmp_path / "none", name="n")


def test_a_subjects_key_of_an_earlier_process_is_flushed_before_it_seals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that wrote it may have been killed before it flushed the names of its files."""
    folder = tmp_path / "keys"
    secrets = CaseSecrets(folder)
    key = secrets.subject_key("source:a")
    flushed: set[Path] = set()
    for module in (_case_secrets, _files):
        monkeypatch.setattr(module, "sync_folder", flushed.add)
    assert secrets.subject_key("source:a") == key
    assert flushed == set(), "this process has flushed it"
    assert CaseSecrets(folder, secrets.case).subject_key("source:a") == key
    assert flushed >= {folder, folder / f"case-{secrets.case}.subjects"}
