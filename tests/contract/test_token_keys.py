"""Signing keys in a token: what is signed by them, and what happens when the token is away."""

from __future__ import annotations

import base64
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.tokens import LIBRARY, SoftToken

from cautery.adapters._token_settings import TokenSettings, token_settings
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.signer import SignerProcess
from cautery.errors import CauteryError, EvidenceError, InputError, SignerError
from cautery.evidence import Frontier, consistency_proof, leaf_hash
from cautery.evidence.note import NoteVerifier, checkpoint_text, open_checkpoint
from cautery.evidence.signing import is_signed_note, signed_note
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.case.verify import verify_case

pytestmark = pytest.mark.real_signers

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
LETTER = f"cautery.letter/1\nsha256:{'0' * 64}\n"
LEAVES = [leaf_hash(bytes([n])) for n in range(40)]


@pytest.fixture
def token(tmp_path: Path) -> SoftToken:
    return SoftToken.made(tmp_path / "token")


@pytest.fixture
def keys(tmp_path: Path, token: SoftToken) -> Path:
    token.name_in(tmp_path / "keys")
    return tmp_path / "keys"


def checkpoint(process: SignerProcess, size: int) -> str:
    return checkpoint_text(process.name, size, Frontier().extend(LEAVES[:size]).root())


def store_of(keys: Path) -> FolderStore:
    return FolderStore(KeyFolder(keys, SignerProcess), patience_s=0.1)


def opened(path: Path, keys: Path) -> Case:
    return open_case(path, store=store_of(keys), clock=FixedClock(NOON))


def append(case: Case, kind: str) -> None:
    case.ledger.append(kind, {"mandate": "x"}, at=NOON)


def test_a_case_is_begun_signed_closed_and_verified(tmp_path: Path, keys: Path) -> None:
    case = opened(tmp_path / "case", keys)
    append(case, "case.opened")
    case.checkpoint()
    case.leave()
    case = opened(tmp_path / "case", keys)
    case.write("report.html", b"<h1>LAB</h1>")
    close_case(case, at=NOON)
    found = verify_case(tmp_path / "case", store=FolderStore(), public_key=None)
    assert found.checkpoints >= 2
    [key] = keys.glob("case-*.key")
    assert key.read_bytes().startswith(b"cautery-token-key/1\ntoken lab\n")


def test_the_key_is_called_like_its_case_and_cannot_be_taken_out(
    token: SoftToken, keys: Path
) -> None:
    case = SignerProcess(keys).case
    [key] = token.keys()
    assert key["label"] == f"cautery case-{case}"
    assert (key["sensitive"], key["extractable"]) == (True, False)
    assert key["secret"] == "AttributeSensitive"
    assert key["id"] in (keys / f"case-{case}.key").read_text()


def test_a_signer_with_a_token_is_closed_in(keys: Path) -> None:
    process = SignerProcess(keys)
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert "\nSeccomp:\t2\n" in status
    assert "\nNoNewPrivs:\t1\n" in status


def test_a_copy_of_the_folder_of_keys_signs_nothing(
    tmp_path: Path, token: SoftToken, keys: Path
) -> None:
    case = SignerProcess(keys).case
    shutil.copytree(keys, tmp_path / "copy")
    other = SoftToken.made(tmp_path / "elsewhere")  # the same label and PIN, and not the key
    settings = other.name_in(tmp_path / "copy")
    copied = SignerProcess(settings.folder, case)
    with pytest.raises(SignerError, match="does not sign: No key"):
        copied.sign(LETTER, ())
    settings.path.unlink()
    with pytest.raises(SignerError, match="does not say how"):
        SignerProcess(settings.folder, case).sign(LETTER, ())


def test_a_token_that_is_away_costs_signatures_alone(token: SoftToken, keys: Path) -> None:
    process = SignerProcess(keys)
    process.sign(checkpoint(process, 9), ())
    hashed = process.hashes([b"anna"])
    token.plug_out()
    for _ in range(2):
        with pytest.raises(SignerError, match="the token 'lab'") as refused:
            process.sign(checkpoint(process, 20), consistency_proof(LEAVES[:20], 9))
        assert "plugged in" in refused.value.hint
        assert process.hashes([b"anna"]) == hashed
        assert process.last()[0] == 9  # type: ignore[index]
    with pytest.raises(SignerError, match="the token 'lab'"):
        SignerProcess(keys)
    token.plug_in()
    note = process.sign(checkpoint(process, 20), consistency_proof(LEAVES[:20], 9))
    assert open_checkpoint(note, NoteVerifier.parse(process.key)).size == 20
    assert len(list(keys.glob("case-*.key"))) == 1, "no half of a case was written"


