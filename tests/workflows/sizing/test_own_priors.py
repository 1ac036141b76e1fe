"""A user's own file of priors: each with its basis, none unknown."""

import pytest

from cautery.errors import InputError
from cautery.estimate import PRIORS
from cautery.workflows.sizing.own_priors import MOST_BYTES, read_priors

GOOD = """[[prior]]
name = "users per payer"
distribution = "lognormal"
parameters = [2.6, 0.2]
basis = "Survey of 2026, table 4"
"""


@pytest.fixture
def read(tmp_path):
    """Read a file of this text."""

    def of(text):
        path = tmp_path / "priors.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_priors(path)

    return of


def test_a_users_prior_stands_in_for_ours_and_the_rest_stay(read):
    own = read(GOOD)
    assert own["USERS_PER_PAYER"].parameters == (2.6, 0.2)
    assert own["USERS_PER_PAYER"].basis == "Survey of 2026, table 4"
    assert own["USERS_PER_PAYER"].wide is None
    assert own["VPN"] == PRIORS["VPN"]
    assert read(GOOD.replace("users per payer", "USERS_PER_PAYER")) == own


def test_a_wide_part_can_be_given(read):
    own = read(GOOD + "wide = { share = 0.2, median = 1.5, log_sd = 0.4 }\n")
    assert own["USERS_PER_PAYER"].wide == (0.2, 1.5, 0.4)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (GOOD.replace("users per payer", "users per pair"), "there is no prior 'users per pair'"),
        (GOOD.replace('basis = "Survey of 2026, table 4"', ""), "basis: every prior needs one"),
        (GOOD.replace("Survey of 2026, table 4", " "), "basis: must be a text"),
        (GOOD + GOOD, "prior 2: 'users per payer' stands twice"),
        (GOOD.replace("lognormal", "cauchy"), "are not parameters of cauchy"),
        (GOOD.replace("lognormal", "beta"), "is not a share"),
        (GOOD.replace("[2.6, 0.2]", "[2.6]"), "are not parameters of lognormal"),
        (GOOD.replace("[2.6, 0.2]", "[-2.6, 0.2]"), "are not parameters of lognormal"),
        (GOOD.replace("[2.6, 0.2]", "[nan, 0.2]"), "must be finite numbers"),
        (GOOD.replace("[2.6, 0.2]", "[2.6, 1e300]"), "are not parameters of lognormal"),
        (GOOD.replace("[2.6, 0.2]", "[true, 0.2]"), "must be finite numbers"),
        (GOOD.replace("[2.6, 0.2]", '"much"'), "must be a list"),
        (GOOD + "colour = 1\n", "unknown key 'colour'"),
        (GOOD + "wide = 3\n", "wide must be a table"),
        (GOOD + "[other]\n", "and nothing else"),
        ("", "and nothing else"),
        ("prior = 3", "and nothing else"),
        ("[[prior]", "not valid TOML"),
        (b"\xff\xfe", "not UTF-8"),
        ("x" * (MOST_BYTES + 1), "priors"),
        ("prior = " + "[" * 5000, "not valid TOML"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused_by_it(read, text, rule):
    with pytest.raises(InputError, match=rule):
        read(text)


def test_near_names_are_offered(read):
    with pytest.raises(InputError) as refused:
        read(GOOD.replace("users per payer", "user per payer"))
    assert "users per payer" in refused.value.hint


def test_a_share_needs_a_share(read):
    with pytest.raises(InputError, match="is a share"):
        read(GOOD.replace("users per payer", "VPN"))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_priors(tmp_path / "none.toml")
