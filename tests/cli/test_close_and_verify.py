"""`cautery close`, `cautery case restore` and the three answers of `cautery verify`."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cautery.errors import InputError
from cautery.wiring import cases
from cautery.workflows.case import report_view

ASSETS = Path(__file__).parents[1] / "assets/cases_of_0_1_0"

Cautery = Callable[..., Any]


def copied(name: str, target: Path) -> Path:
    shutil.copytree(ASSETS / name, target, dirs_exist_ok=True)
    for path in target.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    target.chmod(0o700)
    return target


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    return copied("closed", tmp_path)


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A case whose watch was killed; its window is over."""
    return copied("open", tmp_path)


def close(cautery: Cautery, folder: Path) -> Any:
    return cautery("close", folder / "case", "--keys", folder / "case-keys")


def test_authentic_is_0(closed: Path, cautery: Cautery) -> None:
    shutil.copy(closed / "case/keys/case.pub", closed / "had-by-letter.pub")
    ran = cautery("verify", closed / "case", "--public-key", closed / "had-by-letter.pub")
    assert (ran.code, ran.out.splitlines()[-1].split()[:2]) == (0, ["verdict", "authentic:"])


def test_consistent_is_3(closed: Path, cautery: Cautery) -> None:
    ran = cautery("verify", closed / "case")
    assert (ran.code, ran.out.splitlines()[-1].split()[:2]) == (3, ["verdict", "consistent"])


def test_broken_is_1(closed: Path, cautery: Cautery) -> None:
    (closed / "case/report.html").write_text("another report")
    ran = cautery("verify", closed / "case", "--json")
    assert (ran.code, json.loads(ran.out)["verdict"]) == (1, "broken")


def test_what_is_no_case_is_2(tmp_path: Path, cautery: Cautery) -> None:
    assert cautery("verify", tmp_path).code == 2


def test_an_open_case_is_told_how_to_be_closed(killed: Path, cautery: Cautery) -> None:
    ran = cautery("verify", killed / "case")
    assert ran.code == 1
    assert "this case is still open" in ran.err
    assert "cautery close" in ran.err


def test_a_watch_whose_window_is_over_says_how_its_case_is_closed(
    killed: Path, cautery: Cautery
) -> None:
    text = (killed / "mandate.toml").read_text()
    over = re.sub(r"end = \d{4}", "end = 2025", re.sub(r"start = \d{4}", "start = 2025", text))
    (killed / "mandate.toml").write_text(over)
    ran = cautery("watch", killed / "mandate.toml", "--case", killed / "case")
    assert ran.code == 2
    assert "cautery close CASE" in ran.err


def test_a_killed_case_is_closed_reported_and_verifies(killed: Path, cautery: Cautery) -> None:
    assert close(cautery, killed).code == 0
    shutil.copy(killed / "case/keys/case.pub", killed / "had-by-letter.pub")
    ran = cautery("verify", killed / "case", "--public-key", killed / "had-by-letter.pub")
    assert ran.code == 0
    assert "The Glass Harbour" in (killed / "case/report.html").read_text()


def test_a_case_of_which_parts_cannot_be_drawn_closes_and_verifies(
    killed: Path, cautery: Cautery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any, **__: Any) -> Any:
        raise OverflowError("cannot convert float infinity to integer")

    monkeypatch.setattr(report_view, "notice_views", failing)
    assert close(cautery, killed).code == 0
    report = (killed / "case/report.html").read_text()
    assert "cannot convert float infinity to integer" in report
    assert cautery("verify", killed / "case").code == 3  # consistent: no key from elsewhere


def test_when_a_killed_watch_was_seen_last_is_on_record(killed: Path, cautery: Cautery) -> None:
    with cases.reading(killed / "case") as case:
        seen = list(case.ledger.read())[-1].record.at
    close(cautery, killed)
    with cases.reading(killed / "case") as case:
        [stopped] = case.ledger.read(kinds=("watch.stopped",))
    assert stopped.record.body["why"] == "it was killed"
    assert stopped.record.body["at"].startswith(f"{seen:%Y-%m-%dT%H:%M:%S}")


