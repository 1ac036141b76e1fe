"""One suite over every signer: in this process, in one of its own, and with its key in a token."""

from __future__ import annotations

import base64
import contextlib
import errno
import multiprocessing
import os
import re
import secrets
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.tokens import SoftToken

from cautery.act import StandingList
from cautery.adapters import signer as signer_module
from cautery.adapters._case_secrets import CaseSecrets
from cautery.adapters._signer_child import answer
from cautery.adapters._signer_talk import framed, receive
from cautery.adapters.keys_file import CasePseudonyms, FileCaseKeys, KeyFolder
from cautery.adapters.signer import SignerProcess
from cautery.errors import ErasedError, EvidenceError, InputError, SignerError
from cautery.evidence import Frontier, consistency_proof, leaf_hash
from cautery.evidence.note import NoteVerifier, open_checkpoint, open_note
from cautery.model import Intermediary, KeyedPseudonyms, digest_of

pytestmark = pytest.mark.real_signers

LEAVES = [leaf_hash(bytes([n])) for n in range(40)]
LETTER = f"cautery.letter/1\nsha256:{'0' * 64}\n"


@pytest.fixture(params=["here", "process", "token"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> KeyFolder:
    if request.param == "token":
        token = SoftToken.made(tmp_path / "token")
        token.name_in(tmp_path / "keys")
    secrets = CaseSecrets if request.param == "here" else SignerProcess
    return KeyFolder(tmp_path / "keys", secrets)


@pytest.fixture
def keys(folder: KeyFolder) -> FileCaseKeys:
    return folder.create_case()


@pytest.fixture
def process(tmp_path: Path) -> SignerProcess:
    return SignerProcess(tmp_path / "keys")


def root_of(size: int) -> bytes:
    return Frontier().extend(LEAVES[:size]).root()


def checkpoint(keys: FileCaseKeys, size: int, root: bytes | None = None) -> str:
    encoded = base64.b64encode(root or root_of(size)).decode()
    return f"{keys.signer.name}\n{size}\n{encoded}\n"


def manifest(keys: FileCaseKeys, size: int) -> str:
    return (
        f"Cautery case manifest v1\ncase {keys.case}\nfiles 1\nbytes 1\n"
        f"manifest sha256:{'0' * 64}\nledger {size} {root_of(size).hex()}\n"
    )


def test_a_new_case_has_signed_nothing_yet(keys: FileCaseKeys) -> None:
    last = keys.signer.last()
    assert last is not None
    assert (last.size, last.root) == (0, root_of(0))


def test_a_checkpoint_is_signed_and_remembered(keys: FileCaseKeys, folder: KeyFolder) -> None:
    note = keys.signer.sign(checkpoint(keys, 21))
    assert open_checkpoint(note, keys.verifier).size == 21
    last = folder.case(keys.verifier).signer.last()
    assert last is not None
    assert (last.size, last.root) == (21, root_of(21))


def test_the_next_checkpoint_goes_on_from_the_last(keys: FileCaseKeys) -> None:
    keys.signer.sign(checkpoint(keys, 21))
    keys.signer.sign(checkpoint(keys, 30), proof=consistency_proof(LEAVES[:30], 21))
    last = keys.signer.last()
    assert last is not None
    assert last.size == 30


@pytest.mark.parametrize(
    "wrong",
    [
        lambda keys: (checkpoint(keys, 20), ()),
        lambda keys: (checkpoint(keys, 21, bytes(32)), ()),
        lambda keys: (checkpoint(keys, 30), ()),
        lambda keys: (checkpoint(keys, 30), (bytes(32),) * 3),
        lambda keys: (manifest(keys, 20), ()),
        lambda keys: (manifest(keys, 21).replace(keys.case, "0" * 16), ()),
    ],
    ids=["smaller", "edited", "no proof", "another proof", "older manifest", "another case"],
)
def test_what_does_not_go_on_from_the_last_root_is_refused_and_forgotten(
    keys: FileCaseKeys, wrong: Callable[[FileCaseKeys], tuple[str, tuple[bytes, ...]]]
) -> None:
    keys.signer.sign(checkpoint(keys, 21))
    text, proof = wrong(keys)
    with pytest.raises(EvidenceError, match="not signed"):
        keys.signer.sign(text, proof=proof)
    last = keys.signer.last()
    assert last is not None
    assert last.size == 21


def test_a_text_of_no_known_form_is_refused(keys: FileCaseKeys) -> None:
    with pytest.raises(InputError, match="may not sign"):
        keys.signer.sign("I owe you one\n")


def test_a_manifest_of_the_last_root_is_signed(keys: FileCaseKeys) -> None:
    keys.signer.sign(checkpoint(keys, 21))
    text = manifest(keys, 21)
    assert open_note(keys.signer.sign(text).encode(), keys.verifier) == text


def test_what_closed_a_case_is_remembered_and_signed_again_alone(
    keys: FileCaseKeys, folder: KeyFolder
) -> None:
    note = keys.signer.sign(checkpoint(keys, 21))
    text = manifest(keys, 21)
    signed = keys.signer.sign(text)
    other = folder.case(keys.verifier).signer
    last = other.last()
    assert last is not None
    assert (last.size, last.closed) == (21, digest_of(text.encode()))
    assert other.sign(text) == signed
    for refused in (checkpoint(keys, 21), text.replace("files 1", "files 2"), LETTER):
        with pytest.raises(EvidenceError, match="closed"):
            other.sign(refused)
    with pytest.raises(EvidenceError, match="closed"):
        other.go_back("", signatures=(), checkpoint=note, opened=b"", proof=())


def test_a_last_root_of_an_earlier_version_is_read(keys: FileCaseKeys, folder: KeyFolder) -> None:
    (folder.path / f"case-{keys.case}.last").write_text(f"21 {root_of(21).hex()} 1700000000.5\n")
    last = folder.case(keys.verifier).signer.last()
    assert last is not None
    assert (last.size, last.root, last.closed) == (21, root_of(21), None)


def test_two_signers_of_one_case_do_not_sign_two_ways(
    keys: FileCaseKeys, folder: KeyFolder
) -> None:
    other = folder.case(keys.verifier)
    keys.signer.sign(checkpoint(keys, 21))
    with pytest.raises(EvidenceError):
        other.signer.sign(checkpoint(keys, 20))


def test_two_threads_that_ask_at_once_get_their_own_answers(keys: FileCaseKeys) -> None:
    expected = {name: keys.pseudonyms.of(name) for name in map(str, range(40))}
    asked = CasePseudonyms(keys._secrets)
    found: dict[str, str] = {}

    def ask(names: list[str]) -> None:
        found.update({name: asked.of(name) for name in names})

    threads = [
        threading.Thread(target=ask, args=([str(n) for n in range(start, 40, 4)],))
        for start in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


def test_pseudonyms_are_those_of_the_key_in_the_folder(
    keys: FileCaseKeys, folder: KeyFolder
) -> None:
    [file] = folder.path.glob("*.redaction")
    here = KeyedPseudonyms(file.read_bytes())
    secret = "anna\udcff"  # not UTF-8, as some lists are
    assert keys.pseudonyms.of(secret, digits=32) == here.of(secret, digits=32)
    assert keys.pseudonyms.all_of(["b", "a", "b"]) == here.all_of(["b", "a", "b"])


def test_sixty_thousand_pseudonyms_are_asked_for_in_a_few_questions(keys: FileCaseKeys) -> None:
    asked: list[int] = []

    class Counted:
        def hashes(self, values: list[bytes]) -> list[bytes]:
            asked.append(len(values))
            return keys._secrets.hashes(values)

    pseudonyms = CasePseudonyms(Counted())  # type: ignore[arg-type]
    names = [f"user{n}" for n in range(60_000)]
    assert len(set(pseudonyms.all_of(names))) == 60_000
    assert len(asked) <= 8
    pseudonyms.all_of(names)
    assert sum(asked) == 60_000, "what was asked before is remembered"


def test_what_is_remembered_holds_no_secret_in_clear(keys: FileCaseKeys) -> None:
    pseudonyms = CasePseudonyms(keys._secrets)
    pseudonyms.of("s3cret-of-anna")
    assert b"s3cret" not in b"".join((*pseudonyms._known, *pseudonyms._known.values()))


def test_subject_keys_are_made_found_and_destroyed(keys: FileCaseKeys) -> None:
    key_id, key = keys.subjects.current("source:1")
    assert keys.subjects.find("source:1", key_id) == key
    assert keys.subjects.destroy("source:1") == 1
    with pytest.raises(ErasedError):
        keys.subjects.find("source:1", key_id)
    with pytest.raises(EvidenceError, match="no key of"):
        keys.subjects.find("source:2", key_id)


def test_pseudonyms_of_a_subject_go_with_its_key(keys: FileCaseKeys) -> None:
    before = keys.pseudonyms_of("customers").of("anna")
    assert before != keys.pseudonyms.of("anna")
    keys.subjects.destroy("customers")
    assert keys.pseudonyms_of("customers").of("anna") != before


# A process of its own


def test_a_dead_signer_is_started_again_and_remembers(process: SignerProcess) -> None:
    keys = FileCaseKeys(process)
    keys.signer.sign(checkpoint(keys, 21))
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(EvidenceError, match="not signed"):
        keys.signer.sign(checkpoint(keys, 20))
    assert keys.signer.sign(LETTER)


def test_a_signer_that_cannot_be_started_again_is_said_to_be_gone(
    process: SignerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signer_module, "_RUN", "raise SystemExit")
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(SignerError):
        process.sign(LETTER, ())


def test_a_signer_whose_keys_are_gone_says_so(process: SignerProcess) -> None:
    for path in process._folder.glob("case-*"):
        path.unlink()
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(InputError, match="this key does not exist"):
        process.sign(LETTER, ())


def served(answers: bytes) -> socket.socket:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    theirs.sendall(answers)
    theirs.shutdown(socket.SHUT_WR)

    def listen() -> None:
        with contextlib.suppress(OSError):
            while theirs.recv(1 << 20):
                pass

    threading.Thread(target=listen, daemon=True).start()
    return ours


FORGED = (
    f"{LETTER}\n\N{EM DASH} cautery/case-0123456789abcdef {base64.b64encode(bytes(68)).decode()}\n"
)


@pytest.mark.parametrize(
    "answers",
    [
        b"\xff" * 4096,
        b"\xff\xff\xff\xff",
        struct.pack(">II", 1, 1 << 31) + b"x" * 64,
        framed([b"yes", b"of course"]),
        framed([b"ok"]),
        framed([b"ok", b"no note"]),
        framed([b"ok", b"a", b"b"]),
        framed([b"ok", FORGED.encode()]),
        framed([b"no"]),
        framed([]),
    ],
)
def test_a_replaced_signer_that_answers_nonsense_signs_nothing(
    process: SignerProcess, answers: bytes
) -> None:
    process._socket.close()
    process._socket = served(answers)
    with pytest.raises(SignerError):
        process.sign(LETTER, ())


def test_while_a_process_is_put_in_the_place_of_one_whose_token_was_away_all_else_is_answered(
    process: SignerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a watch's event loop asks for pseudonyms while another thread signs."""
    starts, may_start, plain = threading.Event(), threading.Event(), signer_module._started

    def slowly(*asked: Any) -> Any:
        starts.set()
        assert may_start.wait(10)
        return plain(*asked)

    monkeypatch.setattr(signer_module, "_started", slowly)
    former, process._socket = (
        process._socket,
        served(framed([b"no", b"TokenError", b"it is away"]) + framed([b"ok", b"h" * 32])),
    )
    with ThreadPoolExecutor(1) as aside:
        signed = aside.submit(process.sign, LETTER, ())
        try:
            assert starts.wait(10)
            assert process.hashes([b"anna"]) == [b"h" * 32]
            assert not signed.done()
        finally:
            may_start.set()
        assert open_note(signed.result().encode(), NoteVerifier.parse(process.key)) == LETTER
    former.close()


def test_a_process_is_kept_if_none_can_be_put_in_its_place(
    process: SignerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: Any) -> Any:
        raise OSError(errno.EAGAIN, "no more processes")

    monkeypatch.setattr(signer_module, "_started", none)
    former, process._socket = (
        process._socket,
        served(framed([b"no", b"TokenError", b"it is away"]) + framed([b"ok", b"h" * 32])),
    )
    with pytest.raises(SignerError, match="no more processes"):
        process.sign(LETTER, ())
    assert process.hashes([b"anna"]) == [b"h" * 32]
    former.close()


def test_a_note_over_another_text_is_not_taken(process: SignerProcess, tmp_path: Path) -> None:
    other = LETTER.replace("0", "1")
    note = process.sign(other, ())
    process._socket.close()
    process._socket = served(framed([b"ok", note.encode()]))
    with pytest.raises(SignerError, match="not valid"):
        process.sign(LETTER, ())


def test_a_note_by_another_key_is_not_taken(process: SignerProcess, tmp_path: Path) -> None:
    stranger = CaseSecrets(tmp_path / "others")
    process._socket.close()
    process._socket = served(framed([b"ok", stranger.sign(LETTER, ()).encode()]))
    with pytest.raises(SignerError, match="not valid"):
        process.sign(LETTER, ())


def _asked_in_a_fork(process: SignerProcess, line: object) -> None:
    try:
        process.sign(LETTER, ())
        line.send("signed")  # type: ignore[attr-defined]
    except SignerError as error:
        line.send(str(error))  # type: ignore[attr-defined]


def test_a_fork_is_refused_and_disturbs_nothing(process: SignerProcess) -> None:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_asked_in_a_fork, args=(process, theirs))
    child.start()
    assert "the process that started it" in ours.recv()
    child.join()
    assert process.sign(LETTER, ())


@pytest.mark.parametrize(
    "asked",
    [
        [],
        [b"key"],
        [b"sign"],
        [b"hash"],
        [b"go back", b"a", b"b", b"c", b"x"],
        [b"go back", b"a", b"b", b"c", b"9"],
        [b"subject key", b"\xff"],
        [b"sign", b"\xff"],
        [b"last", b"x"],
    ],
)
def test_a_question_that_it_does_not_know_is_answered_with_no(
    asked: list[bytes], tmp_path: Path
) -> None:
    assert answer(CaseSecrets(tmp_path / "keys"), asked)[0] == b"no"


def test_random_questions_never_get_a_key(tmp_path: Path) -> None:
    held = CaseSecrets(tmp_path / "keys")
    seed = (tmp_path / f"keys/case-{held.case}.key").read_bytes()
    redaction = (tmp_path / f"keys/case-{held.case}.redaction").read_bytes()
    names = [b"sign", b"hashes", b"last", b"go back", b"subject key", b"find subject key"]
    for _ in range(2000):
        asked = [
            secrets.choice(names),
            *(secrets.token_bytes(9) for _ in range(secrets.randbelow(6))),
        ]
        said = b"".join(answer(held, asked))
        assert seed not in said
        assert redaction not in said


def test_garbage_ends_the_signer_and_not_its_caller(process: SignerProcess) -> None:
    process._socket.sendall(b"\xff" * 64)
    assert process.sign(LETTER, ())


def test_messages_go_whole_or_not_at_all() -> None:
    one, other = socket.socketpair()
    one.sendall(framed([b"", b"x" * 70_000, b"\0"]))
    assert receive(other.recv) == [b"", b"x" * 70_000, b"\0"]
    one.sendall(framed([b"whole"])[:-1])
    one.close()
    with pytest.raises(EOFError):
        receive(other.recv)
    other.close()


def test_it_ends_with_who_started_it(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from cautery.adapters.signer import SignerProcess\n"
        "held = SignerProcess(Path(sys.argv[1])); print(held.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "keys"], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()
    limit = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < limit:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_a_running_signer_is_closed_in(process: SignerProcess) -> None:
    limits = Path(f"/proc/{process.pid}/limits").read_text()
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert re.search(r"Max core file size\s+0\s+0", limits)
    assert re.search(r"Seccomp:\s+2", status)


def test_the_last_version_of_a_list_is_kept_with_its_date(
    keys: FileCaseKeys,
) -> None:
    public = NoteVerifier.parse(keys.signer.key).public
    standing = StandingList(key=public, to=Intermediary(name="isp", territory="FR"))
    made_at = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
    version = standing.next_version(made_at)
    assert keys.signer.last_list(standing.id) is None
    keys.signer.sign_list(version.text)
    assert keys.signer.last_list(standing.id) == (1, version.digest, made_at)
