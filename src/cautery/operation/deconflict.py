"""Two agencies learn which targets they share, and nothing else: ECDH private set intersection.

After Meadows (1986) and Huberman, Franklin and Hogg (1999), as in the Internet-Draft
draft-ecdh-psi-00, over ristretto255 (RFC 9496) by libsodium. Each side raises the hashes of its
targets to a secret scalar, the other side raises them to its own; what both share is equal then.
The threat model, and what a transcript tells, is in ADR 0008.

All randomness is an argument: ``random(n)`` gives ``n`` unpredictable bytes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import rbcl

from cautery.errors import InputError

FORMAT = "cautery.deconflict/1"
POINT_BYTES = 32
"""Of an encoded element of ristretto255 (RFC 9496, 4.3.2)."""
SIZES = (1 << 10, 1 << 14, 1 << 17)
"""What sets are padded to by default: a size tells one of three classes, no more (ADR 0008)."""
LEAST_SIZE, MOST_SIZE = 1 << 6, 1 << 17
"""An agreed size lies between them. The most is also the budget of a dishonest partner: it can
ask about no more than that many guesses in one signed, recorded run."""

_HASH_TO_GROUP = b"cautery deconflict v1 ristretto255 SHA-512"
_COMMIT = b"cautery deconflict v1 commitment"
_SESSION = b"cautery deconflict v1 session"
_IDENTITY = bytes(POINT_BYTES)
_CHUNK = 4096

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedSet:
    """One side's own part of a run; ``scalar`` and ``targets`` are secret.

    Parameters
    ----------
    scalar : bytes
        Drawn for this run alone.
    points : tuple of bytes
        Hashes of targets and random padding, masked, ascending: what the other side is sent.
    targets : tuple of (str or None)
        Beside each point its target; ``None`` for padding.
    """

    scalar: bytes
    points: tuple[bytes, ...]
    targets: tuple[str | None, ...]

    def __repr__(self) -> str:
        return f"MaskedSet({len(self.points)} points)"


def agreed_size(targets: int) -> int:
    """Return the smallest of :data:`SIZES` that holds a set.

    Raises
    ------
    InputError
        If it is larger than any run may be.
    """
    for size in SIZES:
        if targets <= size:
            return size
    raise InputError(
        f"{targets} targets, but a run compares at most {MOST_SIZE}",
        hint="Deconflict the targets of one network or country at a time.",
    )


def check_size(size: int) -> None:
    """Refuse a size that is no power of two between the least and the most.

    Raises
    ------
    InputError
        If it is not.
    """
    if not LEAST_SIZE <= size <= MOST_SIZE or size & (size - 1):
        raise InputError(
            f"the size of a run must be a power of two from {LEAST_SIZE} to {MOST_SIZE}, not {size}"
        )


def session_of(operation: str, first: str, second: str, size: int, nonce: bytes) -> str:
    """Return a run's id: bound to both agencies, who begins, the size, and a fresh nonce."""
    parts = [part.encode() for part in (operation, first, second, str(size))] + [nonce]
    # Each part after its length: else two different lists of parts could give the same bytes.
    framed = b"".join(len(part).to_bytes(4, "big") + part for part in [_SESSION, *parts])
    return hashlib.sha256(framed).hexdigest()


def hash_to_group(target: str, session: str) -> bytes:
    """Return the group element of a normalised target; another one in each session."""
    framed = b"".join(
        len(part).to_bytes(4, "big") + part
        for part in (_HASH_TO_GROUP, bytes.fromhex(session), target.encode())
    )
    point: bytes = rbcl.crypto_core_ristretto255_from_hash(hashlib.sha512(framed).digest())
    return point