def test_records_of_a_case_whose_token_is_away_are_signed_later(
    tmp_path: Path, token: SoftToken, keys: Path
) -> None:
    case = opened(tmp_path / "case", keys)
    append(case, "case.opened")
    case.checkpoint()
    token.plug_out()
    append(case, "verdict")
    with pytest.raises(SignerError):
        case.checkpoint()
    case.leave()
    token.plug_in()
    case = opened(tmp_path / "case", keys)
    case.checkpoint()
    assert case.signer.last().size == case.ledger.size()  # type: ignore[union-attr]
    case.leave()


def test_a_wrong_pin_is_tried_once(token: SoftToken, keys: Path) -> None:
    process = SignerProcess(keys)
    process.close()
    token.write_pin("0000")
    with pytest.raises(SignerError, match="refuses the PIN"):
        process.sign(LETTER, ())
    token.keys(do="pin 0000")  # from now on it would be taken
    with pytest.raises(SignerError, match="not tried again until this file is written anew"):
        process.sign(LETTER, ())
    token.write_pin("0000")
    assert process.sign(LETTER, ())


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda pin: pin.chmod(0o644), "other users may read it"),
        (lambda pin: pin.unlink(), "does not exist"),
        (lambda pin: pin.write_text("\n"), "there is no PIN"),
        (lambda pin: pin.write_bytes(b"\xff"), "not UTF-8"),
    ],
)
def test_a_pin_that_is_not_there_is_named(
    token: SoftToken, keys: Path, spoil: Callable[[Path], object], why: str
) -> None:
    process = SignerProcess(keys)
    process.close()
    spoil(token.pin)
    with pytest.raises(SignerError, match=why):
        process.sign(LETTER, ())


