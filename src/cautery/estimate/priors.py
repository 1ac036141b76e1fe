"""Priors of each source's bias: one published or judged distribution for each.

A world of the lab draws its biases from these priors; the estimators know the priors, never the
draws. So calibration is measured against the published ranges, not against a world.

The equations (the whole model; docs/adr/0009-sizing.md says why). For country ``c``::

    payers[c]                           the unknown
    users[c]    = payers[c] * USERS_PER_PAYER * COUNTRY_SHARING     at least one a payer
    arpu[c]     = NETWORK_ARPU * arpu_level(c) * COUNTRY_ARPU
    revenue[c]  = payers[c] * arpu[c]                   EUR a month, what customers pay
    lines[c]    = payers[c] * LINES_PER_PAYER           live lines in use by payers

    panels      live lines of panel p in c: lines[c] * share[p] * PANEL_MIX (for each p and c), made
                to add up to lines[c] over all panels; paid-looking = that / (1 - DORMANT);
                trial and expired lines come on top (TRIAL, EXPIRED: shares of the whole dump);
                traffic_share said = share[p] * PANEL_TRAFFIC (for each p) * TRAFFIC_COMMON
    recaptures  lines to be seen at the peak = lines[c] * PEAK_CONCURRENCY * COUNTRY_PEAK
                * ACTIVE_PHANTOMS * coverage; coverage said = coverage * EDGE_COVERAGE;
                each of them is caught with a chance of mean m and variation CAPTURE_CV over lines:
                E first = E second = N m,  E both = N m^2 (1 + CAPTURE_CV^2)
    payments    channel k: total[c, k] = revenue[c] * mix[k] * (1 - OFF_BOOK) * coverage[k]
                * KNOWN_ACCOUNTS (for each k) * (1 - REFUNDS) / (1 - CREDITS) * COUNTRY_PAYMENTS
                mix ~ Dirichlet(CHANNEL_MIX); coverage[k] from ACCOUNT_COVERAGE for each k;
                purchases[k].known ~ Binomial(purchases[k].purchases, coverage[k])
    names       hits ~ Binomial(sampled, payers[c] * HOUSEHOLDS_LOOKING * COUNTRY_NAMES
                * (1 - VPN) / households)
    surveys     yes ~ Binomial(asked, users[c] / share of the market * SURVEY_RECALL
                * COUNTRY_SURVEY / (households * ADULTS_PER_HOUSEHOLD))
    visits      visits[c] = payers[c] * JOINING / CONVERSION * COUNTRY_VISITS
    prices      one month's price of a storefront = NETWORK_ARPU / REALISED * STOREFRONT_PRICE;
                m months cost m times that, times (1 - LONG_TERM_DISCOUNT * (m - 1) / 11)

                of those who say yes, paying ~ Binomial(yes, PAYING_TOLD / USERS_PER_PAYER)
    sharing     people on a payer's line, as said ~ 1 + Poisson, of mean users[c] / payers[c]
                * SHARING_TOLD; households that share it: of mean HOUSEHOLDS_LOOKING / LOOKING_EACH
    activity    paid-looking lines of a panel that were active in its last month
                ~ Binomial(live lines, ACTIVE_SEEN)
    sales       price of all that some storefronts sold, over its months = NETWORK_ARPU
                / SOLD_REALISED

The share of the market is the world's own; NETWORK_SHARE where it is a network as large as those of
"Taken Down" and "Kratos". ANY_NETWORK_SHARE, and COUNTRY_SHARE from country to country, are what an
estimator assumes of it.

Where no index stands, the draw is one for the whole world; ``COUNTRY_...`` are drawn anew for each
country, and those "for each p / k" for each panel or channel. ``households`` is those of the
country (a small world's are small as well).
"""

from __future__ import annotations

from collections.abc import Mapping

from cautery.estimate.bias import Prior, Wide

JUDGEMENT = "judgement"
_PAGE = "docs/reference/sources.md"


