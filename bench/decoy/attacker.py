"""Somebody with the watch's rights guesses what decoys truly are, before they are revealed.

Run as root: ``python bench/decoy/attacker.py``. Each of six nights has a keeper of its own, under a
user of its own, with 200 decoys whose media are the same bytes: what they *show* anybody may judge,
that is the test. The attacker is another user, as the watch is. It has the lists, the sealed plan,
all files that it may read, ``/proc``, and the times of all answers, also of the gate's. It learns
from the first night, which is revealed, and guesses the 1,000 decoys of the others: own stream or
look-alike? Half of them are own streams, so chance is right 500 times.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from scipy.optimize import minimize
from scipy.stats import binomtest

from cautery.adapters._decoy_child import trial_segment
from cautery.adapters.person_keys import create_approver
from cautery.model.decoys import DecoyLeaf
from cautery.wiring import decoys

NIGHTS, EACH, HOSTS, TRIES, AT_ONCE = 6, 100, 10, 2, 12
KEEPER, ATTACKER = 60_001, 60_002
PORT, GATE = 18_080, 18_790
READ_AT_MOST = 4 << 20


def main() -> None:
    """Plan, keep and attack nights; print how many guesses are right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attack", type=Path, help="be the attacker of a night: its files' place")
    parser.add_argument("--python", default=sys.executable, help="which other users may run, too")
    given = parser.parse_args()
    if given.attack is not None:
        print(json.dumps(attack(given.attack)))
        return
    if os.geteuid():
        sys.exit("run it as root: the keeper and the attacker are two users")
    seen, truths, read = [], [], 0
    for number in range(NIGHTS):
        features, truth, found = _night(number, given.python)
        read += found
        seen.append(features)
        truths.append(truth)
    right = guesses = 0
    weights = _learnt(seen[0], truths[0])
    for features, truth in zip(seen[1:], truths[1:], strict=True):
        guessed = _guessed(features, weights)
        right += int((guessed == truth).sum())
        guesses += len(truth)
    test = binomtest(right, guesses)
    odds = test.proportion_ci(0.95)
    print(
        f"{right} of {guesses:,} guesses right ({100 * odds.low:.1f} to {100 * odds.high:.1f} %; "
        f"p {test.pvalue:.2f} against chance); secrets in what the attacker could read: {read}"
    )
    for name, column in zip(FEATURES, range(seen[0].shape[1]), strict=True):
        alone = [
            _single(features[:, column], truth)
            for features, truth in zip(seen, truths, strict=True)
        ]
        print(f"  {name}: rank correlation with the truth {np.mean(alone):+.3f}")


