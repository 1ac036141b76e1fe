"""The bytes of a segment: cut out of an answer, and undone with the key that any player gets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from cautery.errors import EvidenceError, SourceError
from cautery.evidence.ports import CaseVault
from cautery.evidence.warc import read_warc
from cautery.formats.hls import Segment
from cautery.messages import tr
from cautery.model import Digest, ExhibitId, digest_of
from cautery.model.records.scoring import MediaPiece

MOST_BYTES = 64 << 20
"""Of joined media: a probe of twelve seconds has 40 MB at 25 Mbit/s. Whoever has the folder of a
case can append a record that names one sealed answer ten thousand times."""
_MOST_ARCHIVED = 4 * MOST_BYTES
"""Of the archives of one comparison, as they lie and as they were answered together. Judgement."""
_BYTE_RANGE = re.compile(r"(?P<length>[0-9]{1,18})(?:@(?P<offset>[0-9]{1,18}))?")


def cut(body: bytes, byte_range: str | None) -> bytes:
    """Return the sub-range ``LENGTH@OFFSET`` (RFC 8216, 4.3.2.2) of ``body``.

    Raises
    ------
    SourceError
        If it is no range within the body.
    """
    if byte_range is None:
        return body
    match = _BYTE_RANGE.fullmatch(byte_range)
    if match is None:
        raise SourceError(f"invalid byte range: {byte_range[:40]!r}")
    length, start = int(match["length"]), int(match["offset"] or 0)
    if start + length > len(body):
        raise SourceError(f"the byte range ends after the end of the file: {byte_range[:40]!r}")
    return body[start : start + length]


def decrypt(body: bytes, *, key: bytes, segment: Segment) -> bytes:
    """Undo HLS AES-128 with the key that the server gives to any player.

    Raises
    ------
    SourceError
        If key or padding do not fit.

    Notes
    -----
    RFC 8216, section 5.2: without an IV attribute the media sequence number is the IV.
    """
    if len(key) != 16:
        raise SourceError(f"an AES-128 key must have 16 bytes, not {len(key)}")
    try:
        return undone(body, key=key, iv=vector_of(segment))
    except (ValueError, OverflowError) as error:
        raise SourceError(f"a segment cannot be decrypted with the served key: {error}") from error


def undone(body: bytes, *, key: bytes, iv: bytes) -> bytes:
    """Undo AES-128 in CBC mode with PKCS #7 padding.

    Raises
    ------
    ValueError
        If key, vector or padding do not fit.
    """
    unpadder = PKCS7(128).unpadder()
    machine = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    clear = machine.update(body) + machine.finalize()
    return unpadder.update(clear) + unpadder.finalize()


def answers_in(archives: Sequence[ExhibitId], vault: CaseVault) -> dict[Digest, bytes]:
    """Return the answers in sealed archives by their digests; what is no archive has none.

    Raises
    ------
    EvidenceError
        If one is damaged, or they are more than media are compared with.
    """
    answers: dict[Digest, bytes] = {}
    left = _MOST_ARCHIVED
    for name in dict.fromkeys(archives):
        archive = b"".join(vault.pieces(name, start=0, stop=left + 1))
        left -= len(archive)
        if archive.startswith(b"WARC/"):
            for answer in read_warc(archive):
                if answer.body:
                    answers[digest_of(answer.body)] = answer.body
                    left -= len(answer.body)
        if left < 0:  # before the next one is read
            raise EvidenceError(tr("These media are too large to be played here."))
    return answers


def joined_again(pieces: Sequence[MediaPiece], answers: Mapping[Digest, bytes]) -> bytes:
    """Join media as they were joined when they were fetched, from answers by their digests.

    Raises
    ------
    SourceError
        If an answer is not there, or a range or a key does not fit.
    EvidenceError
        If they are larger than what is compared.
    """
    joined = bytearray()
    for piece in pieces:
        try:
            body = cut(answers[piece.payload], piece.byte_range)
            if piece.key is not None and piece.iv is not None:
                body = undone(body, key=answers[piece.key], iv=bytes.fromhex(piece.iv))
        except (KeyError, ValueError) as error:
            raise SourceError("a part of the media is not sealed in the clear") from error
        if len(joined) + len(body) > MOST_BYTES:
            raise EvidenceError(tr("These media are too large to be played here."))
        joined += body
    return bytes(joined)


def vector_of(segment: Segment) -> bytes:
    """Return the initialisation vector of an encrypted segment.

    Raises
    ------
    OverflowError
        If its sequence number does not fit one.
    """
    iv = None if segment.key is None else segment.key.iv
    return iv if iv is not None else segment.sequence.to_bytes(16, "big")