def _prior(
    name: str,
    distribution: str,
    *parameters: float,
    basis: str,
    note: str,
    wide: Wide | None = None,
) -> Prior:
    return Prior(
        name=name,
        distribution=distribution,
        parameters=parameters,
        basis=basis,
        note=note,
        wide=wide,
    )


USERS_PER_PAYER = _prior(
    "users per payer",
    "lognormal",
    2.0,
    0.25,
    basis=JUDGEMENT,
    note="a household of about two adults watches one paid line; in three networks of ten lines "
    "are shared further, and nobody published how far",
    wide=Wide(share=0.3, median=1.25, log_sd=0.45),
)
COUNTRY_SHARING = _prior(
    "sharing, country",
    "lognormal",
    1.0,
    0.06,
    basis=JUDGEMENT,
    note="households differ little from country to country",
)
LINES_PER_PAYER = _prior(
    "lines per payer",
    "lognormal",
    1.12,
    0.05,
    basis=f"{_PAGE}, F12",
    note="1 connection per line, 2 for multi-room: few buy a second line; where lines are sold in "
    "packs, more do",
    wide=Wide(share=0.3, median=1.05, log_sd=0.35),
)
NETWORK_ARPU = _prior(
    "ARPU of the network, EUR/month",
    "pert",
    2.5,
    5.2,
    7.0,
    basis=f"{_PAGE}, F9 and F10",
    note="realised ARPU 2.5-7 (5.2): EUIPO, AAPA; these are means of the market, and one network "
    "of four may lie outside of them",
    wide=Wide(share=0.25, median=1.0, log_sd=0.45),
)
COUNTRY_ARPU = _prior(
    "ARPU, country",
    "lognormal",
    1.0,
    0.12,
    basis=f"{_PAGE}, F10",
    note="the spread between countries that the published levels do not explain",
)
ARPU_LEVELS = {
    "SK": 0.6,
    "HU": 0.6,
    "PL": 0.6,
    "BG": 0.6,
    "RO": 0.6,
    "HR": 0.8,
    "FI": 1.15,
    "FR": 1.15,
    "NL": 1.3,
}
"""A country's spending over the mean (5.22): 2.5 (SK, HU, PL) to > 6 (FI, NL 6.82, FR)
(docs/reference/sources.md, F10); BG, RO and HR by judgement, as neighbours. The lowest is not
applied whole: a network's prices vary less than spending on all piracy."""

DORMANT = _prior(
    "dormant or duplicate lines among paid-looking ones",
    "beta",
    8.0,
    32.0,
    basis=f"{_PAGE}, F17",
    note="part of the judged 20-60 % trial and expired lines that no flag shows: 20 % (9-34 %)",
)
TRIAL = _prior(
    "trial lines in a dump",
    "beta",
    6.0,
    34.0,
    basis=f"{_PAGE}, F17",
    note="with EXPIRED 20-60 % in all",
)
EXPIRED = _prior(
    "expired lines in a dump",
    "beta",
    8.0,
    24.0,
    basis=f"{_PAGE}, F17",
    note="with TRIAL 20-60 % in all",
)
PANEL_MIX = _prior(
    "a panel's country mix", "lognormal", 1.0, 0.4, basis=JUDGEMENT, note="resellers are local"
)
PANEL_TRAFFIC = _prior(
    "a panel's measured traffic share",
    "lognormal",
    1.0,
    0.25,
    basis=JUDGEMENT,
    note="from sampled flows at some edges, drawn for each panel separately",
)
TRAFFIC_COMMON = _prior(
    "traffic shares, all panels",
    "lognormal",
    1.0,
    0.25,
    basis=JUDGEMENT,
    note="edges and panels that nobody found make all measured shares too large or too small",
)

