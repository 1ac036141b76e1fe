"""``cautery estimate`` as a person runs it."""

import json
import xml.etree.ElementTree as ET

import pytest

HEADLINE = ("--claim", "22e6 users", "--claim", "250e6 EUR/month")


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "panels.csv").write_text(
        "panel,country,on,paid,trial,expired,traffic_share\n"
        "a,IT,2024-10-28,90000,9000,20000,0.4\na,MT,2024-10-28,1,0,0,0.4\n"
    )
    return folder


def test_the_headline_is_judged_without_sources_and_the_cross_check_is_said(cautery):
    ran = cautery("estimate", "reconcile", *HEADLINE)
    assert ran.code == 0
    assert "FLAGGED: 22 million users does not fit" in ran.out
    assert "EUR 11.36 a user and month: the list price" in ran.out
    assert "17.1 million" in ran.out
    assert "a judgement" in ran.err


def test_json_is_one_object_with_both_intervals_of_each_claim(cautery):
    ran = cautery("estimate", "reconcile", *HEADLINE, "--json")
    [line] = ran.out.splitlines()
    body = json.loads(line)
    assert [one["flagged"] for one in body["claims"]] == [True, True]
    assert body["claims"][0]["within_90"]["coverage"] == 0.9
    assert body["claims"][0]["within_99"]["coverage"] == 0.99
    assert body["month"] is None


def test_a_plot_is_written_whole(cautery, tmp_path):
    ran = cautery("estimate", "reconcile", *HEADLINE, "--plot", tmp_path / "claims.svg")
    assert ran.code == 0
    assert ET.parse(tmp_path / "claims.svg").getroot().tag.endswith("svg")
    assert [one.name for one in tmp_path.iterdir()] == ["claims.svg"]


def test_a_network_is_sized_by_country_and_small_ones_are_not_told(cautery, sources):
    ran = cautery("estimate", "size", sources, "--claim", "22e6 users", "--json")
    body = json.loads(ran.out)
    assert list(body["by_country"]) == ["IT"]
    assert body["claims"][0]["flagged"]
    said = {one["method"]: one["says_nothing"] for one in body["methods"]}
    assert said["panels"] is None
    assert said["survey"] == "no survey"


def test_the_table_names_each_method_its_bias_and_both_coverages(cautery, sources):
    ran = cautery("estimate", "size", sources)
    assert ran.code == 0
    for words in ("panels", "gives no estimate: no survey", "90 %", "99 %", "under 5"):
        assert words in ran.out
    assert "only one method has data" in ran.err


def test_a_seized_dump_is_refused_unless_an_authority_reads_it(cautery, sources, tmp_path):
    here = tmp_path / "seized" / "a"
    here.mkdir(parents=True)
    head = "id,username,password,exp_date,is_trial,country\n"
    (here / "users.csv").write_text(head + "1,bob,topsecret,1767225600,0,IT\n" * 500)
    dumps = ("estimate", "size", sources, "--dumps", tmp_path / "seized")
    refused = cautery(*dumps)
    assert refused.code == 2
    assert "Directive (EU) 2016/680" in refused.err
    ran = cautery(*dumps, "--regime", "led")
    assert ran.code == 0
    assert "500 rows" in ran.err
    assert "topsecret" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("reconcile", "--claim", "250e6 EUR"), "money needs a period"),
        (("reconcile", "--claim", "250e6/month"), "money needs a currency"),
        (("reconcile", "--claim", "5 USD/month"), "no exchange rate for USD"),
        (("reconcile", "--claim", "5 USD/month", "--rate", "USD=x"), "--rate"),
        (("reconcile", "--claim", "5 USD/month", "--rate", "USD=-1"), "a rate of -1.0"),
        (("reconcile",), "reconcile needs a claim"),
        (("reconcile", "--claim", "5 users", "--month", "2024-10"), "--month needs --sources"),
        (("size", "nowhere"), "nowhere: no such folder"),
    ],
)
def test_bad_input_is_refused_with_its_rule(cautery, arguments, rule):
    ran = cautery("estimate", *arguments)
    assert ran.code == 2
    assert rule in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("month", ["2024-13", "soon", "2024"])
def test_a_month_that_is_none_is_refused(cautery, sources, month):
    ran = cautery("estimate", "size", sources, "--month", month)
    assert ran.code == 2
    assert "is not a valid month" in ran.err


def test_a_regime_that_is_none_is_refused(cautery, sources):
    ran = cautery("estimate", "size", sources, "--regime", "police")
    assert (ran.code, "gdpr or led" in ran.err) == (2, True)


def test_a_plot_that_cannot_be_written_is_said_without_a_traceback(cautery, tmp_path):
    ran = cautery("estimate", "reconcile", *HEADLINE, "--plot", tmp_path / "none" / "x.svg")
    assert ran.code == 1
    assert "does not exist" in ran.err