def test_time_without_a_watch_is_not_reported_as_watched(killed: Path, cautery: Cautery) -> None:
    from cautery import wiring
    from cautery.workflows.case.report_view import report_view

    close(cautery, killed)
    with cases.reading(killed / "case") as case:
        view = report_view(case.ledger.read(), case.vault.read, at=wiring.clock().now())
    assert view.observed_s < 60


def test_a_case_of_0_1_0_is_said_to_have_had_no_last_root(killed: Path, cautery: Cautery) -> None:
    close(cautery, killed)
    ran = cautery("verify", killed / "case")
    assert "the last signed root was not known" in ran.out


def test_what_is_closed_is_not_closed_again(closed: Path, cautery: Cautery) -> None:
    ran = close(cautery, closed)
    assert ran.code == 2
    assert "this case is closed" in ran.err


def test_a_closing_whose_last_write_is_missing_is_finished(killed: Path, cautery: Cautery) -> None:
    assert close(cautery, killed).code == 0
    (killed / "case/manifest.note").unlink()
    with pytest.raises(InputError, match="closing of this case was cut short"):  # noqa: SIM117
        with cases.adding_to(killed / "case"):
            pass
    assert close(cautery, killed).code == 0
    assert cautery("verify", killed / "case").code == 3


def test_a_closed_case_that_was_edited_is_not_closed_anew(killed: Path, cautery: Cautery) -> None:
    close(cautery, killed)
    (killed / "case/manifest.note").unlink()
    (killed / "case/report.html").write_text("another report")
    ran = close(cautery, killed)
    assert ran.code == 1
    assert "this case was closed at" in ran.err
    assert "its manifest.note is missing" in ran.err


def test_where_no_case_is_none_is_begun_to_be_closed(tmp_path: Path, cautery: Cautery) -> None:
    ran = close(cautery, tmp_path)
    assert ran.code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_case_without_its_keys_is_not_closed(killed: Path, cautery: Cautery) -> None:
    shutil.rmtree(killed / "case-keys")
    ran = close(cautery, killed)
    assert ran.code == 2
    assert "CAUTERY_KEYS" in ran.err


def test_an_edited_case_is_not_closed(killed: Path, cautery: Cautery) -> None:
    with cases.writing(killed / "case", keys_dir=killed / "case-keys"):
        pass  # its last root is known from now on
    database = sqlite3.connect(killed / "case/ledger.sqlite", isolation_level=None)
    database.execute(
        "UPDATE entries SET leaf = CAST(replace(CAST(leaf AS TEXT), 'undecided', 'proven')"
        " AS BLOB) WHERE kind = 'verdict'"
    )
    database.execute("DELETE FROM checkpoints")
    database.close()
    ran = close(cautery, killed)
    assert ran.code == 1
    assert "differ from those that were signed" in ran.err
    assert "cautery case restore" in ran.err


def test_an_older_copy_goes_on_by_two_approvers(killed: Path, cautery: Cautery) -> None:
    case, keys = killed / "case", killed / "case-keys"
    with cases.writing(case, keys_dir=keys):
        pass  # its records are signed
    shutil.copytree(case, killed / "older")
    with cases.writing(case, keys_dir=keys) as held:
        held.ledger.append("failure", {"what": "x"}, at=held.clock.now())
    shutil.rmtree(case)
    shutil.copytree(killed / "older", case)
    assert "an older copy" in close(cautery, killed).err
    people = [
        *("--as", "A. Legal", "--key", killed / "legal.pem"),
        *("--as", "B. Duty", "--key", killed / "duty.pem"),
    ]
    why = ("--why", "the disk broke", "--keys", keys)
    assert cautery("case", "restore", case, *people[:4], *why).code == 2
    restored = cautery("case", "restore", case, *people, *why)
    assert restored.code == 0, restored.err
    assert close(cautery, killed).code == 0
    ran = cautery("verify", case)
    assert ran.code == 3
    assert "A. Legal and B. Duty, its approvers: the disk broke" in ran.out