PEAK_CONCURRENCY = _prior(
    "lines active at the peak match",
    "beta",
    6.0,
    10.0,
    basis=f"{_PAGE}, F17",
    note="concurrent/subscribers 15-60 %: 95 % of this prior",
)
COUNTRY_PEAK = _prior(
    "peak, country",
    "lognormal",
    1.0,
    0.12,
    basis=JUDGEMENT,
    note="depends on which country's teams play",
)
ACTIVE_PHANTOMS = _prior(
    "active lines without a payer",
    "lognormal",
    1.1,
    0.15,
    basis=f"{_PAGE}, F14 and F16",
    note="trials in use, monitors, 24/7 'phantom' boxes",
)
EDGE_COVERAGE = _prior(
    "stated coverage of edges",
    "lognormal",
    1.0,
    0.25,
    basis=JUDGEMENT,
    note="the edges that were looked at may differ from the mean edge",
)
CAPTURE_CV = _prior(
    "variation of the chance to be caught",
    "lognormal",
    0.45,
    0.25,
    basis=JUDGEMENT,
    note="heavy viewers are caught twice: Lincoln-Petersen is then too low by 1 + cv^2",
)

ACCOUNT_COVERAGE = _prior(
    "a channel's takings that go to known accounts",
    "beta",
    4.0,
    3.0,
    basis=JUDGEMENT,
    note="before a test purchase: 57 % (22-88 %); drawn for each channel separately",
)
CHANNEL_MIX = {"bank": 2.5, "card": 4.0, "crypto": 1.5, "wallet-service": 2.5}
"""Dirichlet weights of what is paid by which way: cards first, then wallets and banks, crypto 14 %
(2-38 %); the shares of sites that offer each (docs/reference/sources.md, F13), by judgement turned
into shares of money."""
OFF_BOOK = _prior(
    "sales where no test purchase reaches",
    "beta",
    7.0,
    21.0,
    basis=f"{_PAGE}, F12",
    note="sales by hand through sub-resellers, who pay in credits: 25 % (11-42 %)",
)
KNOWN_ACCOUNTS = _prior(
    "known accounts' takings over the mean account's",
    "lognormal",
    1.0,
    0.2,
    basis=JUDGEMENT,
    note="a purchase finds accounts, not euros; drawn for each channel separately",
)
REFUNDS = _prior(
    "refunds, chargebacks and fees", "beta", 6.0, 94.0, basis=JUDGEMENT, note="6 % (2-12 %)"
)
CREDITS = _prior(
    "resellers' credits among payments seen",
    "beta",
    5.0,
    45.0,
    basis=f"{_PAGE}, F12",
    note="money counted twice on its way up: 10 % (3-20 %)",
)
COUNTRY_PAYMENTS = _prior(
    "payments, country", "lognormal", 1.0, 0.15, basis=JUDGEMENT, note="ways to pay are local"
)

HOUSEHOLDS_LOOKING = _prior(
    "households that look up, over payers",
    "lognormal",
    1.3,
    0.25,
    basis=f"{_PAGE}, F16",
    note="shared lines and curious people add households; apps with numeric addresses hide some; "
    "where lines are shared further, more",
    wide=Wide(share=0.25, median=1.2, log_sd=0.4),
)
VPN = _prior(
    "households behind a VPN or another resolver",
    "beta",
    6.0,
    18.0,
    basis=JUDGEMENT,
    note="25 % (10-44 %)",
)
COUNTRY_NAMES = _prior(
    "names, country",
    "lognormal",
    1.0,
    0.2,
    basis=f"{_PAGE}, F16",
    note="one provider's customers are not the country's",
)

