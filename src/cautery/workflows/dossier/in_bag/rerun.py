"""Compute the likelihood ratios of this bag again, from its sealed media: python rerun.py

It needs NumPy 2 and PyAV, sound_again.py beside it, and openssl for encrypted media. It searches
nothing: it takes the places that the records name (score.basis), the reference's fingerprints
there, and the published rates.
"""

import hashlib
import io
import json
import math
import re
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import av
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

sys.dont_write_bytecode = True  # a file that is added breaks the bag
from sound_again import score_of_sound  # noqa: E402

DATA = Path(__file__).resolve().parent / "data"
LEDGER = next(DATA.glob("*/ledger.sqlite"), DATA)
TABLE = tomllib.loads((DATA / "error_rates.toml").read_text("utf-8"))
TAILS, TRIALS, RATE = TABLE["tail"], TABLE.get("trial", {}), np.logspace(-8, 0, 1 << 18)
for trial in (*TAILS.values(), *TRIALS.values()):  # it bears 1 over its one-sided bound of 95 %
    n, errors = trial["trials"], range(trial.get("errors", 0) + 1)  # after Clopper and Pearson
    chance = sum(math.comb(n, k) * RATE**k * (1 - RATE) ** (n - k) for k in errors)
    trial["most"] = min(trial.get("elub", 9.0), -math.log10(RATE[np.argmax(chance <= 0.05)]))
ROWS, COLUMNS = 36, 64  # of a small picture; a reference's cells are 12 and 16


def exhibit(name):
    digits = name.removeprefix("sha256:")
    if not (path := LEDGER.parent / "vault" / digits[:2] / digits).exists():
        return b""  # an extract leaves encrypted exhibits out; no media lie in them
    data = path.read_bytes()
    assert hashlib.sha256(data).hexdigest() == digits, f"exhibit {digits[:12]} was altered"
    return data


def payloads(archive):
    at = 0 if archive[:5] == b"WARC/" else len(archive)  # others are encrypted
    while at < len(archive):
        end = archive.index(b"\r\n\r\n", at) + 4
        size = int(re.search(rb"(?im)^content-length: *(\d+)\r$", archive[at:end])[1])
        yield archive[end : end + size].partition(b"\r\n\r\n")[2]
        at = end + size + 4


def media(pieces, bodies):
    for piece in pieces:
        length, _, start = (piece["byte_range"] or "").partition("@")
        body = bodies[piece["payload"]][int(start or 0) :][: int(length) if length else None]
        if piece["key"]:
            key, iv = bodies[piece["key"]].hex(), bytes.fromhex(piece["iv"]).hex()  # no options
            undo = f"openssl enc -d -aes-128-cbc -K {key} -iv {iv}"
            body = subprocess.run(undo.split(), input=body, capture_output=True).stdout
        yield body


class Sound:
    def __init__(self):
        self.parts, self.run, self.due = [np.empty(0, np.float32)], [], 0.0
        self.rate, self.start, self.alike, self.power, self.opposed = 0, None, 0.0, 0.0, False

    def finish(self, gap_s=0.0):
        if self.run:
            self.parts.append(resampled(np.concatenate(self.run), self.rate).clip(-4, 4))
        self.run, self.due = [], self.due + gap_s * 8000
        if gap_s:
            self.parts.append(np.zeros(max(0, round(self.due) - sum(map(len, self.parts))), "f4"))

    def take(self, frame, at, end):
        self.start = at if self.start is None else self.start
        if at - end < -max(0.06, frame.samples / frame.sample_rate):
            return
        if at - end > 0.06 or frame.sample_rate != self.rate:
            self.finish(at - end if at - end > 0.06 else 0.0)
        self.run.append(self.mixed(frame))
        self.rate, self.due = frame.sample_rate, self.due + frame.samples / frame.sample_rate * 8000

    def mixed(self, frame):
        raw, count = frame.to_ndarray(), frame.layout.nb_channels
        rows = raw if frame.format.is_planar else raw.reshape(-1, count).T
        if raw.dtype.kind in "iu":
            rows = (rows.astype("f4") - 128 * (raw.dtype == "u1")) / 2 ** (8 * raw.itemsize - 1)
        if count == 2:  # of opposed channels the difference is what is heard
            a, b = rows[0][::8].astype(float), rows[1][::8].astype(float)
            power, weight = (a @ a + b @ b) / 2, math.exp(-frame.samples / frame.sample_rate / 6)
            self.power = self.power or power * 0.4 * frame.sample_rate / frame.samples
            self.alike, self.power = weight * self.alike + a @ b, weight * self.power + power
            self.opposed = self.alike < (-0.1 if self.opposed else -0.2) * self.power
            return (rows[0] - rows[1] if self.opposed else rows[0] + rows[1]) * np.float32(0.5)
        weights = {"FL": 1.0, "FR": 1.0, "FC": math.sqrt(2), "LFE": 0.0}
        gains = [weights.get(x.name, math.sqrt(0.5)) for x in frame.layout.channels[:count]]
        return sum(row * np.float32(gain / sum(gains)) for row, gain in zip(rows, gains))


