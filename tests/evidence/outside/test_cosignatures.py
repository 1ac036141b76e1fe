"""Co-signatures: read by a verifier of the specification alone, counted once each, bounded."""

from __future__ import annotations

import base64
import hashlib
import struct
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cautery.errors import EvidenceError, InputError
from cautery.evidence import Frontier, consistency_proof, leaf_hash
from cautery.evidence.merkle import EMPTY_ROOT
from cautery.evidence.note import NoteVerifier, checkpoint_text
from cautery.evidence.outside.cosignatures import CosignerKey, cosignature_line, open_cosigned
from cautery.evidence.outside.cosigning import AddCheckpoint, State, judge
from cautery.evidence.outside.policy import parse_policy
from cautery.evidence.signing import signed_note, verifier_key

LOG = Ed25519PrivateKey.from_private_bytes(b"l" * 32)
ORIGIN = "league.example"
VERIFIER = NoteVerifier(ORIGIN, LOG.public_key().public_bytes_raw())
LEAVES = [leaf_hash(bytes([n])) for n in range(20)]


def root_of(size: int, leaves: list[bytes] = LEAVES) -> bytes:
    return Frontier().extend(leaves[:size]).root()


def text_of(size: int, root: bytes | None = None) -> str:
    return checkpoint_text(ORIGIN, size, root_of(size) if root is None else root)


def note_of(size: int, root: bytes | None = None) -> str:
    return signed_note(text_of(size, root), name=ORIGIN, private=LOG)


def cosigner(letter: str) -> tuple[Ed25519PrivateKey, CosignerKey]:
    private = Ed25519PrivateKey.from_private_bytes(letter.encode() * 32)
    return private, CosignerKey(f"{letter}.example/w", private.public_key().public_bytes_raw())


def line(letter: str, size: int = 5, seconds: int = 1_700_000_000) -> str:
    private, key = cosigner(letter)
    return cosignature_line(text_of(size), name=key.name, private=private, seconds=seconds)


def independent(note: str, vkey: str) -> int:
    """Verify a co-signature as c2sp.org/tlog-cosignature has it, with ``cryptography`` alone."""
    name, _, encoded = vkey.split("+", 2)
    raw = base64.b64decode(encoded)
    assert raw[0] == 4
    key_id = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    body, _, lines = note.rpartition("\n\n")
    for each in lines.splitlines():
        dash, who, signature = each.split(" ")
        decoded = base64.b64decode(signature)
        if (dash, who, decoded[:4]) == ("\u2014", name, key_id):
            (seconds,) = struct.unpack(">Q", decoded[4:12])
            message = f"cosignature/v1\ntime {seconds}\n{body}\n".encode()
            Ed25519PublicKey.from_public_bytes(raw[1:]).verify(decoded[12:], message)
            return int(seconds)
    raise InvalidSignature


def test_a_verifier_of_the_specification_alone_accepts_it() -> None:
    _, key = cosigner("a")
    assert independent(note_of(5) + line("a"), str(key)) == 1_700_000_000


def test_the_key_id_is_that_of_the_specification_s_example() -> None:
    """Line ``witness.example.com/w1`` of c2sp.org/tlog-cosignature begins with 8d66cf3c."""
    assert base64.b64decode("jWbPPwAAAABkGFDL")[:4].hex() == "8d66cf3f"


def test_ours_says_who_signed_when() -> None:
    keys = [cosigner(letter)[1] for letter in "ab"]
    cosigned = open_cosigned(note_of(5) + line("a") + line("b", seconds=9), VERIFIER, keys)
    assert cosigned.times == {
        keys[0].public: datetime.fromtimestamp(1_700_000_000, UTC),
        keys[1].public: datetime.fromtimestamp(9, UTC),
    }
    assert (cosigned.unknown, cosigned.faults) == (0, ())


def test_lines_of_unknown_keys_and_types_are_passed_over() -> None:
    ml_dsa = base64.b64encode(b"\x01\x02\x03\x04" + bytes(8 + 2420)).decode()
    note = note_of(5) + line("a") + f"— pq.example/w {ml_dsa}\n"
    cosigned = open_cosigned(note, VERIFIER, [cosigner("a")[1]])
    assert (len(cosigned.times), cosigned.unknown) == (1, 1)


