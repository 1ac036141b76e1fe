"""Claims: read, refused with their rule, judged in words, and drawn."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cautery.errors import CauteryError, InputError
from cautery.estimate import (
    by_every_method,
    claimed_size,
    claims_plot,
    cross_check,
    in_words,
    judge_claim,
    parse_claim,
    published,
    reconcile,
    reconciled_from_published,
    span,
)
from cautery.messages import in_language, say

PAID = dict.fromkeys(("users", "payers"), (2.5, 5.22, 7.0))


@pytest.fixture(scope="module")
def market():
    return reconciled_from_published(rng=np.random.default_rng(1))


@pytest.fixture(scope="module")
def sized(small_world):
    world = small_world(2)
    rng = np.random.default_rng(2)
    return world, reconcile(by_every_method(world.sources, rng=rng), rng=rng)


@pytest.mark.parametrize(
    ("text", "quantity", "size"),
    [
        ("22e6 users", "users", 22e6),
        ("22 million users", "users", 22e6),
        ("22,000,000 users", "users", 22e6),
        ("1.5m subscribers", "payers", 1.5e6),
        ("250e6 EUR/month", "revenue", 250e6),
        ("EUR 250 million a month", "revenue", 250e6),
        ("€250m per month", "revenue", 250e6),
        ("3e9 EUR/year", "revenue", 250e6),
        ("3 billion euros annually", "revenue", 250e6),
        ("12 GBP/year", "revenue", 1.2),
    ],
)
def test_a_claim_is_read_in_the_ways_that_people_write_it(text, quantity, size):
    claim = parse_claim(text)
    assert claim.quantity == quantity
    assert claimed_size(claim, {"GBP": 1.2}) == pytest.approx(size)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("250e6 EUR", "money needs a period"),
        ("250e6/month", "money needs a currency"),
        ("22e6", "a number needs a unit"),
        ("22e6 parsecs", "not a known unit"),
        ("-22e6 users", "more than zero"),
        ("0 users", "more than zero"),
        ("inf users", "a finite number"),
        ("nan EUR/month", "a finite number"),
        ("1e400 users", "a finite number"),
        ("9e9 users", "more users than people alive"),
        ("1e99 EUR/year", "more than the world earns"),
        ("22e6 users 3", "exactly one number"),
        ("users", "exactly one number"),
        ("", "exactly one number"),
        ("22e6 users/month", "cannot have money or a period"),
        ("22e6 users!", "is not a unit"),
        ("2 " * 200, "longer than 200"),
    ],
)
def test_a_claim_that_is_none_is_refused_with_its_rule(text, rule):
    with pytest.raises(InputError, match=rule):
        parse_claim(text)


@given(st.text(max_size=60))
def test_no_text_raises_anything_but_our_own_errors(text):
    try:
        claim = parse_claim(text)
    except CauteryError:
        return
    assert 0 < claim.value < float("inf")


@given(st.floats(1.0, 8e9))
def test_a_number_of_users_reads_back(value):
    # 1.625 could be written for 1,625, and is asked back: the test below.
    assume(not re.fullmatch(r"\d{1,3}\.\d{3}", repr(value)))
    assert parse_claim(f"{value!r} users").value == pytest.approx(value)


def test_a_claim_in_a_currency_without_a_rate_is_refused(market):
    with pytest.raises(InputError, match="no exchange rate for USD"):
        judge_claim(parse_claim("1e6 USD/month"), market)


def test_the_headline_does_not_fit_the_published_market(market):
    users = judge_claim(parse_claim("22e6 users"), market)
    money = judge_claim(parse_claim("250e6 EUR/month"), market)
    assert users.flagged
    assert money.flagged
    assert "times the upper end of the 99 % interval" in say(money.words)
    assert "of all services together" in say(money.against[0].words)


def test_the_published_market_is_as_published(market):
    [whole] = market.sized
    assert whole.estimate("users").mid == pytest.approx(17.1e6, rel=0.01)
    assert 12 * whole.estimate("revenue").mid == pytest.approx(1.06e9, rel=0.01)
    assert published().arpu_eur == 5.22


def test_a_true_claim_fits_and_one_three_times_too_large_does_not(sized):
    world, together = sized
    truth = world.payers.sum()
    assert not judge_claim(parse_claim(f"{truth:.0f} payers"), together).flagged
    over = judge_claim(parse_claim(f"{3 * truth:.0f} payers"), together)
    under = judge_claim(parse_claim(f"{truth / 3:.0f} payers"), together)
    assert over.flagged
    assert under.flagged
    assert "% of the lower end" in say(under.words)


@pytest.mark.parametrize("text", ["22.000 users", "250.000 EUR/month", "1.234 payers"])
def test_a_point_that_may_be_one_of_thousands_is_asked_about(text):
    with pytest.raises(InputError, match="separate thousands or decimals"):
        parse_claim(text)


@pytest.mark.parametrize(
    ("text", "size"), [("1.234 million users", 1.234e6), ("22.0005e3 users", 22000.5)]
)
def test_a_point_that_can_only_be_of_decimals_is_read(text, size):
    assert claimed_size(parse_claim(text)) == pytest.approx(size)


@pytest.mark.parametrize("rate", [1e305, 1e-320, -1.0, float("nan")])
def test_a_rate_that_no_currency_has_is_refused(market, rate):
    with pytest.raises(InputError, match="a rate of"):
        judge_claim(parse_claim("250e6 USD/month"), market, rates={"USD": rate})


@pytest.mark.parametrize(
    ("end", "factor", "words"),
    [
        ("high", 1.01, "just above the upper end"),
        ("high", 1.2, "1.2 times the upper end"),
        ("low", 0.99, "just below the lower end"),
        ("low", 0.8, "80 % of the lower end"),
        ("low", 1e-6, "under 1 % of the lower end"),
    ],
)
def test_how_far_outside_is_said_in_words_that_are_true(market, end, factor, words):
    size = getattr(market.estimate("users", coverage=0.99), end) * factor
    assert words in say(judge_claim(parse_claim(f"{size:.8e} users"), market).words)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (1.8e6, 7.59e6, "1.8 to 7.59 million"),
        (986e3, 10.1e6, "986,000 to 10.1 million"),
        (9e8, 1.1e9, "900 million to 1.1 billion"),
        (8400, 9100, "8,400 to 9,100"),
    ],
)
def test_an_interval_says_its_unit_once_where_both_ends_have_it(market, low, high, words):
    found = replace(market.estimate("users"), low=low, mid=low, high=high)
    assert say(span(found)) == words


@given(factor=st.floats(0.01, 100))
def test_flagged_is_outside_the_99_percent_interval_and_nothing_else(sized, factor):
    _, together = sized
    size = together.estimate("payers").mid * factor
    outer = together.estimate("payers", coverage=0.99)
    judged = judge_claim(parse_claim(f"{size!r} payers"), together)
    assert judged.flagged == (not outer.low <= size <= outer.high)
    assert (
        judged.within_99.low
        <= judged.within_90.low
        <= judged.within_90.high
        <= judged.within_99.high
    )


def test_a_claim_is_held_against_each_source_and_those_without_say_why(small_world):
    from dataclasses import replace

    rng = np.random.default_rng(1)
    found = replace(small_world(2).sources, surveys=())
    together = reconcile(by_every_method(found, rng=rng), rng=rng)
    judged = judge_claim(parse_claim("22e6 users"), together)
    words = {one.source: say(one.words) for one in judged.against}
    assert set(words) == {"panels", "recapture", "payments", "names", "survey", "visits"}
    assert words["survey"] == "no statement: no survey"
    assert "outside its 99 % interval" in words["panels"]


def test_money_over_users_is_found_to_be_the_list_price():
    [finding] = cross_check(
        [parse_claim("22e6 users"), parse_claim("250e6 EUR/month")],
        list_prices_eur=[10.0],
        paid_eur=PAID,
    )
    assert "EUR 11.36 a user and month" in say(finding)
    assert "list price x claimed users" in say(finding)
    assert "2.2 times the EUR 5.22" in say(finding)


def test_a_year_and_a_month_of_the_same_money_are_one_claim():
    said = cross_check(
        [parse_claim("250e6 EUR/month"), parse_claim("3e9 EUR/year")],
        list_prices_eur=[10.0],
        paid_eur=PAID,
    )
    assert tuple(map(say, said)) == (
        "250e6 EUR/month and 3e9 EUR/year are the same claim, stated twice",
    )


@pytest.mark.parametrize(
    ("value", "quantity", "words"),
    [
        (22e6, "users", "22 million users"),
        (1.06e9, "revenue", "EUR 1.06 billion a month"),
        (999_999, "payers", "1 million payers"),
        (8400, "users", "8,400 users"),
        (3.2, "users", "3.2 users"),
    ],
)
def test_sizes_are_said_as_people_say_them(value, quantity, words):
    assert say(in_words(value, quantity)) == words


def test_the_plot_is_one_svg_the_same_each_time_and_shows_each_claim(market):
    judged = [judge_claim(parse_claim(one), market) for one in ("22e6 users", "250e6 EUR/month")]
    drawn = claims_plot(market, judged, title="Claims")
    assert drawn == claims_plot(market, judged, title="Claims")
    texts = [
        one.text or "" for one in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")
    ]
    assert "22e6 users: does not fit" in texts
    assert "250e6 EUR/month: does not fit" in texts
    assert not any("Payers" in one for one in texts)


def test_the_plot_of_hostile_text_is_still_an_svg_with_that_text(market):
    judged = judge_claim(parse_claim("22e6 users", source="x"), market)
    drawn = claims_plot(market, [judged], title="<script>$\\frac{1}{0}$</script>")
    assert "<script" not in drawn
    ET.fromstring(drawn)


def test_every_text_of_the_plot_is_of_the_catalogue_or_data(market, marks):
    judged = [judge_claim(parse_claim(one), market) for one in ("22e6 users", "250e6 EUR/month")]
    known = [verdict.claim.text for verdict in judged]
    known += [source.method for source in market.sized]
    with in_language(marks.Marked()):
        drawn = claims_plot(market, judged)
    assert marks.forgotten(drawn, known) == []