def test_two_cases_sign_at_once_each_with_its_own_key(keys: Path) -> None:
    processes = [SignerProcess(keys) for _ in range(2)]
    signed: list[tuple[int, int]] = []
    failed: list[CauteryError] = []

    def sign(which: int) -> None:
        process = processes[which]
        try:
            for size in range(1, 20):
                proof = consistency_proof(LEAVES[:size], size - 1) if size > 1 else ()
                note = process.sign(checkpoint(process, size), proof)
                found = open_checkpoint(note, NoteVerifier.parse(process.key))
                signed.append((which, found.size))
        except CauteryError as error:
            failed.append(error)

    threads = [threading.Thread(target=sign, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert sorted(signed) == [(which, size) for which in range(2) for size in range(1, 20)]


def test_two_signers_of_one_case_do_not_sign_two_ways(keys: Path) -> None:
    process = SignerProcess(keys)
    other = SignerProcess(keys, process.case)
    process.sign(checkpoint(process, 20), ())
    with pytest.raises(EvidenceError, match="not signed"):
        other.sign(checkpoint(other, 9), ())


def test_keys_that_are_files_stay_files(tmp_path: Path, token: SoftToken) -> None:
    keys = tmp_path / "keys"
    before = SignerProcess(keys)
    before.close()
    token.name_in(keys)
    token.plug_out()
    assert SignerProcess(keys, before.case).sign(LETTER, ())


def test_the_key_of_a_log_is_in_the_token_and_its_hashes_stay(token: SoftToken, keys: Path) -> None:
    log = SignerProcess(keys, "new-log:league.example")
    hashed = log.hashes([b"anna"])
    note = log.sign(checkpoint(log, 9), ())
    assert open_checkpoint(note, NoteVerifier.parse(log.key)).size == 9
    again = SignerProcess(keys, "log:league.example")
    assert again.key == log.key
    assert again.hashes([b"anna"]) == hashed
    [key] = token.keys()
    assert key["label"].startswith("cautery log-")


def test_the_key_of_lists_is_in_the_token(token: SoftToken, keys: Path) -> None:
    lists = SignerProcess(keys, "new-lists:league.example")
    assert SignerProcess(keys, "lists:league.example").key == lists.key
    [key] = token.keys()
    assert key["label"].startswith("cautery lists-")


@pytest.mark.parametrize(
    "content",
    [b"cautery-token-key/1\n", b"cautery-token-key/1\ntoken lab\nid x\npublic y\n", b"other"],
)
def test_a_damaged_file_of_a_key_is_named(keys: Path, content: bytes) -> None:
    case = SignerProcess(keys).case
    (keys / f"case-{case}.key").write_bytes(content)
    with pytest.raises(InputError, match=f"case-{case}.key"):
        SignerProcess(keys, case)


def test_the_file_of_another_key_is_not_taken(keys: Path) -> None:
    mine, other = SignerProcess(keys).case, SignerProcess(keys).case
    shutil.copy(keys / f"case-{other}.key", keys / f"case-{mine}.key")
    with pytest.raises(EvidenceError, match="not the key of case"):
        SignerProcess(keys, mine)


def test_the_id_of_another_key_signs_nothing_that_is_taken(keys: Path) -> None:
    mine, other = SignerProcess(keys).case, SignerProcess(keys).case
    texts = {name: (keys / f"case-{name}.key").read_text().splitlines() for name in (mine, other)}
    texts[mine][2] = texts[other][2]
    (keys / f"case-{mine}.key").write_text("\n".join(texts[mine]) + "\n")
    with pytest.raises(SignerError, match="not valid"):
        SignerProcess(keys, mine).sign(LETTER, ())


@pytest.mark.parametrize(
    "text",
    [
        "library = 1\n",
        "[[token]]\n",
        'library = "/a"\ntoken = "lab"\npin_file = "/b"\nother = 1\n',
        'library = "a.so"\ntoken = "lab"\npin_file = "/b"\n',
        'library = "/a"\ntoken = ""\npin_file = "/b"\n',
        'library = "/a"\ntoken = "lab"\npin_file = "/b"\n[environment]\n"A=" = "1"\n',
        'library = "/a"\ntoken = "lab"\npin_file = "/b"\nreach = "/"\n',
        "\xff",
    ],
)
def test_settings_that_are_none_make_no_key(tmp_path: Path, text: str) -> None:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    (keys / "token.toml").write_text(text, encoding="latin-1")
    (keys / "token.toml").chmod(0o600)
    with pytest.raises(InputError):
        SignerProcess(keys)
    assert not list(keys.glob("case-*"))


def test_settings_are_read_as_they_were_written(tmp_path: Path) -> None:
    settings = TokenSettings(
        library=Path("/lib/a b.so"),
        token='the "lab" \\ é',
        pin_file=Path("/etc/pin"),
        folder=tmp_path,
        reach=(Path("/var/a"), Path("/var/b")),
        environment={"A": "1=2"},
    )
    settings.path.write_text(settings.toml())
    settings.path.chmod(0o600)
    assert token_settings(tmp_path) == settings


def test_a_note_is_a_keys_own_in_one_spelling_alone() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    note = signed_note("a\n\nb\n", name="n", private=private)
    public = private.public_key()
    assert is_signed_note(note, name="n", public=public)
    signature = note.rpartition(" ")[2].strip()
    raw = bytearray(base64.b64decode(signature))
    raw[0] ^= 1
    for wrong in (
        note + note.rpartition("\n\n")[2],
        note.removesuffix("\n"),
        note.replace("a\n", "c\n"),
        note.replace(signature, signature[:-4] + "===="),
        note.replace(signature, base64.b64encode(raw).decode()),
        note.replace(signature, "é"),
        "",
    ):
        assert not is_signed_note(wrong, name="n", public=public)
    assert not is_signed_note(note, name="m", public=public)
    assert not is_signed_note(note, name="n", public=other.public_key())


def test_without_the_library_python_pkcs11_the_hint_says_how_to_get_it(
    keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from cautery.adapters import _token_keys

    settings = token_settings(keys)
    assert settings is not None
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(SignerError, match="python-pkcs11") as refused:
        _token_keys.make_in_token(settings)
    assert "pip install 'cautery[token]'" in refused.value.hint


def test_a_library_that_is_not_there_is_named(tmp_path: Path, token: SoftToken) -> None:
    token.name_in(tmp_path / "keys", library=tmp_path / "no.so")
    with pytest.raises(SignerError, match="no such PKCS#11 library"):
        SignerProcess(tmp_path / "keys")
    assert LIBRARY.is_file()
    (tmp_path / "no.so").write_text("no library")
    with pytest.raises(SignerError, match="cannot be opened"):
        SignerProcess(tmp_path / "keys")
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["token.toml"]