def test_a_policy_with_a_key_of_ml_dsa_is_refused_in_a_clear_word() -> None:
    """The algorithm byte has room for it: a policy that names one is not read as something else."""
    encoded = base64.b64encode(b"\x06" + bytes(1312)).decode()
    with pytest.raises(InputError, match="type 6, ML-DSA-44, which this version of Cautery cannot"):
        parse_policy(policy_of(f"witness pq pq.example/w+01020304+{encoded}", "quorum pq"))


def test_a_key_of_a_type_that_nobody_specified_is_refused_by_its_number() -> None:
    encoded = base64.b64encode(b"\x63" + bytes(32)).decode()
    with pytest.raises(InputError, match="must have type 4, but this one has type 99"):
        parse_policy(policy_of(f"witness x x.example/w+01020304+{encoded}", "quorum x"))


def test_a_co_signature_over_another_root_is_named_and_does_not_count() -> None:
    _, key = cosigner("a")
    cosigned = open_cosigned(note_of(5) + line("a", size=6), VERIFIER, [key])
    assert cosigned.times == {}
    assert cosigned.faults == ("the co-signature of a.example/w does not match the checkpoint",)


def test_a_log_s_plain_signature_by_the_same_key_is_no_co_signature() -> None:
    """A key that signs notes (type 1) does not thereby co-sign (type 4)."""
    private, key = cosigner("a")
    plain = signed_note(text_of(5), name=key.name, private=private).splitlines()[-1]
    assert open_cosigned(note_of(5) + plain + "\n", VERIFIER, [key]).times == {}


def test_a_note_with_100_signatures_is_read_and_one_more_is_refused() -> None:
    _, key = cosigner("a")
    note = note_of(5) + line("a") * 99
    assert len(open_cosigned(note, VERIFIER, [key]).times) == 1
    with pytest.raises(EvidenceError, match="more than 100 signatures"):
        open_cosigned(note + line("a"), VERIFIER, [key])


def test_a_checkpoint_that_the_log_has_not_signed_is_refused() -> None:
    note = signed_note(text_of(5), name=ORIGIN, private=cosigner("x")[0])
    with pytest.raises(EvidenceError, match="not signed by the log"):
        open_cosigned(note, VERIFIER, [])


@pytest.mark.parametrize("seconds", [2**63, 2**64 - 1, 253_402_300_800])
def test_a_time_that_no_calendar_has_is_a_fault(seconds: int) -> None:
    _, key = cosigner("a")
    cosigned = open_cosigned(note_of(5) + line("a", seconds=seconds), VERIFIER, [key])
    assert cosigned.faults == ("the co-signature of a.example/w has no possible time",)


def policy_of(*lines: str) -> bytes:
    return "\n".join([*lines, ""]).encode()


WITNESSES = [f"witness {letter} {cosigner(letter)[1]}" for letter in "abc"]


def test_k_of_n_is_enough_and_one_less_is_not() -> None:
    policy = parse_policy(policy_of(*WITNESSES, "group g 2 a b c", "quorum g"))
    keys = [key.public for key in policy.keys]
    assert policy.words == "2 of a, b, c"
    assert not policy.enough(keys[:1])
    assert not policy.enough([keys[0], keys[0], b"x" * 32])
    assert policy.enough(keys[:2])


def test_groups_of_groups_are_counted_as_the_specification_says() -> None:
    lines = [*WITNESSES, "group some any a b", "group both all some c", "quorum both"]
    policy = parse_policy(policy_of("# comment", "", *lines))
    a, _, c = (key.public for key in policy.keys)
    assert not policy.enough([a])
    assert policy.enough([a, c])


def test_two_co_signers_with_one_key_are_refused_and_count_once() -> None:
    private, key = cosigner("a")
    other = CosignerKey("alias.example/w", key.public)
    with pytest.raises(InputError, match="the same public key as 'a'; a co-signer counts once"):
        parse_policy(policy_of(WITNESSES[0], f"witness z {other}", "quorum a"))
    alias = cosignature_line(text_of(5), name=other.name, private=private, seconds=7)
    assert len(open_cosigned(note_of(5) + line("a") + alias, VERIFIER, [key, other]).times) == 1


