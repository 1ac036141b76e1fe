"""The keys of a log and of a co-signer: what they sign, in this process and in one of their own."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cautery.adapters._cosigner_secrets import CosignerSecrets
from cautery.adapters._log_secrets import LogSecrets
from cautery.adapters.signer import SignerProcess
from cautery.adapters.tray_copy import publish_key
from cautery.errors import CauteryError, EvidenceError, InputError
from cautery.evidence import Frontier, consistency_proof, leaf_hash
from cautery.evidence.note import NoteVerifier, checkpoint_text, open_checkpoint, open_note
from cautery.evidence.outside.cosignatures import CosignerKey, open_cosigned
from cautery.evidence.outside.cosigning import AddCheckpoint
from cautery.evidence.signing import MANIFEST_TITLE, tray_text

pytestmark = pytest.mark.real_signers

ORIGIN = "league.example"
LEAVES = [leaf_hash(bytes([n])) for n in range(40)]
FORK = [*LEAVES[:3], *(leaf_hash(b"fork" + bytes([n])) for n in range(40))]

Log = LogSecrets | SignerProcess


def text_of(size: int, leaves: list[bytes] = LEAVES, origin: str = ORIGIN) -> str:
    return checkpoint_text(origin, size, Frontier().extend(leaves[:size]).root())


def proof_of(size: int, earlier: int, leaves: list[bytes] = LEAVES) -> tuple[bytes, ...]:
    return tuple(consistency_proof(leaves[:size], earlier)) if earlier else ()


@pytest.fixture(params=["here", "process"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[bool], Log]:
    def made(new: bool) -> Log:  # noqa: FBT001 - one argument
        if request.param == "here":
            return LogSecrets(tmp_path / "keys", ORIGIN, new=new)
        return SignerProcess(tmp_path / "keys", f"{'new-' if new else ''}log:{ORIGIN}")

    return made


@pytest.fixture
def log(opened: Callable[[bool], Log]) -> Log:
    return opened(True)


def test_a_log_signs_checkpoints_that_go_on(log: Log, opened: Callable[[bool], Log]) -> None:
    log.sign(text_of(3), ())
    note = log.sign(text_of(9), proof_of(9, 3))
    assert open_checkpoint(note, NoteVerifier.parse(log.key)).size == 9
    again = opened(False)
    assert (again.key, again.last()[0]) == (log.key, 9)  # type: ignore[index]
    assert again.sign(text_of(9), ()) == note


def test_a_log_states_the_key_of_its_own_tray_and_no_other(log: Log, tmp_path: Path) -> None:
    publish_key(tmp_path, log.hashes, lambda text: log.sign(text, ()))
    text = open_note((tmp_path / "tray.pub").read_bytes(), NoteVerifier.parse(log.key))
    for other in (tray_text(b"x" * 32), text + "key 00\n", text.upper()):
        with pytest.raises(InputError, match="signs only checkpoints"):
            log.sign(other, ())


@pytest.mark.parametrize("content", [None, b"", b"3 no-root 0.0\n"])
def test_a_log_whose_last_root_is_lost_signs_nothing(
    tmp_path: Path, log: Log, content: bytes | None
) -> None:
    log.sign(text_of(3), ())
    [last] = (tmp_path / "keys").glob("log-*.last")
    last.unlink() if content is None else last.write_bytes(content)
    with pytest.raises(EvidenceError) as refused:
        log.sign(text_of(9), proof_of(9, 3))
    assert refused.value.hint == "Restore it from a backup of the keys."


@pytest.mark.parametrize(
    ("text", "proof"),
    [
        (text_of(2), ()),
        (text_of(5), ()),
        (text_of(5, FORK), proof_of(5, 3, FORK)[:1]),
        (text_of(3, FORK[::-1]), ()),
        (text_of(9, origin="other.example"), ()),
        (f"{MANIFEST_TITLE}\ncase 0123456789abcdef\nfiles 0\nbytes 0\n", ()),
        (f"cautery.letter/1\nsha256:{'0' * 64}\n", ()),
        (text_of(9) + "an extension\n", proof_of(9, 3)),
        ("", ()),
    ],
)
def test_a_log_signs_nothing_else(log: Log, text: str, proof: tuple[bytes, ...]) -> None:
    log.sign(text_of(3), ())
    with pytest.raises((EvidenceError, InputError)):
        log.sign(text, proof)
    assert log.last()[0] == 3  # type: ignore[index]


def test_a_log_makes_keyed_hashes_that_say_nothing_of_its_key(
    log: Log, opened: Callable[[bool], Log], tmp_path: Path
) -> None:
    hashes = log.hashes([b"one", b"two", b"one"])
    assert hashes[0] == hashes[2] != hashes[1]
    assert opened(False).hashes([b"one"]) == hashes[:1]
    other = LogSecrets(tmp_path / "keys", "other.example", new=True)
    assert other.hashes([b"one"]) != hashes[:1]
    for key in (tmp_path / "keys").glob("log-*.key"):
        assert hashes[0] != hmac.digest(key.read_bytes(), b"one", "sha256")


@pytest.mark.parametrize("origin", ["", "League.example", "one word", "a+b.example", "a" * 300])
def test_an_origin_is_a_domain(tmp_path: Path, origin: str) -> None:
    with pytest.raises(InputError, match="is not the origin of a log"):
        LogSecrets(tmp_path / "keys", origin, new=True)


def test_a_key_is_made_once(log: Log, opened: Callable[[bool], Log]) -> None:
    with pytest.raises(InputError, match="is already in"):
        opened(True)


def test_a_signer_of_a_log_knows_nothing_of_cases(tmp_path: Path) -> None:
    process = SignerProcess(tmp_path / "keys", f"new-log:{ORIGIN}")
    with pytest.raises(CauteryError, match="asked for something that it does not know"):
        process.pseudonym_key("x")
    with pytest.raises(CauteryError, match="asked for something that it does not know"):
        process.cosign(b"x")
    assert repr(LogSecrets(tmp_path / "keys", ORIGIN)) == "LogSecrets(name='league.example')"


@pytest.fixture
def cosigner(tmp_path: Path, log: Log) -> CosignerSecrets:
    secrets = CosignerSecrets(tmp_path / "cosigner", "partner.example/w", new=True)
    secrets.trust(log.key)
    return secrets


def asked(log: Log, size: int, old: int, leaves: list[bytes] = LEAVES) -> bytes:
    note = log.sign(text_of(size, leaves), proof_of(size, log.last()[0], leaves))  # type: ignore[index]
    return AddCheckpoint(old=old, proof=proof_of(size, old, leaves), note=note).body()


def forged(tmp_path: Path, log: Log, size: int, old: int) -> bytes:
    """Ask for a fork that the log's own key signed: its state was put back."""
    [last] = (tmp_path / "keys").glob("log-*.last")
    kept = last.read_bytes()
    last.write_bytes(b"0 " + Frontier().root().hex().encode() + b" 0.0\n")
    body = asked(log, size, old, FORK)
    last.write_bytes(kept)
    return body


