"""Harm is a range under stated assumptions: it propagates, it never sums currencies, it judges."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.estimate.harm import (
    CONTENTS,
    Curve,
    Harm,
    HarmRow,
    Price,
    Triple,
    beside,
    harm_of_events,
    harm_of_users,
    harm_plot,
    judge_harm,
    parse_harm_claim,
    parse_price,
    parsed_assumptions,
    published_assumptions,
    scaled,
)


def curve(low: float = 800, mid: float = 1000, high: float = 1300, **more: str) -> Curve:
    named = {"event": "final", "channel": "one"} | more
    return Curve.of(named["event"], named["channel"], [(m, low, mid, high) for m in range(90)])


def harm(*curves: Curve, content: str = "live-sport", **more: object) -> Harm:
    return harm_of_events(curves or [curve()], published_assumptions(), content=content, **more)


def row(of: Harm, id_: str) -> HarmRow:
    (found,) = [row for row in of.rows if row.assumption.id == id_]
    return found


def test_a_row_is_viewings_times_share_times_price_at_both_ends() -> None:
    found = row(harm(), "lost-viewings").total
    assert found is not None
    assert found.currency == "EUR"
    # 5 % of the fewest (the mean minute's) and 95 % of the most (1.5 times the fullest minute's).
    assert found.low == pytest.approx(800 * 0.28 * 24, rel=0.01)
    assert found.high == pytest.approx(1300 * 1.5 * 0.34 * 25, rel=0.01)


def test_a_months_price_is_spread_over_most_and_fewest_viewings() -> None:
    found = row(harm(), "spend-as-today").total
    assert found is not None
    assert found.low == pytest.approx(800 * 0.30 * 2.5 / 12, rel=0.01)
    assert found.high == pytest.approx(1300 * 1.5 * 0.74 * 7.0 / 4, rel=0.01)


def test_the_hull_holds_every_assumption_with_a_source_and_leaves_the_headlines_out() -> None:
    of = harm()
    counted = [row.total for row in of.rows if row.assumption.in_hull and row.total]
    assert of.hull.low == min(sum_.low for sum_ in counted)
    assert of.hull.high == max(sum_.high for sum_ in counted)
    headline = row(of, "all-pay").total
    assert headline is not None
    assert headline.high > of.hull.high
    assert of.words.values["count"] == len(counted)


def test_errors_of_one_file_go_together_so_sums_are_as_wide_as_their_parts() -> None:
    one, two = curve(channel="one"), curve(channel="two")
    both, single = row(harm(one, two), "lost-viewings"), row(harm(one), "lost-viewings")
    assert both.total is not None
    assert single.total is not None
    assert both.total.low == pytest.approx(2 * single.total.low, rel=1e-6)
    assert both.total.high == pytest.approx(2 * single.total.high, rel=1e-6)
    assert set(both.parts) == {("final", "one"), ("final", "two")}
    assert "harm.several-channels" in {note.id for note in harm(one, two).notes}
    assert "harm.several-channels" not in {note.id for note in harm(one).notes}


def test_minutes_that_nobody_measured_are_said() -> None:
    gappy = Curve.of("final", "one", [(0, 1, 2, 3), (5, 1, 2, 3)])
    (note,) = [note for note in harm(gappy).notes if note.id == "harm.unmeasured"]
    assert note.values["minutes"] == 4
    assert gappy.average == Triple(1, 2, 3)


@given(st.lists(st.tuples(*[st.integers(0, 10**6)] * 3), min_size=1, max_size=50))
@settings(deadline=None)
def test_a_sum_is_that_of_the_ends_and_nothing_is_drawn(steps: list[tuple[int, int, int]]) -> None:
    of = harm(*(curve(a, a + b, a + b + c, event=str(n)) for n, (a, b, c) in enumerate(steps)))
    assert of.viewings[0] == pytest.approx(sum(a for a, _, _ in steps), rel=1e-12)
    assert of.viewings[1] == pytest.approx(1.5 * sum(map(sum, steps)), rel=1e-12)


def test_your_own_price_replaces_the_lawful_one_and_no_other() -> None:
    priced = harm(price=parse_price("10 EUR/viewing"))
    assert row(priced, "say-they-would").price.low == 10
    assert row(priced, "spend-as-today").price.high == 7.0
    total = row(priced, "all-pay").total
    assert total is not None
    assert total.low == pytest.approx(8_000, rel=0.01)


def test_another_currency_needs_a_rate() -> None:
    price = parse_price("10-20 GBP/viewing")
    with pytest.raises(InputError, match="no exchange rate for GBP"):
        harm(price=price)
    total = row(harm(price=price, rates={"GBP": 1.2}), "all-pay").total
    assert total is not None
    assert total.low == pytest.approx(800 * 12, rel=0.01)


def test_a_year_of_users_takes_monthly_prices_and_says_what_it_cannot() -> None:
    year = harm_of_users(Triple(1e6, 2e6, 4e6), published_assumptions(), content="live-sport")
    silent = row(year, "lost-viewings")
    assert silent.total is None
    assert silent.why_not is not None
    assert silent.why_not.id == "harm.of-viewings"
    today = row(year, "spend-as-today").total
    assert today is not None
    assert today.low == pytest.approx(1e6 * 0.3 * 2.5 * 12, rel=0.01)
    assert today.high == pytest.approx(4e6 * 0.74 * 7 * 12, rel=0.01)


def test_films_in_a_year_have_no_monthly_price_but_what_people_pay_today() -> None:
    year = harm_of_users(Triple(1, 2, 3), published_assumptions(), content="film")
    assert [one.assumption.id for one in year.rows if one.total] == ["spend-as-today"]


@pytest.mark.parametrize("content", CONTENTS)
def test_each_content_has_assumptions_and_a_source_for_each_figure(content: str) -> None:
    rows = published_assumptions().about(content)
    assert {"next-source", "spend-as-today", "all-pay"} <= {row.id for row in rows}
    assert all(row.source and (row.price is None or row.price.source) for row in rows)


@pytest.mark.parametrize("content", ["", "sport", "LIVE-SPORT", "x" * 99])
def test_another_content_is_refused(content: str) -> None:
    with pytest.raises(InputError, match="is not a content"):
        harm(content=content)


def test_no_audience_is_refused() -> None:
    with pytest.raises(InputError, match="needs an audience"):
        harm_of_events([], published_assumptions(), content="film")


@pytest.mark.parametrize(
    "ends", [(-1, 0, 1), (2, 1, 3), (1, 3, 2), (float("nan"), 1, 2), (0, 1, float("inf"))]
)
def test_what_is_no_interval_is_refused(ends: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match="interval"):
        Triple(*ends)


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([], "no minute"),
        ([(1, 1, 2, 3), (1, 1, 2, 3)], "minute 1 occurs twice"),
        ([(1, 3, 2, 3)], "low <= mid <= high"),
        ([(1, float("nan"), 2, 3)], "finite"),
    ],
)
def test_what_is_no_curve_is_refused(
    rows: list[tuple[int, float, float, float]], rule: str
) -> None:
    with pytest.raises(InputError, match=rule):
        Curve.of("final", "one", rows)


def test_streams_times_viewers_a_stream_is_the_wider_interval() -> None:
    viewers = scaled(curve(1, 2, 3), Triple(10, 100, 1000))
    assert (viewers.peak.low, viewers.peak.mid, viewers.peak.high) == (10, 200, 3000)


# -- claims ----------------------------------------------------------------------------------------


def judged(text: str, of: Harm | None = None, **more: object):
    of = of or harm()
    return judge_harm(parse_harm_claim(text, of=of.of), of, **more)


def test_a_claim_inside_an_assumption_is_possible_under_it_by_name() -> None:
    verdict = judged("EUR 10,000/events")
    assert not verdict.flagged
    assert "lost-viewings" in verdict.under
    assert verdict.words.id == "harm.claim-possible"
    assert "survey counts them" in verdict.words.values["titles"]


def test_a_claim_that_only_a_headline_assumes_is_flagged_and_says_so() -> None:
    verdict = judged("EUR 22000 per event")
    assert verdict.flagged
    assert verdict.under == ("all-pay",)
    assert verdict.words.id == "harm.claim-headline"


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("EUR 5 million/events", "harm.claim-above"),
        ("EUR 1000000000 for these events", "harm.claim-above"),
    ],
)
def test_a_claim_out_of_reach_is_flagged(claim: str, words: str) -> None:
    verdict = judged(claim)
    assert verdict.flagged
    assert verdict.under == ()
    assert verdict.words.id == words


def test_a_claim_below_all_is_flagged() -> None:
    own = parsed_assumptions(ONE, "own.toml")
    of = harm_of_events([curve()], own, content="film")
    verdict = judged("EUR 10/events", of)
    assert verdict.flagged
    assert verdict.words.id == "harm.claim-below"


def test_the_headline_of_ten_billion_a_year_is_out_of_reach_of_a_quarter_of_the_market() -> None:
    year = harm_of_users(Triple(1.5e6, 4e6, 7.7e6), published_assumptions(), content="live-sport")
    verdict = judged("EUR 10 billion a year", year)
    assert verdict.flagged
    assert verdict.eur == pytest.approx(10e9)
    totals = [beside(verdict.eur, total) for total in published_assumptions().published]
    assert all(times is not None and times > 5 for times in totals)


def test_a_claim_in_another_currency_needs_a_rate() -> None:
    with pytest.raises(InputError, match="USD"):
        judged("USD 10,000/events")
    assert judged("USD 10,000/events", rates={"USD": 0.5}).eur == 5_000


@pytest.mark.parametrize(
    ("text", "of", "rule"),
    [
        ("EUR 10 million a year", "events", "another time"),
        ("EUR 10 million/events", "year", "another time"),
        ("22e6 users", "year", "sum of money"),
        ("10 million", "events", "needs"),
        ("EUR -5/events", "events", "more than zero"),
        ("EUR nan/events", "events", "finite"),
        ("EUR 1e400/events", "events", "finite"),
        ("=HYPERLINK(1)", "year", "."),
        ("x" * 10_000, "events", "longer"),
    ],
)
def test_what_is_no_claim_of_harm_is_refused(text: str, of: str, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        parse_harm_claim(text, of=of)


# -- the file of assumptions -----------------------------------------------------------------------

ONE = """
title = "mine"
viewings_a_month = [1, 1]
viewings_source = "mine"
most_viewers_over_peak = 1.0
viewers_source = "mine"
[[assumption]]
id = "half"
title = "Half of them"
contents = ["film"]
share = [0.5, 0.5]
price = { low = 4, high = 4, currency = "EUR", per = "viewing" }
evidence = "judgement"
source = "mine"
"""


def test_your_own_file_counts_alone() -> None:
    own = parsed_assumptions(ONE, "own.toml")
    of = harm_of_events([curve()], own, content="film")
    (only,) = of.rows
    assert only.total is not None
    assert (only.total.low, only.total.high) == pytest.approx((1600, 2600), rel=0.01)
    with pytest.raises(InputError, match="no assumption of 'mine' speaks of series"):
        harm_of_events([curve()], own, content="series")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (("[0.5, 0.5]", "[0.5, 1.5]"), "share must be from 0.5 to 1"),
        (("[0.5, 0.5]", "[0.6, 0.5]"), "share must be from 0.6"),
        (("[0.5, 0.5]", "[nan, 0.5]"), "share must be from 0"),
        (("[0.5, 0.5]", "[0.5]"), "two numbers"),
        (("[0.5, 0.5]", "[true, true]"), "must be a number"),
        (("low = 4", "low = -4"), "low must be from 0"),
        (("high = 4", "high = 1e99"), "high must be from 4"),
        (("high = 4", "high = inf"), "high must be from 4"),
        (('"EUR"', '"euro"'), "ISO 4217"),
        (('per = "viewing"', 'per = "year"'), "per must be"),
        (('evidence = "judgement"', 'evidence = "sure"'), "evidence must be"),
        (('judgement"\nsource = "mine"', 'judgement"'), "source must be a text"),
        (('viewings_source = "mine"\n', ""), "viewings_source must be a text"),
        (('"half"', '"Half!"'), "small letters"),
        (('["film"]', '["films"]'), "contents must be"),
        (('["film"]', "[]"), "contents must be"),
        (("evidence", "odds = 3\nevidence"), "'odds' is not known"),
        (("[[assumption]]", "[assumption]"), "must be tables"),
        (("[1, 1]", "[0, 1]"), "viewings_a_month"),
        (("= 1.0", "= 0.5"), "most_viewers_over_peak"),
        (("price = {", "prices = {"), "is not known"),
        ((ONE, "["), "not valid TOML"),
        ((ONE, 'title = "x"'), "no \\[\\[assumption\\]\\]"),
        ((ONE, ONE + ONE[ONE.index("[[") :]), "used twice"),
    ],
)
def test_a_broken_file_of_assumptions_names_the_place(change: tuple[str, str], rule: str) -> None:
    text = ONE.replace(*change)
    with pytest.raises(InputError, match=rule) as told:
        parsed_assumptions(text, "own.toml")
    assert str(told.value).startswith("own.toml")


def test_a_lawful_price_must_be_there_where_it_is_used() -> None:
    text = ONE.replace('price = { low = 4, high = 4, currency = "EUR", per = "viewing" }\n', "")
    with pytest.raises(InputError, match=r"no \[\[price\]\] of film"):
        parsed_assumptions(text, "own.toml")


@pytest.mark.parametrize(
    "text",
    ["", "29.99", "29.99 EUR", "EUR 29.99/month", "0 EUR/month", "9-3 EUR/month", "1e9 EUR/month"],
)
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--price"):
        parse_price(text)


def test_a_price_of_an_event_is_one_of_a_viewing() -> None:
    assert parse_price("19.99 eur per event") == Price(
        low=19.99, high=19.99, currency="EUR", per="viewing", source="yours"
    )


# -- the picture -----------------------------------------------------------------------------------


def test_the_picture_names_assumptions_and_claims_and_no_text_is_a_formula() -> None:
    of = harm(curve(event="<b>$x^2$</b>"))
    verdict = judged("EUR 10,000/events", of)
    drawing = harm_plot(of, [curve(event="<b>$x^2$</b>")], [verdict], title="T <i>")
    assert "They go to the next source" in drawing
    assert "EUR 10,000/events" in drawing
    assert "<b>" not in drawing
    assert drawing == harm_plot(of, [curve(event="<b>$x^2$</b>")], [verdict], title="T <i>")


def test_more_curves_than_fit_are_counted() -> None:
    many = [curve(channel=f"c{number}") for number in range(9)]
    of = harm(*many)
    assert "3 smaller curves not drawn" in harm_plot(of, many, title="T")


def test_rows_that_are_nothing_are_not_drawn() -> None:
    nothing = curve(0, 0, 0)
    of = harm(nothing)
    assert of.hull.low == of.hull.high == 0
    assert "They go" not in harm_plot(of, [nothing], title="T")
    assert replace(nothing, event="x").unmeasured == 0
