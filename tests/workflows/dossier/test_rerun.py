"""What a stranger computes from a bag is what the record says; what was exchanged shows."""

from __future__ import annotations

import ast
import io
import json
import re
import runpy
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import ReferenceInfo, References
from cautery.identify.picture import look
from cautery.lab.pirate import aes_key
from cautery.lab.spec import StreamSpec
from cautery.model import Decoded, Finding
from cautery.workflows.dossier.audiences import Audience

from .conftest import Made, watched

PROGRAMS = {
    name: files("cautery.workflows.dossier").joinpath(f"in_bag/{name}.py").read_text()
    for name in ("rerun", "sound_again")
}


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Made:
    stream = StreamSpec(
        id="s", host="edge.pirate.example", path="/arena", title="A v B", kind="live",
        delivery="hls", disguise=("aes-128",),
    )  # fmt: skip
    return watched(tmp_path_factory.mktemp("locked"), aes=aes_key(stream))


@pytest.fixture
def bag(made: Made, tmp_path: Path) -> Path:
    made.dossier(tmp_path / "bag")
    return tmp_path / "bag"


def rerun(bag: Path) -> tuple[int, list[dict]]:
    done = subprocess.run(
        [sys.executable, "rerun.py"], cwd=bag, capture_output=True, text=True, check=False
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def edit(bag: Path, kind: str, change) -> None:
    """Rewrite the records of a kind, as somebody who has the ledger's file can."""
    with sqlite3.connect(bag / "data/case/ledger.sqlite") as ledger:
        rows = ledger.execute("SELECT idx, leaf FROM entries WHERE kind = ?", (kind,)).fetchall()
        for index, leaf in rows:
            record = json.loads(leaf)
            change(record["body"])
            ledger.execute("UPDATE entries SET leaf = ? WHERE idx = ?", (json.dumps(record), index))


def put(bag: Path, data: bytes) -> str:
    digits = sha256(data).hexdigest()
    path = bag / "data/case/vault" / digits[:2] / digits
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return f"sha256:{digits}"


def get(bag: Path, name: str) -> bytes:
    return (bag / "data/case/vault" / name[7:9] / name[7:]).read_bytes()


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_the_program_is_short_and_imports_nothing_of_ours(program: str) -> None:
    assert len(program.splitlines()) <= 400
    names = {
        name.name.partition(".")[0]
        if isinstance(node, ast.Import)
        else node.module.partition(".")[0]
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    # Of what lies in the bag they import each other alone.
    assert names - sys.stdlib_module_names <= {"av", "numpy", "sound_again"}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_the_program_is_formatted(tmp_path: Path, program: str) -> None:
    path = tmp_path / "program.py"
    path.write_text(program)
    ruff = [sys.executable, "-m", "ruff", "format", "--no-cache", "--line-length", "100", "--check"]
    subprocess.run([*ruff, str(path)], check=True, capture_output=True)


def test_a_verdict_is_computed_again_from_the_media_alone(made: Made, bag: Path) -> None:
    assert made.verdict.finding is Finding.PROVEN

    def forget(body: dict) -> None:
        body.pop("log10_lr", None)
        body.pop("probability", None)
        observations = body.get("observations") or [body.get("observation") or {}]
        for witness in (w for o in observations for w in o.get("witnesses", ())):
            for name in ("score", "log10_lr", "runner_up"):
                del witness[name]

    edit(bag, "verdict", forget)
    edit(bag, "probe.done", forget)
    code, [line] = rerun(bag)
    assert code == 0
    assert line["recorded"] is None
    assert line["from"] == "2 of 2 probes"
    assert abs(line["log10_lr"] - made.verdict.log10_lr) <= 0.05
    assert {sense.split()[0] for sense in line["senses"]} == {"sound", "picture"}


def test_each_score_is_the_one_that_was_recorded(made: Made, bag: Path) -> None:
    _, [line] = rerun(bag)
    computed = [float(sense.split(": ")[1].split(",")[0]) for sense in line["senses"]]
    recorded = {
        round(witness.score, 3)
        for observation in made.verdict.observations
        for witness in observation.witnesses
    }
    for score in computed:
        assert min(abs(score - other) for other in recorded) <= 0.02 * score


def test_a_verdict_is_bounded_by_the_trials_unless_an_earlier_version_recorded_it(
    made: Made, bag: Path
) -> None:
    _, [bounded] = rerun(bag)
    assert bounded["log10_lr"] == pytest.approx(made.verdict.most_log10_lr, abs=1e-3)
    edit(bag, "verdict", lambda body: body.pop("most_log10_lr"))
    code, [added] = rerun(bag)
    assert code == 1
    assert added["log10_lr"] > bounded["log10_lr"] + 2
    edit(bag, "verdict", lambda body: body.update(log10_lr=added["log10_lr"]))
    assert rerun(bag)[0] == 0


def table(bag: Path, joint: str) -> None:
    """Give a bag another joint trial."""
    path = bag / "data/error_rates.toml"
    text = re.sub(r"(?ms)^\[trial\.joint\].*?\n\n", "", path.read_text())
    path.write_text(f"{text}\n[trial.joint]\n{joint}\n")


@pytest.mark.parametrize(
    ("joint", "most"),
    [
        ("trials = 90000\nerrors = 0\nreferences = 20\nelub = 4.9", 4.48),
        ("trials = 90000\nerrors = 0\nreferences = 20\nelub = 3.9", 3.9),
        ("trials = 90\nerrors = 0\nreferences = 20\nelub = 1.9", 3.13),
        ("trials = 1000\nerrors = 2\nreferences = 20\nelub = 4.9", 2.2),
    ],
)
def test_sound_and_pictures_at_one_place_are_bounded_by_the_joint_trial_of_the_bag(
    bag: Path, joint: str, most: float
) -> None:
    """Its bound is computed from the trial's counts: nobody has to believe it."""
    table(bag, joint)
    _, [line] = rerun(bag)
    senses = {sense.partition(" ")[0] for sense in line["senses"]}
    assert senses == {"sound", "picture"}
    assert line["log10_lr"] == pytest.approx(most, abs=0.02)


def test_segments_of_other_content_are_noticed(tmp_path: Path) -> None:
    other = watched(tmp_path, shown=2)
    other.dossier(tmp_path / "bag")
    code, [line] = rerun(tmp_path / "bag")
    assert code == 1
    assert line["differs"]
    assert line["log10_lr"] < 1


def test_fingerprints_of_another_reference_are_noticed(bag: Path) -> None:
    def exchange(body: dict) -> None:
        arrays = dict(np.load(io.BytesIO(get(bag, body["exhibit"]))))
        rng = np.random.default_rng(3)
        for name, array in arrays.items():
            if name.endswith(".words"):
                arrays[name] = rng.integers(0, 2**32, array.shape, dtype=np.uint32)
            elif ".cells." in name:
                arrays[name] = array[::-1].copy()
        out = io.BytesIO()
        np.savez(out, **arrays)
        body["exhibit"] = put(bag, out.getvalue())

    edit(bag, "score.basis", exchange)
    code, [line] = rerun(bag)
    assert code == 1
    assert line["differs"]


def test_an_altered_exhibit_ends_the_run(bag: Path) -> None:
    names = []
    edit(bag, "score.basis", lambda body: names.append(body["exhibit"]))
    path = bag / "data/case/vault" / names[0][7:9] / names[0][7:]
    path.write_bytes(path.read_bytes()[:-1])
    code, lines = rerun(bag)
    assert code == 1
    assert not lines


def test_a_bag_without_bases_says_from_how_many_probes_it_computed(bag: Path) -> None:
    with sqlite3.connect(bag / "data/case/ledger.sqlite") as ledger:
        ledger.execute("DELETE FROM entries WHERE kind = 'score.basis'")
    code, [line] = rerun(bag)
    assert code == 1
    assert line["from"] == "0 of 2 probes"


@pytest.mark.parametrize("audience", [Audience.COURT, Audience.HOSTER])
def test_a_stream_of_the_lab_under_aes_is_computed_again(
    locked: Made, tmp_path: Path, audience: Audience
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl")
    locked.dossier(tmp_path / "bag", audience)
    code, [line] = rerun(tmp_path / "bag")
    assert (code, line["from"]) == (0, "2 of 2 probes")
    assert abs(line["log10_lr"] - locked.verdict.log10_lr) <= 0.05


def test_media_that_are_sealed_encrypted_are_counted_and_end_no_run(tmp_path: Path) -> None:
    made = watched(tmp_path, hidden=[1])
    made.dossier(tmp_path / "bag")
    code, [line] = rerun(tmp_path / "bag")
    # The probe that can be read reaches what the trials can bear.
    assert (code, line["from"]) == (0, "1 of 2 probes, 1 encrypted")
    assert len(line["senses"]) == 2  # of the probe that can be read


def test_media_under_aes_are_decrypted(made: Made, bag: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl")
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    key, iv = b"k" * 16, b"i" * 16
    archives: dict[str, tuple[str, str]] = {}

    def lock(body: dict) -> None:
        archive = get(bag, body["exhibits"][0])
        payload = archive.split(b"\r\n\r\n", 3)[3]
        at = archive.index(b"WARC-Type: response")
        head = archive[archive.rindex(b"WARC/1.1", 0, at) :]
        size = int(head.split(b"Content-Length: ")[1].split(b"\r")[0])
        block = head[head.index(b"\r\n\r\n") + 4 :][:size]
        payload = block.partition(b"\r\n\r\n")[2]
        padder = PKCS7(128).padder()
        padded = padder.update(payload) + padder.finalize()
        machine = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
        locked = machine.update(padded) + machine.finalize()
        warc = b"".join(
            b"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n"
            % (len(one) + 19, b"HTTP/1.1 200 OK\r\n\r\n" + one)
            for one in (locked, key)
        )
        archives["sha256:" + sha256(payload).hexdigest()] = (
            put(bag, warc), "sha256:" + sha256(locked).hexdigest(),
        )  # fmt: skip
        body["exhibits"] = [put(bag, warc)]

    def name_key(body: dict) -> None:
        [piece] = body["media"]
        piece["payload"] = archives[piece["payload"]][1]
        piece["key"], piece["iv"] = "sha256:" + sha256(key).hexdigest(), iv.hex()

    edit(bag, "probe.done", lock)
    edit(bag, "score.basis", name_key)
    code, [line] = rerun(bag)
    assert code == 0, line


def test_a_vector_that_holds_options_has_openssl_write_no_file(
    program: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "written"
    piece = {
        "payload": "p", "byte_range": None, "key": "k", "iv": f"{'00' * 16} -nopad -out {out}",
    }  # fmt: skip
    with pytest.raises(ValueError, match="non-hexadecimal"):
        list(program["media"]([piece], {"p": bytes(16), "k": bytes(16)}))
    assert not out.exists()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The program's functions, beside the published rates."""
    folder = tmp_path_factory.mktemp("program")
    (folder / "data").mkdir()
    rates = files("cautery.identify").joinpath("error_rates.toml").read_bytes()
    (folder / "data/error_rates.toml").write_bytes(rates)
    for name, program in PROGRAMS.items():
        (folder / f"{name}.py").write_text(program)
    sys.path.insert(0, str(folder))  # as where a program is started
    try:
        return runpy.run_path(str(folder / "rerun.py"), run_name="rerun")
    finally:
        sys.path.remove(str(folder))


def blots(seed: int, seconds: int) -> np.ndarray:
    """Return pictures of a paved square, over which blots walk."""
    rng = np.random.default_rng(seed)
    count, y, x = round(seconds * 12.5), np.arange(44)[:, None], np.arange(72)
    paving = np.kron(rng.integers(40, 200, (11, 18)), np.ones((4, 4)))
    out = np.repeat(paving[None], count, axis=0)
    for across, down in np.cumsum(rng.standard_normal((8, 2, count)), axis=2) * 0.6 + 30:
        apart = (x - across[:, None, None] % 72) ** 2 + (y - down[:, None, None] % 44) ** 2
        out += 60 * np.exp(-apart / 12)
    return np.clip(out, 0, 255).astype(np.uint8)


def shown(luma: np.ndarray) -> Decoded:
    times = np.arange(len(luma)) / 12.5
    return Decoded(
        audio=np.empty(0, np.float32), audio_s=0.0, luma=np.ascontiguousarray(luma), luma_s=times,
        duration_s=float(times[-1]),
    )  # fmt: skip


def turned(luma: np.ndarray) -> np.ndarray:
    return (
        255 - luma[:, 34:3:-1, 66:7:-1][:, np.arange(36) * 31 // 36][:, :, np.arange(64) * 59 // 64]
    )


def shaken(luma: np.ndarray) -> np.ndarray:
    at = np.arange(len(luma)) / 12.5
    top, left = (np.rint(4 + 3.4 * np.sin(pace * at)).astype(int) for pace in (5, 4))
    return np.stack([one[y : y + 36, x : x + 64]
                     for one, y, x in zip(luma, top, left, strict=True)])  # fmt: skip


def inset(luma: np.ndarray) -> np.ndarray:
    out = blots(9, 10)[:, :36, :64].copy()
    out[:, 20:34, 36:62] = luma[:, 4:40, 4:68][:, np.arange(14) * 36 // 14][
        :, :, np.arange(26) * 64 // 26
    ]
    return out


@pytest.mark.parametrize("disguised", [turned, shaken, inset])
def test_the_score_of_an_unusual_picture_is_computed_again(
    program: dict[str, Any], disguised: Callable[[np.ndarray], np.ndarray]
) -> None:
    square = blots(1, 60)
    held = References(DEFAULT_RECIPE, [ReferenceInfo(id="square", kind="work")])
    held.add("square", shown(square[:, 4:40, 4:68]), at_s=0.0)
    probe = shown(disguised(square[300:425]))
    seen = look(probe, held, media_at_s=None, speed_heard=None, keep=True)
    [witness], [basis] = seen.witnesses, seen.kept
    assert basis.place.trial == "picture-view"
    arrays = {f"0.{name}": array for name, array in basis.arrays.items()}
    score, seconds = program["score_of_pictures"](
        probe.luma, probe.luma_s, asdict(basis.place), arrays, 0
    )
    assert score == pytest.approx(witness.score, rel=0.02)
    assert seconds == pytest.approx(witness.probe_s)
