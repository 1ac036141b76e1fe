"""Evidence on shared factors: what narrows a prior, what is too little, and what is named."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from cautery.errors import InputError
from cautery.estimate import (
    PRIORS,
    Prior,
    Wide,
    by_every_method,
    by_names,
    by_panels,
    by_sharing,
    by_survey,
    price_level,
    reconcile,
)
from cautery.estimate.evidence import by_paying
from cautery.estimate.prices import sold_level
from cautery.messages import say
from cautery.model import Money
from cautery.model.sizing import (
    NameSample,
    PanelCount,
    PriceSeen,
    SharingAnswer,
    SizingSources,
    SurveyAnswer,
)

MONTH = date(2024, 10, 1)


def rng(seed=1):
    return np.random.default_rng(seed)


def sources(**kinds):
    return SizingSources(month=MONTH, **kinds)


def answer(people, answers, *, households=1, country="IT"):
    return SharingAnswer(
        country=country, on=MONTH, people=people, households=households, answers=answers
    )


def panel(paid, *, name="a", active=None, share=0.5):
    return PanelCount(
        panel=name,
        country="IT",
        on=MONTH,
        paid=paid,
        trial=0,
        expired=0,
        traffic_share=share,
        active=active,
    )


def page(shop, amount, *, months=1, sales=None, currency="EUR"):
    money = Money(amount=Decimal(str(amount)), currency=currency)
    return PriceSeen(storefront=shop, on=MONTH, months=months, price=money, sales=sales)


def together(found):
    return reconcile(by_every_method(found, rng=rng()), rng=rng())


def width(estimate):
    return np.log(estimate.high / estimate.low)


# --- mixtures


def test_a_wide_part_widens_a_prior_as_its_draws_say():
    prior = Prior(
        name="x",
        distribution="lognormal",
        parameters=(2.0, 0.2),
        basis="judgement",
        note="",
        wide=Wide(share=0.3, median=1.5, log_sd=0.5),
    )
    draws = prior.draw(rng(), 60_000)
    mean, sd = prior.log_moments()
    assert np.log(draws).mean() == pytest.approx(mean, abs=0.01)
    assert np.log(draws).std() == pytest.approx(sd, rel=0.03)
    assert prior.ends() == pytest.approx(np.quantile(draws, [0.05, 0.95]), rel=0.02)


def test_the_wide_part_does_not_change_what_is_drawn_next():
    narrow = replace(PRIORS["USERS_PER_PAYER"], wide=None)
    one, two = rng(), rng()
    PRIORS["USERS_PER_PAYER"].draw(one, 10)
    narrow.draw(two, 10)
    assert one.random() == two.random()


@pytest.mark.parametrize("name", PRIORS)
def test_a_moved_prior_has_its_middle_elsewhere_and_stays_possible(name):
    prior = PRIORS[name]
    low, high = prior.ends()
    assert 0 < low < high
    assert prior.moved(0.3).log_moments()[0] > prior.log_moments()[0]
    if prior.distribution == "beta":
        assert prior.moved(5.0).draw(rng(), 1000).max() <= 1


@pytest.mark.parametrize(
    "wide",
    [Wide(0.0, 1.0, 0.3), Wide(1.0, 1.0, 0.3), Wide(0.2, 0.0, 0.3), Wide(0.2, 1.0, float("nan"))],
)
def test_a_wide_part_that_is_none_is_refused(wide):
    with pytest.raises(InputError, match="is not a wide part"):
        replace(PRIORS["USERS_PER_PAYER"], wide=wide)


# --- sharing


def test_payers_who_say_five_make_more_users_a_payer_and_it_is_named():
    told = tuple(answer(people, 60) for people in (3, 4, 5, 6, 7))
    row = SurveyAnswer(country="IT", on=MONTH, asked=5000, yes=2000, households=10**6, paying=400)
    found = together(sources(panels=(panel(5000),), sharing=told, surveys=(row,)))
    per_payer = found.estimate("users").mid / found.estimate("payers").mid
    assert 3.8 < per_payer < 5.5
    assert [unusual.factor for unusual in found.unusual] == ["USERS_PER_PAYER"]
    assert "sharing, surveys: about" in say(found.unusual[0].words)


def test_without_a_word_on_sharing_users_rest_on_what_no_source_identifies(small_world):
    told = small_world(8).sources
    silent = replace(told, sharing=())
    first, second = together(told), together(silent)
    assert first.estimate("users").note is None
    assert "users per payer, which is not identified by any source" in say(
        second.estimate("users").note
    )
    assert width(first.estimate("users")) < 0.85 * width(second.estimate("users"))


def test_three_answers_are_no_survey_and_are_said_to_be_left_out():
    few = sources(panels=(panel(5000),), sharing=(answer(4, 3),))
    evidence, notes = by_sharing(few)
    assert evidence == ()
    assert "3 answers, fewer than 30" in say(notes[0])
    assert together(few).estimate("users") == together(replace(few, sharing=())).estimate("users")


def test_answers_all_alike_are_not_exact():
    (people, _), _ = by_sharing(sources(sharing=(answer(2, 40),)))
    assert people.log_sd > PRIORS["SHARING_TOLD"].log_moments()[1]


def test_a_survey_of_three_people_says_nothing():
    asked = SurveyAnswer(country="IT", on=MONTH, asked=3, yes=3, households=900_000)
    assert say(by_survey(sources(surveys=(asked,)), rng=rng()).reason) == (
        "fewer than 30 people were asked in each country"
    )
    more = SurveyAnswer(country="DE", on=MONTH, asked=900, yes=30, households=900_000)
    both = by_survey(sources(surveys=(asked, more)), rng=rng())
    assert both.countries == ("DE",)
    assert "1 survey(s) that asked fewer than 30" in say(both.notes[0])


def test_the_fewer_users_pay_the_more_users_a_payer_has():
    def level(paying):
        row = SurveyAnswer(
            country="IT", on=MONTH, asked=2000, yes=400, households=10**6, paying=paying
        )
        return by_paying(sources(surveys=(row,)))[0].log_mean

    assert np.exp(level(100) - level(200)) == pytest.approx(2, rel=0.02)
    assert (
        by_paying(
            sources(
                surveys=(
                    SurveyAnswer(
                        country="IT", on=MONTH, asked=2000, yes=20, households=10**6, paying=5
                    ),
                )
            )
        )
        == ()
    )


@pytest.mark.parametrize(("people", "households"), [(0, 0), (2, 3), (2, 0), (5000, 1)])
def test_a_line_of_nobody_or_of_a_town_is_refused(people, households):
    with pytest.raises(InputError, match="on one line"):
        answer(people, 5, households=households)


# --- prices and sales


def test_what_was_sold_says_more_of_arpu_than_what_is_listed():
    pages = [page(f"s{n}", 10, sales=90) for n in range(8)]
    pages += [page(f"s{n}", 48, months=12, sales=10) for n in range(8)]
    found = sources(prices=tuple(pages))
    sold = (90 * 10 + 10 * 48) / (90 + 120)
    told = PRIORS["SOLD_REALISED"].log_moments()[0]
    assert sold_level(found).log_mean == pytest.approx(np.log(sold) + told)
    panels = (panel(5000),)
    listed = replace(found, prices=tuple(replace(one, sales=None) for one in pages))
    assert sold_level(listed) is None
    assert width(together(replace(found, panels=panels)).estimate("revenue")) < width(
        together(replace(listed, panels=panels)).estimate("revenue")
    )


def test_a_handful_of_sales_weighs_nothing():
    assert sold_level(sources(prices=(page("s", 10, sales=3),))) is None


def test_mixed_currencies_are_brought_to_euros_or_refused():
    mixed = (page("a", 10, sales=50), page("b", 10, sales=50, currency="GBP"))
    with pytest.raises(InputError, match="no exchange rate for GBP"):
        sold_level(sources(prices=mixed))
    with pytest.raises(InputError, match="no exchange rate for GBP"):
        price_level(sources(prices=mixed))
    in_euros = sold_level(sources(prices=mixed, rates={"GBP": 1.2}))
    assert np.exp(in_euros.log_mean - PRIORS["SOLD_REALISED"].log_moments()[0]) == pytest.approx(11)


# --- activity in dumps


def test_activity_takes_the_place_of_the_dormant_share():
    logged = by_panels(sources(panels=(panel(10_000, active=5_000),)), rng=rng())
    assumed = by_panels(sources(panels=(panel(10_000),)), rng=rng())
    ratio = np.exp(logged.log_mean[0] - assumed.log_mean[0])
    assert ratio == pytest.approx(0.5 / 0.95 / 0.8, rel=0.03)
    assert "in use in the last month" in say(logged.bias)


def test_a_panel_with_a_log_speaks_for_one_without():
    both = sources(
        panels=(panel(10_000, active=5_000, share=0.25), panel(8_000, name="b", share=0.2))
    )
    with_prior = sources(panels=(panel(10_000, share=0.25), panel(8_000, name="b", share=0.2)))
    ratio = np.exp(
        by_panels(both, rng=rng()).log_mean[0] - by_panels(with_prior, rng=rng()).log_mean[0]
    )
    assert ratio == pytest.approx(0.5 / 0.95 / 0.8, rel=0.03)


def test_more_active_lines_than_lines_are_refused():
    with pytest.raises(InputError, match="11 active lines, but only 10 paid ones"):
        panel(10, active=11)


# --- contradictions


def test_two_words_on_sharing_that_contradict_each_other_are_named():
    row = SurveyAnswer(country="IT", on=MONTH, asked=5000, yes=2000, households=10**6, paying=1900)
    found = sources(
        panels=(panel(5000),), surveys=(row,), sharing=tuple(answer(n, 90) for n in (11, 12, 13))
    )
    named = {apart.method for apart in together(found).disagreements}
    assert {"sharing", "surveys"} & named


def test_households_said_to_share_move_what_names_say_of_payers():
    sample = NameSample(country="IT", month=MONTH, households=900_000, sampled=90_000, hits=700)
    plain = sources(names=(sample,))
    many = replace(plain, sharing=(answer(4, 100, households=3), answer(3, 100, households=2)))
    assert together(many).estimate("payers").mid < 0.8 * together(plain).estimate("payers").mid
    assert by_names(many, rng=rng()).about == "households"