def test_a_cosigner_never_signs_two_roots_of_one_size(
    tmp_path: Path, log: Log, cosigner: CosignerSecrets
) -> None:
    assert cosigner.cosign(asked(log, 5, 0)).status == 200
    for size, old in ((5, 0), (5, 5), (9, 5), (9, 0)):
        assert cosigner.cosign(forged(tmp_path, log, size, old)).status in (409, 422)
    again = CosignerSecrets(tmp_path / "cosigner")  # a restart forgets nothing
    assert again.cosign(forged(tmp_path, log, 9, 5)).status == 422
    assert again.cosign(asked(log, 9, 5)).status == 200


def test_of_requests_that_race_one_history_is_signed(
    tmp_path: Path, log: Log, cosigner: CosignerSecrets
) -> None:
    bodies = [asked(log, size, 0) for size in range(1, 9)]
    bodies += [forged(tmp_path, log, size, 0) for size in range(4, 12)]
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda body=body: answers.append(cosigner.cosign(body).status))
        for body in bodies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, *[409] * 15]


def test_a_cosigner_whose_state_is_damaged_signs_nothing(
    tmp_path: Path, log: Log, cosigner: CosignerSecrets
) -> None:
    cosigner.cosign(asked(log, 5, 0))
    [state] = (tmp_path / "cosigner").glob("last-*")
    state.write_text("rubbish")
    with pytest.raises(EvidenceError, match="does not hold what was co-signed last"):
        cosigner.cosign(asked(log, 9, 5))


def test_what_it_signed_is_on_disk_before_anybody_sees_it(
    tmp_path: Path, log: Log, cosigner: CosignerSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = asked(log, 5, 0)

    def fails(*_: object, **__: object) -> str:
        raise OSError("the power is cut here")

    monkeypatch.setattr("cautery.adapters._cosigner_secrets.cosignature_line", fails)
    with pytest.raises(OSError, match="the power is cut"):
        cosigner.cosign(body)
    assert cosigner.state(ORIGIN)[0] == 5


def test_a_process_cosigns_as_well(tmp_path: Path, log: Log) -> None:
    process = SignerProcess(tmp_path / "w", "new-cosigner:partner.example/w")
    process.trust(log.key)
    body = asked(log, 5, 0)
    status, line = process.cosign(body)
    assert status == 200
    note = AddCheckpoint.parse(body).note
    public = NoteVerifier.parse(process.key).public
    key = CosignerKey("partner.example/w", public)
    assert public in open_cosigned(note + line, NoteVerifier.parse(log.key), [key]).times
    assert process.cosign(asked(log, 9, 0)) == (409, "5\n")
    with pytest.raises(CauteryError, match="asked for something that it does not know"):
        process.hashes([b"x"])


def test_a_folder_without_a_cosigner_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not the folder of a co-signer"):
        CosignerSecrets(tmp_path / "none")
    (tmp_path / "open").mkdir(mode=0o755)
    CosignerSecrets(tmp_path / "w", "a.example", new=True)
    (tmp_path / "w").chmod(0o755)
    with pytest.raises(InputError, match="other users may read it"):
        CosignerSecrets(tmp_path / "w")
    with pytest.raises(InputError):
        CosignerSecrets(tmp_path / "v", "two words", new=True)