def resampled(sound, rate):  # low-pass by a windowed sinc, Kaiser window with beta 5.65
    up, down = 8000 // math.gcd(rate, 8000), rate // math.gcd(rate, 8000)
    ratio, count = max(1.0, rate / 8000), round(len(sound) * 8000 / rate)
    half = math.ceil(5 * ratio) + 1  # samples to each side
    padded = np.pad(sound.astype(np.float32), (half, 2 * half + 2 * down))
    out = np.zeros(-(-count // up) * up, np.float32)
    for phase in range(up):
        first = phase * down // up
        away = (np.arange(2 * half + 2) - half + first - phase * down / up) / ratio
        bell = np.i0(5.65 * np.sqrt(np.clip(1 - (away / 5) ** 2, 0, None))) / np.i0(5.65)
        taps = np.where(np.abs(away) <= 5, np.sinc(0.94 * away) * bell, 0)
        windows = sliding_window_view(padded[first:], len(taps))[::down][: len(out) // up]
        out[phase::up][: len(windows)] = windows @ (taps / taps.sum()).astype(np.float32)
    return out[:count]


def small(frame):  # mean luma of 36x64 cells, from five rows of each
    plain = frame.format.name.startswith(("yuv", "nv", "gray")) and "yuyv" not in frame.format.name
    plain = plain and all(part.bits == 8 for part in frame.format.components)
    if not plain or frame.width < COLUMNS or frame.height < ROWS:
        return frame.reformat(COLUMNS, ROWS, "gray", interpolation="AREA").to_ndarray()
    plane, count = frame.planes[0], min(5, -(-frame.height // ROWS))
    luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:, : frame.width]
    rows = (np.arange(ROWS)[:, None] + np.arange(0.5, count) / count) * frame.height / ROWS
    edges = (np.arange(COLUMNS + 1) * frame.width / COLUMNS).astype(int)
    sums = np.add.reduceat(luma[rows.astype(int)].sum(axis=1, dtype="f4"), edges[:-1], axis=1)
    return np.rint(sums / (np.diff(edges) * count).astype(np.float32)).astype(np.uint8)


def decoded(pieces, wants_pictures):
    """Return (sound, its first media time, small pictures, their media times)."""
    sound, small_by_slot, offsets, last_picture_at = Sound(), {}, [0.0], None
    data = b"".join(pieces)

    def placed(stamp_s, expected):  # across wraps and jumps of the clock
        if expected is None or abs(stamp_s + offsets[-1] - expected) <= 0.06:
            return stamp_s + offsets[-1]
        best = min(offsets, key=lambda offset: abs(stamp_s + offset - expected))
        if abs(stamp_s + best - expected) > 10:
            offsets.append(best := expected - stamp_s)
        return stamp_s + best

    odd = {"metadata_errors": "ignore"} if int(av.__version__.partition(".")[0]) < 19 else {}
    with av.open(io.BytesIO(data), "r", "mpegts" if data[:1] == b"G" else None, **odd) as container:
        picture = container.streams.best("video")
        audio = container.streams.best("audio", related=picture)  # of the picture's programme
        used = [s for s in (picture if wants_pictures else None, audio) if s is not None]
        if picture is not None:
            picture.codec_context.options = {"skip_loop_filter": "noref"}
        for packet in container.demux(*used):
            try:
                frames = packet.decode()
            except (av.error.FFmpegError, ValueError):
                continue
            for frame in frames:
                end = None if sound.start is None else sound.start + sound.due / 8000
                heard, at = packet.stream is not picture, end or 0.0
                if frame.pts is not None:
                    expected = end if heard or last_picture_at is None else last_picture_at
                    at = placed(float(frame.pts * packet.stream.time_base), expected)
                if heard:
                    sound.take(frame, at, at if end is None else end)
                elif frame.pts is not None and (last_picture_at is None or at > last_picture_at):
                    last_picture_at = at
                    if (slot := math.floor(at * 12.5 + 1e-3)) not in small_by_slot:
                        small_by_slot[slot] = at, small(frame)
    sound.finish()
    heard, start, kept = (
        np.concatenate(sound.parts),
        sound.start or 0.0,
        list(small_by_slot.values()),
    )
    return heard, start, np.array([x for _, x in kept], np.uint8), np.array([t for t, _ in kept])


def changes(levels, times, at):
    """Return how each cell changes over 160 ms around instants, and where that is known."""
    slow = np.flatnonzero(((gaps := np.diff(times)) > 0.15) & (gaps <= 1.0))
    levels = levels.astype("f4")[np.insert(np.arange(len(times)), slow + 1, slow)]
    times = np.insert(times, slow + 1, times[slow + 1] - 0.08)
    levels_around, is_known = [], np.ones(len(at), bool)
    for when in (at + 0.08, at - 0.08):
        left = np.clip(np.searchsorted(times, when, side="right") - 1, 0, len(times) - 2)
        gap = times[left + 1] - times[left]
        share = np.clip((when - times[left]) / gap, 0, 1).astype(np.float32)[:, None]
        is_known &= (gap <= 1.0) & (when >= times[0] - 0.08) & (when <= times[-1] + 0.08)
        levels_around.append(levels[left] * (1 - share) + levels[left + 1] * share)
    return np.where(is_known[:, None], levels_around[0] - levels_around[1], 0), is_known


def evened(change):
    size = np.sqrt((change.astype(float) ** 2).mean(axis=0))
    change = change * (1 / (size + size.mean() + 0.05)).astype(np.float32)
    change -= change.mean(axis=1, keepdims=True)
    strength = np.sqrt((change.astype(float) ** 2).mean(axis=1))
    change /= (strength + 0.5 * np.median(strength) + 0.01)[:, None].astype(np.float32)
    return change.clip(-(limit := 6 * math.sqrt((change.astype(float) ** 2).mean())), limit)


def reading(scale, shift, count, pixels):
    edges = ((np.linspace(-0.5, 0.5, count + 1) - shift) / scale + 0.5) * pixels
    low, high = np.minimum(edges[1:], edges[:-1]), np.maximum(edges[1:], edges[:-1])
    pixel, wide = np.arange(pixels), (low[:, None], high[:, None])
    part = np.clip(np.minimum(wide[1], pixel + 1) - np.maximum(wide[0], pixel), 0, None)
    part[:, (pixel < edges.min() - 1e-6) | (pixel + 1 > edges.max() + 1e-6)] = 0
    covered = part.sum(axis=1) >= 0.8 * (high - low)
    return (part[covered] / part[covered].sum(axis=1, keepdims=True)).astype(np.float32), covered


def held_still(pictures, windows):
    steady = []  # what was taken of each of them: (top, left, height, width)
    for picture, (top, left, high, wide) in zip(pictures, windows.astype(float)):
        for begin, size in ((top, high), (left, wide)):  # down its columns, then down its rows
            at = begin + np.arange(0.5, len(picture)) * size / len(picture) - 0.5
            picture = np.array([np.interp(at, range(len(picture)), line) for line in picture.T])
        steady.append(np.rint(picture))
    return np.array(steady)


def alike(fine, is_known, at, place, arrays, k, n):
    """Return (correlation, chance's spread) of a probe with a reference at one place."""
    cells, times = (arrays[f"{k}.{what}.{n}"] for what in ("cells", "times"))
    expected, valid = changes(cells, times, place["origin_s"] + place["speed"] * at)
    valid &= is_known
    (across, sideways, down, upwards), sign = place["placed"], 1 - 2 * place.get("negative", 0)
    rows, on_rows = reading(down, upwards, 12, ROWS)
    columns, on_columns = reading(across, sideways, 16, COLUMNS)
    common = np.outer(on_rows, on_columns).ravel()
    if common.sum() < 40 or not valid.any():
        return -1.0, 1.0
    read = rows @ fine[valid].reshape(-1, ROWS, COLUMNS) @ columns.T
    probe_cells, reference_cells = (
        evened(read.reshape(len(read), -1)),
        evened(sign * expected[valid][:, common]),
    )
    probe_power, reference_power = (probe_cells**2).sum(), (reference_cells**2).sum()
    apart = ((probe_cells.T @ probe_cells) * (reference_cells.T @ reference_cells)).sum() / (
        probe_power * reference_power
    )
    lags = range(1, len(probe_cells) // 3)
    pairs = [
        [(x[k:] * x[:-k]).sum() / e for k in lags]
        for x, e in ((probe_cells, probe_power), (reference_cells, reference_power))
    ]
    lasting = 1 + 2 * float(np.array(pairs).prod(axis=0).sum())
    spread = math.sqrt(max(apart * max(lasting, 1.0) / len(probe_cells), 1e-6))
    return float(
        (probe_cells * reference_cells).sum() / math.sqrt(probe_power * reference_power + 1e-9)
    ), spread


def score_of_pictures(pictures, times, sense, arrays, k):
    at = times[0] + np.arange(int((times[-1] - times[0]) * 12.5) + 1) / 12.5
    windows = f"{k}.windows"
    pictures = held_still(pictures, arrays[windows]) if windows in arrays else pictures
    fine, is_known = changes(pictures.reshape(len(times), -1), times, at)
    rough, place, *decoys = sense["places"]
    (_, spread), (best, _) = (alike(fine, is_known, at, x, arrays, k, 1) for x in (rough, place))
    fine, is_known = fine[::-1], is_known[::-1]  # from here on the probe is played backwards
    chance = [alike(fine, is_known, at, x, arrays, k, n)[0] for n, x in enumerate(decoys, 2)]
    level = max(sum(chance) / len(chance) if chance else 0.0, 0.075)
    lead = math.atanh(min(best, 0.995)) - math.atanh(min(level, 0.995))
    return max(0.0, lead) / (spread + 0.02), float(at[-1] - at[0])


def scored(basis, archives):  # family, score, log10 LR, its most, by sense; None: encrypted
    bodies = {"sha256:" + hashlib.sha256(b).hexdigest(): b for a in archives for b in payloads(a)}
    digests = {x for p in basis["media"] + basis["sound"] for x in (p["payload"], p["key"]) if x}
    if not digests <= bodies.keys():
        return None
    arrays, results = np.load(io.BytesIO(exhibit(basis["exhibit"])), allow_pickle=False), {}
    sound, start, pictures, times = decoded(media(basis["media"], bodies), basis["pictures"] > 0)
    if basis["sound"]:
        sound, start, _, _ = decoded(media(basis["sound"], bodies), wants_pictures=False)
    sound = sound[basis["first_sample"] :][: basis["samples"]]
    cut = slice(basis["first_picture"], basis["first_picture"] + basis["pictures"])
    times = times[cut] - (start + basis["first_sample"] / 8000 if len(sound) else times[cut][:1])
    probe = {"sound": (sound,), "picture": (pictures[cut], times)}
    for k, sense in enumerate(basis["senses"]):
        score_of = {"sound": score_of_sound, "picture": score_of_pictures}[sense["kind"]]
        score, seconds = score_of(*probe[sense["kind"]], sense, arrays, k)
        trial = sense.get("trial") or sense["kind"]
        tail = (seconds < 7.5 and TAILS.get(f"{trial}-short")) or TAILS[trial]
        handicap = max(0.0, math.log10(max(1, sense["searched"]) / tail["references"]))
        value = (score - tail["origin"]) / tail["scale"] - handicap
        value = min(tail["most"], max(tail["floor"], value))
        results[sense["kind"], sense["reference"]] = sense["family"], score, value, tail["most"]
    return results


def agree(a, b):  # whether two probes lie at one delay, the speed corrected
    (first_probe, first, *_), (second_probe, second, *_) = a, b
    apart, speed = (
        second_probe["middle"] - first_probe["middle"],
        (first["speed"] + second["speed"]) / 2,
    )
    slack = 0.25 + (0.0 if speed == 1.0 else abs(apart) * 0.003)
    off = second["delay_s"] - first["delay_s"] - apart * (1 - speed)
    return abs(first["speed"] - second["speed"]) <= 0.01 and abs(off) <= slack


def stands(track, probes, is_event):  # enough for a claim: no advert, no quotation
    (first, *_), (last, newest, *_) = track[0], track[-1]
    if last["middle"] - first["middle"] < 3 or last is not probes[-1] or newest["coverage"] < 0.7:
        return False
    total, longest, end, start = 0.0, 0.0, -math.inf, last["media_start_s"]
    for probe, witness, *_ in track:
        matched = witness["coverage"] * (probe["media_end_s"] - probe["media_start_s"])
        total += max(0.0, matched - max(0.0, end - probe["media_start_s"]))
        longest, end = max(longest, matched), max(end, probe["media_end_s"])
    solid = [id(probe) for probe, witness, *_ in track if witness["coverage"] >= 0.7]
    while probes and id(probes[-1]) in solid:
        *probes, start = *probes[:-1], min(start, probes[-1]["media_start_s"])
    return max(total, longest) >= 15 if is_event else last["media_end_s"] - start > 35


def beside(a, b):  # whether they are sound and pictures of one reference at one place
    if (a["kind"], b["kind"]) != ("sound", "picture") or a["reference"] != b["reference"]:
        return False
    first, second = ((w["delay_s"], *w.get("repeats_s", ())) for w in (a, b))
    return any(abs(x - y) <= 0.25 for x in first for y in second)


def fused(probes, pairs, bounded):  # log10 LR of the family that the probes support most
    judged, families = [(False, 0.0, 0.0)], {}
    for probe, witness, (family, _, value, bound) in pairs:
        name = witness["kind"], witness["reference"]
        families.setdefault(family, {}).setdefault(name, []).append((probe, witness, value, bound))
    for family, by_name in families.items():
        best, good, used = {}, {}, []
        for (kind, _), track in by_name.items():
            clear = [x for x in track if x[2] >= 1 and x[1]["coverage"] > 0]
            line = max([[b for b in clear if agree(a, b)] for a in clear[::-1]] or [[]], key=len)
            best[kind] = max(best.get(kind, -math.inf), *(x[2] for x in track))
            if line and stands(line, probes, family.startswith("event:")):
                good[kind] = max(good.get(kind, 0.0), *(x[2] for x in line))
                used += line
        used = used or [x for track in by_name.values() for x in track if x[2] > 0]
        total = (total := sum((good or best).values())) + (1.0 if good and total else 0.0)
        bound = max([TAILS[kind]["most"] for kind in good] or [x[3] for x in used] or [0.0])
        short = "-short" * (not good and any(x[1]["probe_s"] < 7.5 for x in used))
        joint = TRIALS.get(f"joint{short}")
        if joint and any(beside(a[1], b[1]) for a in used for b in used):
            bound = joint["most"] if joint["errors"] else max(bound, joint["most"])
        judged.append((bool(good), total, min(total, bound) if total > 0 and bounded else total))
    return max(judged)[2] if max(judged)[2] >= 1 else min(0.0, max(judged)[2])


def main():
    archives, bases, scored_by_key, wrong = {}, {}, {}, 0
    ledger = sqlite3.connect(f"file:{LEDGER}?mode=ro&immutable=1", uri=True)
    read = [json.loads(row[0]) for row in ledger.execute("SELECT leaf FROM entries ORDER BY idx")]
    for body in (record["body"] for record in read if record["kind"] == "probe.done"):
        archives.setdefault((body["url"], body["at"]), set()).update(body["exhibits"])
    for body in (record["body"] for record in read if record["kind"] == "score.basis"):
        bases[body["url"], body["at"], body["media_start_s"]] = body
    for verdict in (record["body"] for record in read if record["kind"] == "verdict"):
        probes = sorted(verdict["observations"], key=lambda p: (p["media_end_s"], p["at"]))
        probes = [p for p in probes if p["witnesses"] or "none" in p["unmatched"].values()]
        pairs, scored_count, closed, recorded = [], 0, 0, verdict.get("log10_lr")
        for probe in probes:
            probe["middle"] = (probe["media_start_s"] + probe["media_end_s"]) / 2
            key = verdict["url"]["text"], probe["at"], probe["media_start_s"]
            if key in bases and key not in scored_by_key:
                scored_by_key[key] = scored(bases[key], map(exhibit, sorted(archives[key[:2]])))
            results = scored_by_key.get(key) or {}
            scored_count, closed = (
                scored_count + bool(results),
                closed + (scored_by_key.get(key, results) is None),
            )
            by_witness = ((w, results.get((w["kind"], w["reference"]))) for w in probe["witnesses"])
            pairs += [(probe, witness, computed) for witness, computed in by_witness if computed]
        value = fused(probes, pairs, verdict.get("most_log10_lr") is not None)
        off = [abs(w.get("log10_lr", x[2]) - x[2]) for _, w, x in pairs]
        off.append(abs(value - (value if recorded is None else recorded)))
        wrong += (bad := max(off) > 0.05)
        line = {name: verdict[name] for name in ("url", "at", "finding")}
        line["from"] = f"{scored_count} of {len(probes)} probes" + f", {closed} encrypted" * (
            closed > 0
        )
        line |= {"log10_lr": round(value, 4), "recorded": recorded, "differs": bad}
        line_of = "{} {}: {:.3f}, log10 LR {:.4f}".format
        line["senses"] = [line_of(w["kind"], w["reference"], *x[1:3]) for _, w, x in pairs]
        print(json.dumps(line), flush=True)
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
