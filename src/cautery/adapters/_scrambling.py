"""Whether a transport stream is marked as encrypted: by its packets, or in its programme map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Length and first byte of a packet of an MPEG transport stream (ISO/IEC 13818-1, 2.4.3.2).
_PACKET = 188
_SYNC = 0x47
_SEALED_SHARE = 0.5
"""Scrambled packets of a programme that is scrambled: nearly all; a flipped bit marks a few."""
_SAMPLE_AES = {0xDB: "H.264", 0xCF: "AAC", 0xC1: "AC-3", 0xC2: "E-AC-3"}
"""Stream types of Apple's "MPEG-2 Stream Encryption Format for HTTP Live Streaming"."""


def scrambling_of(data: bytes) -> str | None:
    """Return how a transport stream is encrypted, in words, or None if it is not marked so.

    Parameters
    ----------
    data : bytes
        The beginning of a stream of 188-byte packets; the first whole packets may be missing.

    Notes
    -----
    ISO/IEC 13818-1, 2.4.3.2: ``transport_scrambling_control`` and the programme map section.
    """
    packets = _packets(data)
    if not len(packets):
        return None
    numbers = (packets[:, 1] & 0x1F).astype(np.int32) << 8 | packets[:, 2]
    # PIDs up to 0x1F are of tables, 0x1FFF is of null packets (ISO/IEC 13818-1, table 2-3).
    media = packets[(numbers > 0x1F) & (numbers != 0x1FFF)]
    # transport_scrambling_control: 2 and 3 are an even and an odd key (ETSI TS 100 289).
    sealed = int((media[:, 3] >> 6 >= 2).sum())
    if sealed > _SEALED_SHARE * len(media):
        return f"{sealed} of {len(media)} transport packets are scrambled"
    kinds = _stream_types(packets, numbers) & _SAMPLE_AES.keys()
    if kinds:
        names = ", ".join(sorted(_SAMPLE_AES[kind] for kind in kinds))
        return f"{names} under SAMPLE-AES"
    return None


def _packets(data: bytes) -> NDArray[np.uint8]:
    for start in range(min(_PACKET, len(data))):
        if data[start] == _SYNC and data[start + _PACKET : start + _PACKET + 1] in {b"G", b""}:
            count = (len(data) - start) // _PACKET
            rows = np.frombuffer(data, np.uint8, count * _PACKET, start).reshape(count, _PACKET)
            synced: NDArray[np.uint8] = rows[rows[:, 0] == _SYNC]
            return synced
    return np.empty((0, _PACKET), np.uint8)


def _stream_types(packets: NDArray[np.uint8], numbers: NDArray[np.int32]) -> set[int]:
    """Return the stream types of the first programme map found."""
    maps: set[int] = set()
    for row, number in zip(packets[:5000], numbers[:5000], strict=True):
        packet = row.tobytes()
        if not packet[1] & 0x40 or (number and number not in maps):
            continue
        at = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
        if at >= _PACKET:
            continue
        section = packet[at + 1 + packet[at] :]
        end = 3 + ((section[1] & 0x0F) << 8 | section[2]) - 4 if len(section) > 12 else 0
        if number == 0:
            entries = range(8, min(end, len(section) - 3), 4)
            maps |= {(section[k + 2] & 0x1F) << 8 | section[k + 3] for k in entries}
        elif end:
            types: set[int] = set()
            k = 12 + ((section[10] & 0x0F) << 8 | section[11])
            while k + 4 < min(end, len(section)):
                types.add(section[k])
                k += 5 + ((section[k + 3] & 0x0F) << 8 | section[k + 4])
            return types
    return set()