def _night(number: int, python: str) -> tuple[np.ndarray, np.ndarray, int]:
    """Keep one night, and let the attacker look; return what it saw, the truth, and leaks."""
    with tempfile.TemporaryDirectory(prefix="night-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        _plan(folder, number)
        with _keeper(folder, python):
            ran = subprocess.run(
                [python, __file__, "--attack", str(folder / "seen")],
                check=True,
                capture_output=True,
                text=True,
                user=ATTACKER,
                group=ATTACKER,
                extra_groups=[],
                env=_environment(),
            )
        report: dict[str, Any] = json.loads(ran.stdout)
        leaves = _leaves(folder)
        truth = {leaf.decoy.url: not leaf.decoy.kind.is_look_alike for leaf in leaves}
        urls = sorted(truth)
        rows = np.array([report["features"][url] for url in urls], dtype=np.float64)
        read = (folder / "loot" / "read").read_bytes()
        found = sum(leaf.salt.encode() in read for leaf in leaves)
        return rows, np.array([truth[url] for url in urls]), found


def _plan(folder: Path, number: int) -> None:
    planner, watch, loot = folder / "planner", folder / "seen", folder / "loot"
    for place in (planner, watch, loot):
        place.mkdir()
    os.chown(loot, ATTACKER, ATTACKER)
    now = datetime.now(UTC)
    start, end = now + timedelta(seconds=8), now + timedelta(minutes=20)
    (planner / "piece.ts").write_bytes(trial_segment())
    for media in ("clean", "arena", "other", "last", "fan"):
        rows = "#EXTINF:1.0,\npiece.ts\n" * 60
        (planner / f"{media}.m3u8").write_text(f"#EXTM3U\n{rows}")
    public = create_approver(planner / "planner.pem").public_key().public_bytes_raw()
    mandate = watch / "mandate.toml"
    key = base64.b64encode(public).decode()
    own = f"127.{90 + number}.7.0/24"
    terms = _MANDATE.format(start=_time(now), end=_time(end), gate=GATE, key=key, own=own)
    mandate.write_text(terms)
    hosts = [f"127.{90 + number}.7.{place}" for place in range(1, HOSTS + 1)]
    programme = _PROGRAMME.format(
        start=_time(start), end=_time(end), each=EACH, host=hosts[0], own=own
    )
    for host in hosts:
        programme += f'[[host]]\nname = "{host}"\naddress = "{host}"\nport = {PORT}\n'
    for media, says in _MEDIA:
        programme += f'[[media]]\npath = "{media}.m3u8"\n{says}\n'
    (planner / "programme.toml").write_text(programme)
    decoys.plan(
        planner / "programme.toml",
        planner / "night",
        mandate_file=mandate,
        key=planner / "planner.pem",
    )
    # What the watch is given: the sealed plan, and nothing else of the planner's.
    (watch / "sealed.json").write_bytes((planner / "night" / "sealed.json").read_bytes())
    (watch / "list_url").write_text(f"http://{hosts[0]}:{PORT}/sports.m3u")
    for path in (planner, *planner.rglob("*")):
        os.chown(path, KEEPER, KEEPER)
    planner.chmod(0o700)


@contextmanager
def _keeper(folder: Path, python: str) -> Iterator[None]:
    planner = folder / "planner"
    command = [python, "-m", "cautery", "decoy", "serve", planner / "night"]
    command += ["--key", planner / "planner.pem", "--mandate", folder / "seen" / "mandate.toml"]
    with subprocess.Popen(
        [*command, "--gate", f"127.0.0.1:{GATE}"],
        stderr=subprocess.PIPE,
        text=True,
        user=KEEPER,
        group=KEEPER,
        extra_groups=[],
        env=_environment(),
        cwd="/",
    ) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("listens"):
                break
        else:
            sys.exit(f"the keeper did not start: {''.join(said)}")
        time.sleep(12)  # the night has begun, and every decoy has appeared
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


def _environment() -> dict[str, str]:
    """Return what the other users' processes need to find Cautery."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _leaves(folder: Path) -> Sequence[DecoyLeaf]:
    """Open the plan as its planner; only root can, beside the keeper."""
    night = folder / "planner" / "night"
    os.chown(folder / "planner" / "planner.pem", 0, 0)
    key = decoys.load_approver(folder / "planner" / "planner.pem")
    return decoys.open_night(
        (night / "sealed.json").read_bytes(), (night / "plan.sealed").read_bytes(), key=key
    ).plan.leaves


FEATURES = (
    *("playlist, median", "playlist, least", "segment, median", "nothing there, median"),
    *("key, median", "gate, median", "gate, length of the answer", "gate, status"),
    *("place in the list", "length of the title", "sequence", "pieces", "discontinuities"),
    *("address", "first digit of the path", "last digit of the path", "hash of the sealed plan"),
)


def attack(seen: Path) -> dict[str, Any]:
    """Be the attacker: look at everything there is, decoy by decoy."""

    def timed(url: str, body: bytes | None = None) -> tuple[float, int, bytes]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        connection.connect()
        begun = time.perf_counter()
        connection.request("GET" if body is None else "POST", parts.path, body)
        answer = connection.getresponse()
        passed = time.perf_counter() - begun
        content = answer.read()
        connection.close()
        return passed, answer.status, content

    listing = timed((seen / "list_url").read_text())[2].decode()
    rows = [line for line in listing.splitlines() if line.startswith(("#EXTINF", "http"))]
    urls = rows[1::2]
    titles = dict(zip(urls, rows[::2], strict=True))
    sealed = (seen / "sealed.json").read_bytes()
    times: dict[str, dict[str, list[float]]] = {url: {} for url in urls}
    shown: dict[str, list[float]] = {}
    gate = f"http://127.0.0.1:{GATE}/ask"

    def look(url: str) -> None:
        base, took = url.rpartition("/")[0], times[url]
        passed, _, playlist = timed(url)
        took.setdefault("playlist", []).append(passed)
        lines = playlist.decode().splitlines()
        piece = next((line for line in lines if line.endswith(".ts")), "0.ts")
        took.setdefault("segment", []).append(timed(f"{base}/{piece}")[0])
        took.setdefault("nothing", []).append(timed(f"{base}/99999.ts")[0])
        took.setdefault("key", []).append(timed(f"{base}/key.bin")[0])
        question = json.dumps({"root": "0" * 64, "targets": [url]}).encode()
        passed, status, answer = timed(gate, question)
        took.setdefault("gate", []).append(passed)
        sequence = next((line for line in lines if "MEDIA-SEQUENCE" in line), ":0")
        shown[url] = [
            float(len(answer)),
            float(status),
            float(urls.index(url)),
            float(len(titles[url])),
            float(sequence.rpartition(":")[2]),
            float(sum(line.endswith(".ts") for line in lines)),
            float(sum("DISCONTINUITY" in line for line in lines)),
            float((urlsplit(url).hostname or "0").rpartition(".")[2]),
            float(int(base[-12], 16)),
            float(int(base[-1], 16)),
            float(hashlib.sha256(sealed + url.encode()).digest()[0]),
        ]

    for _ in range(TRIES):
        order = list(urls)
        random.shuffle(order)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(look, order))
    features = {
        url: [
            float(np.median(took["playlist"])),
            min(took["playlist"]),
            *(float(np.median(took[what])) for what in ("segment", "nothing", "key", "gate")),
            *shown[url],
        ]
        for url, took in times.items()
    }
    (seen.parent / "loot" / "read").write_bytes(_all_that_can_be_read(seen))
    return {"features": features}


def _all_that_can_be_read(seen: Path) -> bytes:
    """Return what the attacker can read of the night's files, and of the keeper's processes."""
    texts = []
    places = [*seen.parent.rglob("*"), *Path("/dev/shm").glob("*")]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid != KEEPER and "decoy" not in (process / "cmdline").read_text():
                continue
        except OSError:
            continue
        places += [process / name for name in ("cmdline", "environ", "maps", "mem", "stack")]
        try:
            places += [*(process / "fd").iterdir(), *(process / "map_files").iterdir()]
        except OSError:
            continue
    for place in places:
        try:
            if place.is_dir():
                continue
            with place.open("rb", buffering=0) as file:
                if place.name != "mem":
                    texts.append(file.read(READ_AT_MOST) or b"")
                    continue
                for line in (place.parent / "maps").read_text().splitlines():
                    low, _, high = line.split()[0].partition("-")
                    file.seek(int(low, 16))
                    texts.append(file.read(min(READ_AT_MOST, int(high, 16) - int(low, 16))))
        except (OSError, ValueError, OverflowError):
            continue
    return b"\n".join(texts)


def _learnt(features: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, ...]:
    """Fit a logistic regression with a small penalty, on a night whose truth is known."""
    middle, spread = features.mean(0), features.std(0) + 1e-12
    scaled = np.column_stack([(features - middle) / spread, np.ones(len(features))])
    signs = np.where(truth, 1.0, -1.0)

    def loss(weights: np.ndarray) -> float:
        return float(np.logaddexp(0, -signs * (scaled @ weights)).sum() + 0.5 * (weights**2).sum())

    return middle, spread, minimize(loss, np.zeros(scaled.shape[1])).x


def _guessed(features: np.ndarray, learnt: tuple[np.ndarray, ...]) -> np.ndarray:
    middle, spread, weights = learnt
    scaled = np.column_stack([(features - middle) / spread, np.ones(len(features))])
    guessed: np.ndarray = scaled @ weights > 0
    return guessed


def _single(column: np.ndarray, truth: np.ndarray) -> float:
    if np.ptp(column) == 0:
        return 0.0
    ranks = column.argsort().argsort()
    return float(np.corrcoef(ranks, truth)[0, 1])


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_MEDIA = (
    ("clean", 'event = "derby"'),
    ("arena", 'event = "derby"'),
    ("other", 'kind = "other-match"'),
    ("last", 'kind = "last-year"'),
    ("fan", 'kind = "fan-talk"'),
)
_MANDATE = """\
[mandate]
id = "attacked"
who = "Example League"
regime = "gdpr"
legal_basis = "rights"
start = {start}
end = {end}
territories = ["IT"]
lab = true
[[event]]
id = "derby"
name = "Roma - Lazio"
kick_off = {start}
clean_feed = "http://127.0.0.1:9/clean.m3u8"
[network]
allow = ["127.0.0.0/8"]
[decoys]
sealed = "sealed.json"
keeper = "http://127.0.0.1:{gate}"
planner = "{key}"
own = ["{own}"]
"""
_PROGRAMME = """\
night = "attacked"
planner = "P. Lanner"
start = {start}
end = {end}
own = ["{own}"]
own_streams = {each}
look_alikes = {each}
delay_s = [3, 9]
appears_s = [0, 5]
titles = ["{{event}} LIVE HD", "{{event}} FHD {{number}}", "SPORT {{number}}"]
disguises = ["none", "mirror", "crop", "logo", "quiet", "aes-128"]
[[list]]
host = "{host}"
path = "/sports.m3u"
"""

if __name__ == "__main__":
    main()
