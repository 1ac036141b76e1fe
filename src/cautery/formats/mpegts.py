"""A transport stream as it comes in, cut into pieces that each decode by themselves.

Pure: bytes in, pieces out. A piece begins with the tables (PAT, PMT) that were in force and with
the last second of the piece before, so that no frame is lost at a cut; who takes pieces in order
drops by time stamp what it has. A new run begins where the stream does: at the start, where its
clock jumps, or where its tables name other streams (a codec changed).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FORMAT = "MPEG transport stream"
SPECIFICATION = "ISO/IEC 13818-1 (ITU-T H.222.0), 2.4.3 and 2.4.4"

# Numbers of ISO/IEC 13818-1 (2.4.3.2 and 2.4.3.6).
PACKET = 188
CLOCK_HZ = 90_000
WRAP = 1 << 33
"""Of PTS and PCR base: some 26.5 hours."""
_SYNC = 0x47
_TRUSTED = 5
"""Sync bytes in a row before packets are believed."""
_JUMP_S = 2.0
"""A clock must come every 0.1 s (2.7.2); a step larger than this is no lost packet."""
_PADDING = 8191
"""The identifier of null packets (ISO/IEC 13818-1, table 2-3)."""
_PICTURES = frozenset(
    (0x01, 0x02, 0x10, 0x1B, 0x1E, 0x1F, 0x20, 0x21, 0x24, 0x25, 0x33, 0x42, 0xD1, 0xD2, 0xEA)
)
"""Stream types of pictures: table 2-34; AVS, Dirac and VC-1 as FFmpeg knows them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TsPiece:
    """Some seconds of a transport stream.

    Parameters
    ----------
    data : bytes
        Tables, overlap, then new packets.
    begins : str or None
        Why a new run begins with this piece; ``None``: it goes on from the one before.
    scrambled : bool
        Most of its payload is under conditional access: it is not decoded, and that is said.
    """

    data: bytes
    begins: str | None
    scrambled: bool


