"""The public set of good and bad cases: each gets the verdict that its index promises."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.errors import EvidenceError, InputError
from cautery.model import Approver
from cautery.workflows.case.verify import Verified, verify_case
from cautery.workflows.mandate.signers import read_signers

ASSETS = Path(__file__).parents[2] / "assets/cases"
INDEX: list[dict[str, Any]] = json.loads((ASSETS / "cases.json").read_text())
NOW = datetime(2026, 12, 31, tzinfo=UTC)


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"public_cases_{name}", ASSETS / f"{name}.py")
    assert spec
    assert spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make, run = script("make"), script("run")


def judged(about: dict[str, Any], folder: Path, *, key: Path | None) -> tuple[str, str]:
    """Return the verdict and everything that is said with it."""
    signers: tuple[Approver, ...] | None = None
    if about["signers"]:
        signers = read_signers(ASSETS / about["signers"])
    case = run.unpacked(about, folder)
    try:
        seen: Verified = verify_case(
            case, store=FolderStore(), public_key=key, signers=signers, now=NOW
        )
    except (EvidenceError, InputError) as error:
        return ("open" if "this case is still open" in str(error) else "broken"), str(error)
    return seen.verdict, "\n".join(text for _, text in seen.summary())


def named(cases: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("about", cases, ids=[one["name"] for one in cases])


@pytest.mark.timeout(60)
@named(INDEX)
def test_each_case_gets_its_verdict_with_the_key_from_outside(
    about: dict[str, Any], tmp_path: Path
) -> None:
    verdict, said = judged(about, tmp_path, key=ASSETS / about["key"])
    wanted = [about["cautery"], about["part"] if verdict == "broken" else ""]
    assert (verdict, [words for words in wanted if words not in said]) == (about["verdict"], [])


@pytest.mark.timeout(60)
@named([one for one in INDEX if one["signers"] is None])
def test_each_case_gets_its_verdict_without_a_key(about: dict[str, Any], tmp_path: Path) -> None:
    verdict, said = judged(about, tmp_path, key=None)
    assert (verdict, bool(said)) == (about["without_key"], True)


def test_the_index_is_what_the_script_would_write() -> None:
    assert make.index() == INDEX


def test_the_folder_holds_the_cases_of_the_index_and_no_other() -> None:
    listed = {one["archive"] for one in INDEX if "archive" in one}
    assert {one.name for one in ASSETS.glob("*.tar.gz")} == listed


def test_the_keys_beside_the_cases_are_those_of_the_script() -> None:
    assert {
        name: (ASSETS / name).read_text() for name in make.public_files()
    } == make.public_files()


def test_the_set_is_small_enough_for_everybody_to_have() -> None:
    assert sum(one.stat().st_size for one in ASSETS.iterdir() if one.is_file()) < 1_500_000


@named([{"name": name} for name in ("closed_under_a_signed_mandate", "a_record_changed")])
def test_the_script_makes_the_case_that_lies_here(about: dict[str, Any], tmp_path: Path) -> None:
    [listed] = [one for one in make.CASES if one.name == about["name"]]
    (tmp_path / "anew").mkdir()
    anew = make.made(listed, tmp_path / "anew")
    (tmp_path / "here").mkdir()
    here = run.unpacked(listed.entry(), tmp_path / "here")
    assert contents(anew) == contents(here)


def contents(case: Path) -> dict[str, bytes]:
    """Return the files of a case whose bytes hang on no version of SQLite."""
    return {
        str(one.relative_to(case)): one.read_bytes()
        for one in case.rglob("*")
        if one.is_file() and one.name not in {"ledger.sqlite", "manifest.sha256", "manifest.note"}
    }


def ran(*more: str, only: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ASSETS / "run.py", *more, "--only", only],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_runner_passes_a_verifier_that_is_right() -> None:
    ended = ran(f"{sys.executable} -m cautery verify {{case}} --public-key {{key}}",
        "--without-key", f"{sys.executable} -m cautery verify {{case}}",
        only="all_signed_again_by_another_key",
    )  # fmt: skip
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, "2 of 2 right")


def test_the_runner_fails_a_verifier_that_believes_everything() -> None:
    ended = ran("true {case}", only="one_bit_in_a_")
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (1, "0 of 1 right")
