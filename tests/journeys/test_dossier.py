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
    handed = ("cautery", "dossier", night.case, "--for", "court", *who, "--clips", "1", "-o", bag)
    monkeypatch.setattr(sys, "argv", list(map(str, handed)))
    main()
    done = subprocess.run(
        [sys.executable, "rerun.py"], cwd=bag, capture_output=True, text=True, check=False
    )
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    proven = [verdict for verdict in verdicts if verdict["finding"] == Finding.PROVEN]
    assert proven, done.stderr
    assert [verdict for verdict in verdicts if verdict["differs"]] == []
    [clip, *_] = map(json.loads, (bag / "data/clips/clips.jsonl").read_text().splitlines())
    assert clip["why_not"] is None
    night.case.with_name(f"{night.case.name}.custody.jsonl").unlink()
