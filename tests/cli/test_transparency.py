"""What a case shows of itself, and what it hands to Lumen."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

from cautery.model.records import (
    CanaryProbed,
    ComplaintDecided,
    ComplaintFiled,
    ComplaintMeans,
    NoticeSent,
    SendMeans,
)
from cautery.projections.figures import distribution, quantile

from .conftest import Ran
from .notice_case import NOW, URL, Watched, approve
from .test_complaint import NUMBER, published

Cautery = Callable[..., Ran]


def test_figures_count_blocks_complaints_and_mistakes(
    cautery: Cautery, proven_case: Watched
) -> None:
    published(proven_case)
    proven_case.write(
        ComplaintFiled(
            complaint=NUMBER,
            means=ComplaintMeans.FORM,
            received_at=NOW,
            receipt_at=NOW,
            target="shop.example",
            due_at=NOW,
            key="~k",
            exhibit="sha256:" + "0" * 64,  # type: ignore[arg-type]
            at=NOW,
        ),
        ComplaintDecided(
            complaint=NUMBER, granted=True, by="anna", why="x", target="shop.example", at=NOW
        ),
        CanaryProbed(
            canary="bakery.example",
            intermediary="isp",
            targets=("shop.example",),
            direct=True,
            through=False,
            at=NOW,
        ),
    )
    ran = cautery("transparency", "show", proven_case.path)
    assert ran.code == 0, ran.err
    rows = {(row[2], row[3], row[4]): row[5] for row in csv.reader(io.StringIO(ran.out))}
    assert rows["orders", "IT O", "names"] == rows["orders", "IT O", "addresses"] == "1"
    assert rows["mistakes", "", "complaints_granted"] == "1"
    assert rows["mistakes", "", "unrelated_names_hit"] == "1"
    assert rows["complaints", "", "in_time"] == "1"
    assert rows["times", "receipt_s", "n"] == "1"
    assert "shop.example" not in ran.out
    assert "bakery" not in ran.out


def test_a_case_without_acts_has_figures(cautery: Cautery, proven_case: Watched) -> None:
    body = json.loads(cautery("transparency", "show", proven_case.path, "--json").out)
    assert body["mistakes"]["targets"] == 0
    assert body["times"]["unblock_s"]["median"] is None


def test_a_sent_notice_is_written_for_lumen_without_addresses_and_names(
    cautery: Cautery, proven_case: Watched, notice: str, tmp_path: Path
) -> None:
    assert approve(cautery, proven_case, notice).code == 0
    proven_case.write(
        NoticeSent(
            notice=notice,
            means=SendMeans.MAIL,
            to="abuse@hoster.example",
            message_id="<x>",
            by="carl",
            exhibit="sha256:" + "0" * 64,  # type: ignore[arg-type]
            at=NOW,
        )
    )
    out = tmp_path / "lumen.jsonl"
    ran = cautery("transparency", "lumen", proven_case.path, "-o", out)
    assert ran.code == 0, ran.err
    [body] = map(json.loads, out.read_text().splitlines())
    [work] = body["notice"]["works_attributes"]
    assert {"url": URL} in work["infringing_urls_attributes"]
    roles = {role["name"] for role in body["notice"]["entity_notice_roles_attributes"]}
    assert {"sender", "recipient"} <= roles
    for hidden in ("@", "anna", "carl"):
        assert hidden not in out.read_text()


def test_distributions_have_every_value_once() -> None:
    values = [0.5, 1.0, 1.1, 30.0, 2_000.0]
    told = distribution(values)
    assert sum(told["counts"]) == told["n"] == 5
    assert (told["counts"][0], told["counts"][-1], told["max"]) == (2, 1, 2_000.0)
    assert quantile(values, 0.99) == 2_000.0
    assert distribution([])["p99"] is None