SURVEY_RECALL = _prior(
    "survey recall and desirability",
    "lognormal",
    0.8,
    0.2,
    basis=f"{_PAGE}, F16",
    note="some deny, a few exaggerate, some mean a lawful service",
)
NETWORK_SHARE = _prior(
    "this network among all such services",
    "beta",
    5.0,
    15.0,
    basis=JUDGEMENT,
    note="a survey asks for any such service: 25 % (9-45 %) for a network worth an operation",
)
ANY_NETWORK_SHARE = _prior(
    "any network among all such services",
    "lognormal",
    0.04,
    1.6,
    basis=f"{_PAGE}, F3 to F5 and F9",
    note="networks of 2 M, 1 M, 0.5 M and 50 k users in a market of 17.1 M: 12, 6, 3 and 0.3 %; "
    "what an estimator may assume of a network whose size it does not know",
)
COUNTRY_SHARE = _prior(
    "this network among all such services, country",
    "lognormal",
    1.0,
    1.0,
    basis=JUDGEMENT,
    note="a network has its countries: its share of the market is not the same everywhere",
)
ADULTS_PER_HOUSEHOLD = _prior(
    "people of 15 and over in a household", "lognormal", 1.95, 0.05, basis=JUDGEMENT, note="EU"
)
COUNTRY_SURVEY = _prior(
    "surveys, country",
    "lognormal",
    1.0,
    0.2,
    basis=f"{_PAGE}, F9 and F10",
    note="country spread of survey answers, 0.7 to 9 % with the same tool",
)

JOINING = _prior(
    "new sales a month over payers", "beta", 6.0, 44.0, basis=JUDGEMENT, note="12 % (5-22 %)"
)
CONVERSION = _prior(
    "sales per visit",
    "lognormal",
    0.02,
    0.5,
    basis=JUDGEMENT,
    note="visits show sales, not use; the conversion is hardly known",
)
COUNTRY_VISITS = _prior(
    "visits, country",
    "lognormal",
    1.0,
    0.3,
    basis=f"{_PAGE}, F15 and F16",
    note="in some countries resellers make the sales",
)

REALISED = _prior(
    "ARPU over one month's list price",
    "beta",
    14.0,
    12.0,
    basis=f"{_PAGE}, F4, F9 and F11",
    note="5.2 of 10; Flawless 4.2 of 10: long terms, trials, resellers (35-73 %)",
)
STOREFRONT_PRICE = _prior(
    "a storefront's price",
    "lognormal",
    1.0,
    0.3,
    basis=f"{_PAGE}, F11",
    note="list price 3-15 (10)",
)
LONG_TERM_DISCOUNT = _prior(
    "discount of twelve months over one",
    "beta",
    60.0,
    33.0,
    basis=f"{_PAGE}, F12",
    note="discount for long terms 60-70 %",
)

SHARING_TOLD = _prior(
    "people on a line, as payers say",
    "lognormal",
    0.9,
    0.28,
    basis=f"{_PAGE}, F16",
    note="who shares a line against its terms leaves some people out",
)
PAYING_TOLD = _prior(
    "users per payer, over what users say",
    "lognormal",
    1.0,
    0.3,
    basis=f"{_PAGE}, F16",
    note="a survey asks of all such services; some who are guests say that they pay, and some who "
    "pay do not say so",
)
LOOKING_EACH = _prior(
    "households that look up, over those said to share",
    "lognormal",
    1.0,
    0.3,
    basis=JUDGEMENT,
    note="the curious add some, numeric addresses and forgotten guests take some away",
)
ACTIVE_SEEN = _prior(
    "lines in use that a month of activity shows",
    "beta",
    57.0,
    3.0,
    basis=JUDGEMENT,
    note="95 % (90-99 %): boxes away on holiday, logs that were cut",
)
SOLD_REALISED = _prior(
    "ARPU over the mean price of what was sold",
    "lognormal",
    0.92,
    0.2,
    basis=f"{_PAGE}, F12",
    note="sales by hand are cheaper; those whose sales are known may not be the usual shops",
)

PRIORS: dict[str, Prior] = {
    name: value for name, value in sorted(globals().items()) if isinstance(value, Prior)
}
"""Every prior by its constant's name."""
Priors = Mapping[str, Prior]
"""Priors by their constants' names, as :data:`PRIORS`: a user's own may stand in."""


COUNTRY_SPREAD = 2.5
"""Standard deviation of the logarithm of payers between one network's countries; judgement. It
only keeps a country's own noise from being taken for size when countries are added."""


def arpu_level(country: str) -> float:
    """Return a country's spending over the mean; 1 where nothing is published."""
    return ARPU_LEVELS.get(country, 1.0)