class TsCutter:
    """Cuts one stream; feed it whatever comes.

    Parameters
    ----------
    piece_s : float
        New media seconds of a piece, by the stream's clock (PCR).
    overlap_s : float
        Repeated from the piece before: longer than a frame of sound and its PES packet.
    most_bytes : int
        A piece is cut here at the latest: a stream without a clock must not fill the memory.
    """

    def __init__(
        self, *, piece_s: float = 6.0, overlap_s: float = 1.0, most_bytes: int = 24 << 20
    ) -> None:
        self._piece = round(piece_s * CLOCK_HZ)
        self._overlap = round(overlap_s * CLOCK_HZ)
        self._most_bytes = most_bytes
        self._loose = bytearray()
        self._synced = False
        self._tables: dict[int, list[bytes]] = {}
        self._pmt_pid: int | None = None
        self._streams: bytes | None = None
        self._packets: list[bytes] = []
        self._marks: list[tuple[int, int]] = []
        self._new_from = 0
        self._start: int | None = None
        self._clock: int | None = None
        self._begins: str | None = "start"
        self._payloads = self._locked = 0

    def feed(self, data: bytes) -> Iterator[TsPiece]:
        """Take bytes in, cut anywhere; yield the pieces that they complete."""
        self._loose += data
        while (packet := self._next()) is not None:
            yield from self._take(packet)

    def flush(self) -> TsPiece | None:
        """Return the packets so far as a shorter piece; ``None``: there is nothing new."""
        if len(self._packets) <= self._new_from:
            return None
        return self._cut(None)

    def _next(self) -> bytes | None:
        if not self._synced and not self._find_sync():
            return None
        if len(self._loose) < PACKET:
            return None
        if self._loose[0] != _SYNC:
            self._synced = False
            return self._next() if self._find_sync() else None
        packet = bytes(self._loose[:PACKET])
        del self._loose[:PACKET]
        return packet

    def _find_sync(self) -> bool:
        """Drop bytes until sync bytes recur; keep what may yet turn out to be in step."""
        need = PACKET * (_TRUSTED - 1) + 1
        at = self._loose.find(_SYNC)
        while at >= 0 and len(self._loose) - at >= need:
            if all(self._loose[at + k * PACKET] == _SYNC for k in range(_TRUSTED)):
                del self._loose[:at]
                self._synced = True
                return True
            at = self._loose.find(_SYNC, at + 1)
        del self._loose[: len(self._loose) if at < 0 else at]
        return False

    def _take(self, packet: bytes) -> Iterator[TsPiece]:
        if packet[1] & 0x80:  # transport_error_indicator
            return
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        if pid == _PADDING:
            return
        if pid in (0, self._pmt_pid):
            if self._read_tables(pid, packet):
                yield from self._end_run("other streams")
            return
        # adaptation_field_control says that there is a payload, transport_scrambling_control that
        # it is scrambled (2.4.3.2).
        if packet[3] & 0x10:
            self._payloads += 1
            self._locked += bool(packet[3] & 0xC0)
        yield from self._tick(packet)
        self._packets.append(packet)
        if len(self._packets) * PACKET >= self._most_bytes:
            yield self._cut(None)

    def _tick(self, packet: bytes) -> Iterator[TsPiece]:
        """Read the clock, if the packet carries it, and cut where it says so."""
        # An adaptation field that holds a PCR; its base is the first 33 bits of 48 (2.4.3.4,
        # 2.4.3.5).
        if not packet[3] & 0x20 or packet[4] < 7 or not packet[5] & 0x10:
            return
        pcr = int.from_bytes(packet[6:11], "big") >> 7
        # discontinuity_indicator (2.4.3.4): the sender says that the clock begins anew.
        broken = bool(packet[5] & 0x80)
        if self._clock is not None:
            # The shorter way round, so that a wrap is a small step and no jump.
            step = (pcr - self._clock + WRAP // 2) % WRAP - WRAP // 2
            if broken or not -CLOCK_HZ // 2 <= step <= _JUMP_S * CLOCK_HZ:
                yield from self._end_run("its clock jumped")
        self._clock = pcr
        if self._start is None:
            self._start = pcr
        elif (pcr - self._start) % WRAP >= self._piece:
            yield self._cut(pcr)
        self._marks.append((pcr, len(self._packets)))

    def _end_run(self, why: str) -> Iterator[TsPiece]:
        if (last := self.flush()) is not None:
            yield last
        self._packets, self._marks, self._new_from = [], [], 0
        self._clock = self._start = None
        self._begins = why

    def _cut(self, clock: int | None) -> TsPiece:
        tables = list(self._tables.get(0, ()))
        if self._pmt_pid is not None:
            tables += self._tables.get(self._pmt_pid, ())
        piece = TsPiece(
            data=b"".join((*tables, *self._packets)),
            begins=self._begins,
            scrambled=self._locked * 2 > self._payloads > 0,
        )
        keep = len(self._packets)
        newest = clock if clock is not None else self._clock
        for pcr, at in self._marks:
            if newest is not None and (newest - pcr) % WRAP <= self._overlap:
                keep = at
                break
        self._packets = self._packets[keep:]
        self._marks = [(pcr, at - keep) for pcr, at in self._marks if at >= keep]
        self._new_from = len(self._packets)
        self._start = newest
        self._begins = None
        self._payloads = self._locked = 0
        return piece

    def _read_tables(self, pid: int, packet: bytes) -> bool:
        """Keep the newest tables; tell whether they name other streams than before."""
        # payload_unit_start_indicator (2.4.3.2): a section begins in this packet.
        if packet[1] & 0x40:
            self._tables[pid] = [packet]
        # A table of a few packets; a bound, since a stream may never begin a new one.
        elif pid in self._tables and len(self._tables[pid]) < 8:
            self._tables[pid].append(packet)
        section = _section(packet)
        if section is None:
            return False
        if pid == 0 and section[0] == 0x00:
            program = _program_map(section)
            if program is not None and program != self._pmt_pid:
                if self._pmt_pid is not None:
                    self._tables.pop(self._pmt_pid, None)
                self._pmt_pid = program
            return False
        if pid == self._pmt_pid and section[0] == 0x02:
            streams = _streams(section)
            changed = self._streams is not None and streams != self._streams
            self._streams = streams
            return changed
        return False


def without_pictures(data: bytes) -> bytes:
    """Return a transport stream without the packets that its tables call pictures.

    They are nine tenths of it; whoever only listens need neither copy nor parse them. What is not
    a row of whole packets, or has no readable table, comes back as it is.
    """
    if len(data) % PACKET or not data:
        return data
    packets = np.frombuffer(data, np.uint8).reshape(-1, PACKET)
    if not (packets[:, 0] == _SYNC).all():
        return data
    pids = (packets[:, 1] & 0x1F).astype(np.int32) << 8 | packets[:, 2]
    maps = {_program_map(section) for section in _sections(packets, pids, 0)}
    pictures: set[int] = set()
    tables: set[int] = {0}
    for pid in (program for program in maps if program is not None):
        tables.add(pid)
        for section in _sections(packets, pids, pid):
            streams = _streams(section) if section[0] == 0x02 else b""
            for at in range(0, len(streams), 3):
                elementary_pid = (streams[at + 1] & 0x1F) << 8 | streams[at + 2]
                (pictures if streams[at] in _PICTURES else tables).add(elementary_pid)
    dropped = np.isin(pids, sorted(pictures - tables))
    return packets[~dropped].tobytes() if dropped.any() else data


def _sections(packets: NDArray[np.uint8], pids: NDArray[np.int32], pid: int) -> Iterator[bytes]:
    """Yield each section that begins in a packet of a PID."""
    for packet in packets[pids == pid]:
        section = _section(packet.tobytes())
        if section is not None:
            yield section


def _section(packet: bytes) -> bytes | None:
    """Return the section that begins in a packet, as far as the packet holds it."""
    if not packet[1] & 0x40 or not packet[3] & 0x10:
        return None
    # Behind the adaptation field, whose length its first byte states (2.4.3.4).
    at = 5 + packet[4] if packet[3] & 0x20 else 4
    if at >= PACKET:
        return None
    # pointer_field (2.4.4.1): so many bytes of the section before it come first.
    at += 1 + packet[at]
    if at + 12 > PACKET:
        return None
    length = 3 + ((packet[at + 1] & 0x0F) << 8 | packet[at + 2])
    return packet[at : at + length]


def _program_map(section: bytes) -> int | None:
    """Return the PID of the first programme's map (2.4.4.3)."""
    for at in range(8, len(section) - 7, 4):
        # Programme number 0 leads to the network's table instead of a map.
        if section[at] << 8 | section[at + 1]:
            return (section[at + 2] & 0x1F) << 8 | section[at + 3]
    return None


def _streams(section: bytes) -> bytes:
    """Return type and PID of each elementary stream (2.4.4.8), as far as the packet holds them."""
    if len(section) < 12:  # a table that ends before its own head does
        return b""
    at = 12 + ((section[10] & 0x0F) << 8 | section[11])
    entries = bytearray()
    while at + 5 <= len(section) - 4:
        entries += section[at : at + 3]
        at += 5 + ((section[at + 3] & 0x0F) << 8 | section[at + 4])
    return bytes(entries)
