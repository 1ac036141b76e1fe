"""What the how-to guides show is what the commands take."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from cautery.cli import main
from cautery.model.disguises import chain_of
from cautery.model.toml import parsed_toml

SAMPLES = Path(__file__).parents[1] / "formats" / "assets" / "samples"
HOWTO = Path(__file__).parents[2] / "docs" / "howto"


def blocks(page: str, language: str) -> list[str]:
    """The code of one language on a page, a block each."""
    text = (HOWTO / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["cautery", *arguments])
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def test_a_mandate_is_written_by_the_options_that_the_guide_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("facts").mkdir()
    [command] = [block for block in blocks("write-a-mandate.md", "sh") if "--who" in block]
    program, *arguments = shlex.split(
        command.replace("\\\n", " ").replace("2026-11-24", "2998-11-24")
    )
    assert program == "cautery"
    assert run(monkeypatch, *arguments) == 0
    assert run(monkeypatch, "mandate", "show", "mandate.toml") == 0


def test_seized_material_is_taken_under_the_mandate_that_the_guide_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [mandate] = blocks("seized-material.md", "toml")
    (tmp_path / "led.toml").write_text(mandate.replace("2027-", "2998-"))
    monkeypatch.chdir(tmp_path)
    taken = run(
        monkeypatch, "seized", "take", str(SAMPLES / "netflow"), "--panel", "north",
        "--case", "case", "--mandate", "led.toml", "--by", "A. Bianchi", "--json",
    )  # fmt: skip
    assert taken == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "netflow"
    assert run(monkeypatch, "mandate", "show", "led.toml") == 0
    assert "only seized material is taken" in capsys.readouterr().err
    assert run(monkeypatch, "watch", "led.toml", "--case", "watched") == 2
    assert "cautery seized take" in capsys.readouterr().err
    assert not Path("watched").exists()


def test_the_recipe_of_the_guide_is_one_that_a_plan_takes() -> None:
    [recipe] = [block for block in blocks("test-yourself-blind.md", "toml") if "recipe" in block]
    [row] = parsed_toml(recipe)["recipe"]
    assert chain_of(row["vf"])
    assert chain_of(row["af"])


def test_the_graph_of_the_guide_has_the_plan_that_the_guide_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [graph] = blocks("plan.md", "json")
    (tmp_path / "graph.json").write_text(graph)
    assert run(monkeypatch, "plan", str(tmp_path / "graph.json"), "--json") == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["remove"], plan["cost"], plan["bound"]) == (["panel"], 6, 6)
    assert plan["date"] == "2026-12-01"
    late = run(monkeypatch, "plan", str(tmp_path / "graph.json"), "--by", "2026-11-30", "--json")
    assert late == 1
    assert json.loads(capsys.readouterr().out)["status"] == "infeasible"


def test_the_orders_of_the_guide_state_all_that_their_countries_ask_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    [orders] = blocks("write-a-mandate.md", "toml")
    head = (
        '[mandate]\nid = "m"\nwho = "League"\nregime = "gdpr"\nlegal_basis = "rights"\n'
        "start = 2026-11-01T00:00:00Z\nend = 2998-01-01T00:00:00Z\n"
        'territories = ["FR", "IT"]\n[[channel]]\nid = "c"\nnames = ["C"]\n'
    )
    providers = "".join(
        f'[[intermediary]]\nname = "{code}"\nterritory = "{code}"\nlist_url = "https://p.example/l"\n'
        for code in ("FR", "IT")
    )
    Path("mandate.toml").write_text(head + orders + providers)
    assert run(monkeypatch, "mandate", "show", "mandate.toml", "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    warned = {row["warning"] for row in rows if "warning" in row}
    assert warned.isdisjoint({"gap.particulars", "gap.no-order"})
    assert "gap.unconfirmed" in warned  # the guide's next step
    assert [row["order_kind"] for row in rows if "order" in row] == ["live", "standing"]
