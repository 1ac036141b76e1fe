"""Keys under which anybody can sign, and keys spelt twice, are refused wherever one is read."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cautery.act import public_key
from cautery.adapters.person_keys import load_public_key
from cautery.errors import CauteryError
from cautery.evidence.note import NoteVerifier
from cautery.model import Approver, key_fault

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]


def add(a: Point, b: Point) -> Point:
    """Add two points of the curve (RFC 8032, section 5.1.4, affine)."""
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + D * a[0] * b[0] * a[1] * b[1], -1, P)
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - D * a[0] * b[0] * a[1] * b[1], -1, P)
    return x % P, y % P


def torsion() -> list[Point]:
    """Return the eight points of small order: the multiples of one of order 8."""
    y = int.from_bytes(
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
    )
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    points = [(x, y)]
    while len(points) < 8:
        points.append(add(points[-1], (x, y)))
    return points


def encodings(point: Point) -> list[bytes]:
    """Return every 32 bytes that a lax reader takes for a point: y or y + p, and either sign of 0."""
    signs = {0, 1} if point[0] == 0 else {point[0] & 1}
    return [
        (y | sign << 255).to_bytes(32, "little")
        for y in (point[1], point[1] + P)
        for sign in signs
        if y < 2**255
    ]


SMALL = sorted({one for point in torsion() for one in encodings(point)})
KNOWN = [  # libsodium, ge25519_has_small_order; both signs
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]
# y = 3 + p is on the curve's list of 19 second spellings; it is no point of small order.
SECOND_SPELLINGS = [(y + P).to_bytes(32, "little") for y in range(2, 19)]


def as_approver(raw: bytes, _: Path) -> None:
    public_key(Approver(name="A", role="r", public_key=base64.b64encode(raw).decode()))


def as_approver_in_pem(raw: bytes, _: Path) -> None:
    key = Ed25519PublicKey.from_public_bytes(raw)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    public_key(Approver(name="A", role="r", public_key=pem))


def as_verifier(raw: bytes, _: Path) -> None:
    NoteVerifier("cautery/case-1", raw)


def as_a_file(raw: bytes, folder: Path) -> None:
    pem = Ed25519PublicKey.from_public_bytes(raw).public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    (folder / "key.pem").write_bytes(pem)
    load_public_key(folder / "key.pem", name="league")


READERS = [as_approver, as_approver_in_pem, as_verifier, as_a_file]


def test_the_points_of_small_order_are_those_that_are_known() -> None:
    known = [bytes.fromhex(one) for one in KNOWN]
    known += [one[:31] + bytes([one[31] | 0x80]) for one in known]
    assert set(SMALL) == set(known)
    assert len({point[1] for point in torsion()}) == 5


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("raw", SMALL + SECOND_SPELLINGS, ids=bytes.hex)
def test_a_key_that_nobody_can_be_known_by_is_refused(
    raw: bytes, read: Callable[[bytes, Path], None], tmp_path: Path
) -> None:
    with pytest.raises(CauteryError, match=r"small order|one spelling"):
        read(raw, tmp_path)


@pytest.mark.parametrize("read", READERS)
def test_a_real_key_is_taken(read: Callable[[bytes, Path], None], tmp_path: Path) -> None:
    for n in range(20):
        key = Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32).public_key()
        read(key.public_bytes_raw(), tmp_path)


def test_a_key_of_31_bytes_is_none() -> None:
    assert "31" in (key_fault(bytes(31)) or "")
