"""A whole night is handed over, and a stranger computes each of its verdicts again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters.person_keys import create_approver
from cautery.cli import main
from cautery.model import Finding

pytestmark = pytest.mark.journey


def test_each_verdict_of_a_night_is_computed_again(
    night: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_approver(tmp_path / "legal.pem")
    bag = tmp_path / "bag"
    who = ("--by", "A. Legal", "--key", tmp_path / "legal.pem", "--why", "the court asked")
    handed = ("cautery", "dossier", night.case, "--for", "court", *who, "--clips", "5", "-o", bag)
    monkeypatch.setattr(sys, "argv", list(map(str, handed)))
    with pytest.raises(SystemExit, match="0"):
        main()
    done = subprocess.run(
        [sys.executable, "rerun.py"], cwd=bag, capture_output=True, text=True, check=False
    )
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    # Of a stream that was proven before, a later verdict says from how few probes it is computed.
    whole = [one for one in verdicts if len(set(one["from"].split()[:3:2])) == 1]
    assert any(one["finding"] == Finding.PROVEN for one in whole), done.stderr
    assert [one for one in whole if one["differs"]] == []
    clips = list(map(json.loads, (bag / "data/clips/clips.jsonl").read_text().splitlines()))
    assert any(clip["why_not"] is None for clip in clips), clips
    night.case.with_name(f"{night.case.name}.custody.jsonl").unlink()
