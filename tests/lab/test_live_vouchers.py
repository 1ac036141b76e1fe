"""The log that `cautery demo --vouched` makes: authorities and co-signers answer over HTTP."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from cautery import wiring
from cautery.errors import InputError
from cautery.lab.live_vouchers import AUTHORITIES, COSIGNERS
from cautery.wiring import timing
from cautery.wiring.cases import reading_store
from cautery.wiring.lab_log import lab_log
from cautery.workflows.case.verify import verify_case

CASE = Path(__file__).parents[1] / "assets/cases_of_0_1_0/closed/case"


def test_all_of_them_vouch_for_a_closed_case_and_verify_counts_them(tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(CASE, case)
    with lab_log(tmp_path, keys_dir=tmp_path / "keys") as log:
        proven = asyncio.run(timing.prove_closed(case, log.folder, keys_dir=tmp_path / "keys"))
        assert proven.missing == ()
        assert tuple(stamp.authority for stamp in proven.given.stamps) == AUTHORITIES
        verified = verify_case(
            case,
            store=reading_store(),
            now=wiring.clock().now(),
            trust=log.trust(),
            within=timedelta(days=9999),
        )
    assert (
        f"of these hold: time-stamps {len(AUTHORITIES)}, co-signatures {len(COSIGNERS)}; "
        "proofs with enough co-signers: 1; missing: 0"
    ) in verified.times[0]


def test_a_second_log_in_one_run_is_refused(tmp_path: Path) -> None:
    with lab_log(tmp_path, keys_dir=tmp_path / "keys"):
        pass
    with pytest.raises(InputError), lab_log(tmp_path, keys_dir=tmp_path / "keys"):
        pass