def test_enough_means_by_the_time_of_the_last_that_is_needed() -> None:
    policy = parse_policy(policy_of(*WITNESSES, "group g 2 a b c", "quorum g"))
    moments = [datetime.fromtimestamp(second, UTC) for second in (10, 20, 30)]
    times = {key.public: at for key, at in zip(policy.keys, moments, strict=True)}
    assert policy.not_after(times) == moments[1]
    assert policy.not_before(times) == moments[1]
    assert policy.not_after({policy.keys[0].public: moments[0]}) is None


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (WITNESSES, "no quorum line"),
        ([*WITNESSES, "quorum d"], "not defined before it"),
        ([*WITNESSES, "group g 4 a b c", "quorum g"], "4 of 3 members cannot agree"),
        ([*WITNESSES, "group g 0 a b c", "quorum g"], "not a number, any or all"),
        ([*WITNESSES, "group g 2 a a", "quorum g"], "a member twice"),
        ([*WITNESSES, "group g any a", "group h any a", "quorum g"], "a member twice"),
        ([*WITNESSES, "group g any later", "quorum g"], "not defined before the group"),
        ([*WITNESSES, "quorum a", "quorum b"], "a second quorum"),
        (["witness none x", "quorum none"], "not an Ed25519 verifier key"),
        ([WITNESSES[0], WITNESSES[0], "quorum a"], "used twice"),
        ([f"witness a {VERIFIER}", "quorum a"], "the key of a co-signer must have type 4"),
        ([f"log {VERIFIER}", f"log {VERIFIER}", "quorum none"], "another log has the same"),
        (["anything else"], "not a line of a policy"),
        (["quorum none\x00"], "control character"),
        (["#"] * 1001, "more than 1000 lines"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_line(lines: list[str], why: str) -> None:
    with pytest.raises(InputError, match=why):
        parse_policy(policy_of(*lines))


def asked(size: int, old: int, **given: object) -> bytes:
    proof = consistency_proof(LEAVES[:size], old) if 0 < old <= size else ()
    values = {"old": old, "proof": tuple(proof), "note": note_of(size)} | given
    return AddCheckpoint(**values).body()  # type: ignore[arg-type]


def answered(body: bytes, state: State | None = None) -> int:
    known = state or (5, root_of(5))
    return judge(body, logs={ORIGIN: [VERIFIER]}, state=lambda _origin: known).status


def test_a_checkpoint_that_goes_on_is_co_signed() -> None:
    assert answered(asked(9, 5)) == 200
    assert answered(asked(5, 5)) == 200
    assert answered(asked(9, 0), (0, b"")) == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (asked(9, 4), 409),
        (asked(4, 4), 409),
        (asked(4, 5, proof=()), 400),
        (asked(5, 5, note=note_of(5, b"r" * 32)), 409),
        (asked(9, 5, note=note_of(9, b"r" * 32)), 422),
        (asked(9, 5, proof=()), 422),
        (asked(9, 5, note=note_of(9).replace(ORIGIN, "other.example")), 404),
        (asked(9, 5, note=signed_note(text_of(9), name=ORIGIN, private=cosigner("x")[0])), 403),
        (b"", 400),
        (b"old 05\n\n" + note_of(9).encode(), 400),
        (b"old -1\n\n" + note_of(9).encode(), 400),
        (b"old 5\n" + b"AAAA\n" + b"\n" + note_of(9).encode(), 400),
        (b"old 5\n" + base64.b64encode(bytes(32)) + b"\n" * 2 + note_of(9).encode(), 422),
        (
            b"old 5\n" + (base64.b64encode(bytes(32)) + b"\n") * 64 + b"\n" + note_of(9).encode(),
            400,
        ),
        (b"old 5\n\n\xff", 400),
        (b"x" * 100_000, 400),
    ],
)
def test_anything_else_is_refused_with_the_status_of_the_specification(
    body: bytes, status: int
) -> None:
    assert answered(body) == status


def test_a_proof_from_size_0_must_be_empty() -> None:
    assert answered(asked(9, 0, proof=(bytes(32),)), (0, b"")) == 422


def test_a_verifier_key_reads_back_and_a_wrong_one_is_refused() -> None:
    _, key = cosigner("a")
    assert CosignerKey.parse(f"{key}\n") == key
    for text in ("", "a", str(key)[:-4], str(key).replace("+", "-"), verifier_key("a", key.public)):
        with pytest.raises(InputError):
            CosignerKey.parse(text)


def test_a_log_without_leaves_has_one_root() -> None:
    logs = {ORIGIN: [VERIFIER]}
    for root, status in ((EMPTY_ROOT, 200), (b"x" * 32, 400)):
        body = AddCheckpoint(old=0, proof=(), note=note_of(0, root)).body()
        assert judge(body, logs=logs, state=lambda _: (0, b"")).status == status
