"""The page that stands where a service was: who took it over, what to watch, whom to ask."""

from cautery.pages.seizure.render import POLICY_OF_PAGE, policy, render_page
from cautery.pages.seizure.texts import PageTexts, own_texts, texts_of
from cautery.pages.seizure.view import (
    Contact,
    CountryOffers,
    LawfulOffer,
    NamedAgency,
    SeizurePage,
    Tongue,
    is_right_to_left,
)

__all__ = [
    "POLICY_OF_PAGE",
    "Contact",
    "CountryOffers",
    "LawfulOffer",
    "NamedAgency",
    "PageTexts",
    "SeizurePage",
    "Tongue",
    "is_right_to_left",
    "own_texts",
    "policy",
    "render_page",
    "texts_of",
]