def masked_set(
    targets: Iterable[str], *, session: str, size: int, random: Callable[[int], bytes]
) -> MaskedSet:
    """Hash, pad, mask and sort one side's targets.

    Parameters
    ----------
    targets : iterable of str
        Normalised (:func:`~cautery.operation.targets.normalise`); doubles count once.

    Raises
    ------
    InputError
        If there are more than ``size``.
    """
    check_size(size)
    own_targets = sorted(set(targets))
    if len(own_targets) > size:
        raise InputError(
            f"more targets than the {size} that this run compares",
            hint="Agree on a larger size, or deconflict only a part of the targets.",
        )
    # 512 bits, so that reducing them to the order of the group favours no scalar noticeably.
    scalar = rbcl.crypto_core_ristretto255_scalar_reduce(random(64))
    # Padding is uniform in the group whoever holds the scalar: masked or not makes no difference.
    padding = [
        rbcl.crypto_core_ristretto255_from_hash(random(64)) for _ in range(size - len(own_targets))
    ]
    masked = multiply(scalar, _over(lambda target: hash_to_group(target, session), own_targets))
    rows = sorted(
        [*zip(masked, own_targets, strict=True), *((point, None) for point in padding)],
        key=lambda row: row[0],
    )
    return MaskedSet(
        scalar=scalar,
        points=tuple(row[0] for row in rows),
        targets=tuple(row[1] for row in rows),
    )


def commitment(points: Sequence[bytes], session: str) -> str:
    """Return what binds a side to its masked set before it sees the other's."""
    # Session and points have fixed lengths, so that they need no lengths between them.
    digest = hashlib.sha256(_COMMIT + bytes.fromhex(session))
    digest.update(b"".join(points))
    return digest.hexdigest()


def multiply(scalar: bytes, points: Sequence[bytes]) -> tuple[bytes, ...]:
    """Raise every point to a scalar, in order, on all cores (libsodium leaves the GIL alone)."""
    return tuple(_over(lambda point: rbcl.crypto_scalarmult_ristretto255(scalar, point), points))


def check_points(points: Sequence[bytes], *, size: int, ascending: bool) -> None:
    """Refuse what is no set of ``size`` different group elements.

    Parameters
    ----------
    ascending : bool
        A masked set is sorted, so that its order tells nothing; what was raised again stands in
        the order of the set that it answers.

    Raises
    ------
    InputError
        If a point is not canonical or the identity, one stands twice, or there are too few or
        too many.
    """
    if len(points) != size:
        raise InputError(f"the set has {len(points)} points, but the run has {size}")
    if len(set(points)) != size:
        raise InputError("the set contains a point twice")
    if ascending and any(point >= following for point, following in pairwise(points)):
        raise InputError("a masked set must be sorted, so that its order reveals nothing")
    # The identity stays itself whatever it is raised to, and would look shared.
    if _IDENTITY in points or not all(_over(_valid, points)):
        raise InputError("every point must be an element of the group other than the identity")


def shared_targets(
    own: MaskedSet, own_raised: Sequence[bytes], other_raised: Sequence[bytes]
) -> tuple[str, ...]:
    """Return which of one's own targets the other side has too, sorted.

    Parameters
    ----------
    own_raised : sequence of bytes
        One's own masked set as the other side raised it, in the same order.
    other_raised : sequence of bytes
        The other's masked set, raised by oneself.
    """
    their_points = set(other_raised)
    return tuple(
        sorted(
            target
            for target, raised in zip(own.targets, own_raised, strict=True)
            if target is not None and raised in their_points
        )
    )


def _valid(point: bytes) -> bool:
    return bool(rbcl.crypto_core_ristretto255_is_valid_point(point))


def _over(work: Callable[[S], T], items: Sequence[S]) -> list[T]:
    """Apply ``work`` to each item, in chunks on as many threads as there are cores."""
    if len(items) <= _CHUNK:
        return [work(item) for item in items]
    chunks = [items[at : at + _CHUNK] for at in range(0, len(items), _CHUNK)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        results = pool.map(lambda chunk: [work(item) for item in chunk], chunks)
        return [item for chunk in results for item in chunk]
