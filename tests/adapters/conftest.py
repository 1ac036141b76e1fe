"""A referral that two people have approved, and a list with it."""

import pytest
from tests.lists import CaseKey, approved, entry, envelope, referral


@pytest.fixture
def approved_referral():
    return approved(referral(entry("a.example"), entry("b.example")), CaseKey())


@pytest.fixture
def handed_in(approved_referral):
    """Return a version of an intermediary's list with that referral."""
    return lambda to: envelope(CaseKey(), to, approved_referral)
