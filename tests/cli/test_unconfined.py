"""A machine that can't filter system calls: nothing is decoded on it unless somebody says so."""

from __future__ import annotations

import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cautery.adapters import _decoder_process
from cautery.cli import app
from cautery.errors import ConfinementError
from cautery.wiring import UNCONFINED, cases, watching

assert watching, "imported now: a short window has no time for it"

_WITHOUT_SECCOMP = """\
import sys
sys.path.insert(0, sys.argv[1])
from cautery.adapters import _seccomp
def missing(calls):
    raise OSError(38, "Function not implemented")
_seccomp.allow_only = missing
"""
MANDATE = """\
[mandate]
id = "m"
who = "Example League"
regime = "gdpr"
legal_basis = "exclusive rights"
start = {start}
end = {end}
territories = ["FR"]
[[event]]
id = "match"
name = "Home v Away"
kick_off = {start}
clean_feed = "http://127.0.0.1:9/feed.m3u8"
[[source]]
url = "http://127.0.0.1:9/list.m3u"
kind = "m3u"
access = "public"
[network]
allow = ["127.0.0.0/8"]
"""


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_decoder_process, "_RUN", _WITHOUT_SECCOMP + _decoder_process._RUN)
    monkeypatch.delenv(UNCONFINED, raising=False)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        noise = np.random.default_rng(1).integers(-9000, 9000, 8000 * 20)
        out.writeframes(noise.astype("<i2").tobytes())
    return path


def mandate(path: Path, *, seconds: float) -> Path:
    now = datetime.now(UTC)
    times = {"start": now - timedelta(hours=1), "end": now + timedelta(seconds=seconds)}
    path.write_text(MANDATE.format(**{name: time.isoformat() for name, time in times.items()}))
    return path


def run(*words: object) -> int:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code


def test_a_watch_is_refused_before_its_first_record(tmp_path: Path) -> None:
    asked = mandate(tmp_path / "mandate.toml", seconds=900)
    with pytest.raises(ConfinementError):
        run("watch", asked, "--case", tmp_path / "case", "--keys", tmp_path / "keys")
    with cases.reading(tmp_path / "case") as case:
        assert case.ledger.size() == 0


def test_a_watch_that_goes_on_all_the_same_says_so_in_case_and_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(UNCONFINED, "1")
    asked = mandate(tmp_path / "mandate.toml", seconds=15)
    run("watch", asked, "--case", tmp_path / "case", "--keys", tmp_path / "keys")
    with cases.reading(tmp_path / "case") as case:
        confined = [entry.record.body for entry in case.ledger.read(kinds=("decoder.confined",))]
    assert [body["seccomp"] for body in confined] == [False]
    assert "without a filter of system calls" in (tmp_path / "case" / "report.html").read_text()


def test_references_are_not_built(sound: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfinementError):
        run("references", "build", sound, "-o", tmp_path / "x.ref")


def test_a_probe_is_not_identified(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(UNCONFINED, "1")
    assert run("references", "build", sound, "-o", tmp_path / "x.ref") == 0
    monkeypatch.delenv(UNCONFINED)
    with pytest.raises(ConfinementError):
        run("identify", sound, "--references", tmp_path / "x.ref")
