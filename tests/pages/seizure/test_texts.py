"""What a seizure page says to viewers and sellers, held against the studies of the EUIPO.

The facts are F60 to F64 of docs/reference/sources.md: people stop where a lawful offer is
affordable and easy to find; many cannot tell lawful services from others; what worries them is
fraud. A page may not threaten those who read it, nor call anybody guilty.
"""

from __future__ import annotations

import re
from dataclasses import asdict, fields

import pytest

from cautery.errors import InputError
from cautery.messages import in_language, languages
from cautery.pages.seizure import PageTexts, own_texts, texts_of
from cautery.pages.seizure.texts import PLACE

MUST_SAY = {
    # F60, F61: an affordable lawful offer is why people stop; price and availability decide.
    "offers": {"en": "where you can watch", "fr": "où vous pouvez regarder",
               "it": "dove può guardare", "es": "dónde puede ver"},
    "free": {"en": "free", "fr": "gratuit", "it": "gratuito", "es": "gratuito"},
    # F62: a third of young people find it hard to tell lawful services from others.
    "lawful_look": {"en": "cannot tell them apart", "fr": "ne peuvent pas les distinguer",
                    "it": "non riescono a distinguerli", "es": "no pueden distinguirlos"},
    # F62, F63: fraud and harmful software are what keeps people away, and what the page helps with.
    "passwords": {"en": "password", "fr": "mot de passe", "it": "password", "es": "contraseña"},
    "payments": {"en": "bank", "fr": "banque", "it": "banca", "es": "banco"},
    "application": {"en": "harmful software", "fr": "logiciels nuisibles",
                    "it": "software dannosi", "es": "programas dañinos"},
    "no_demand": {"en": "no authority asks for money", "fr": "aucune autorité ne demande d\u2019argent",
                  "it": "nessuna autorità chiede denaro", "es": "ninguna autoridad pide dinero"},
    # Nobody who reads the page is accused or watched.
    "nothing_to_do": {"en": "no record of your visit", "fr": "aucune trace de votre visite",
                      "it": "non tiene traccia della sua visita",
                      "es": "no guarda constancia de su visita"},
    # F64: Directive (EU) 2016/343, art. 4.
    "innocent": {"en": "nobody is guilty", "fr": "personne n\u2019est coupable",
                 "it": "nessuno è colpevole", "es": "nadie es culpable"},
    # The seller's side: facts, a way to speak, a lawyer.
    "lawyer": {"en": "lawyer", "fr": "avocat", "it": "avvocato", "es": "abogado"},
    "for_owners": {"en": "by mistake", "fr": "par erreur", "it": "per errore", "es": "por error"},
}  # fmt: skip
"""By sentence and language, words that it must have."""
MUST_NOT_SAY = {
    "en": r"prison|jail|\bfines?\b|punish|penalt|prosecut|arrest|illegal|criminal|pirat|thief|steal"
          r"|your ip|we know|identif(y|ied) you|you (have )?committed|will be|must\b|warning|track",
    "fr": r"prison|amende|puni|sanction|peine|poursui|arrêt|illégal|criminel|pirat|vol(eur|é)\b"
          r"|votre ip|nous savons|identifié|vous avez commis|serez|devez|avertissement|pist",
    "it": r"prigione|carcere|multa|puni|sanzion|pena\b|persegu|arrest|illegal|criminal|pirat|ladr"
          r"|rubat|suo ip|sappiamo|identificat|ha commesso|sarà|deve\b|avvertimento|tracciat",
    "es": r"prisión|cárcel|multa|castig|sanci|pena\b|persegui|procesad|arrest|deten|ilegal|criminal"
          r"|pirat|ladr|robad|su ip|sabemos|identificad|ha cometido|será|debe\b|advertencia|rastre",
}  # fmt: skip
"""By language, what threatens or accuses: no law of all the page's countries bears it."""


@pytest.mark.parametrize("language", languages())
def test_the_page_says_what_makes_people_stop(language: str) -> None:
    with in_language(language):
        texts = asdict(own_texts())
    for name, words in MUST_SAY.items():
        assert words[language] in texts[name].lower(), name


@pytest.mark.parametrize("language", languages())
def test_the_page_threatens_nobody_and_calls_nobody_guilty(language: str) -> None:
    with in_language(language):
        texts = asdict(own_texts())
    found = {
        name: match[0]
        for name, text in texts.items()
        if (match := re.search(MUST_NOT_SAY[language], text.lower()))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("language", "threat"),
    [
        ("en", "You will be prosecuted."),
        ("en", "Watching is punished by a fine."),
        ("fr", "Vous risquez une amende."),
        ("it", "Chi guarda rischia una multa."),
        ("es", "Sabemos quién es usted."),
    ],
)
def test_the_list_of_threats_would_find_one(language: str, threat: str) -> None:
    assert re.search(MUST_NOT_SAY[language], threat.lower())


@pytest.mark.parametrize("language", languages())
def test_each_language_has_the_places_of_the_english_text(language: str) -> None:
    with in_language("en"):
        english = asdict(own_texts())
    with in_language(language):
        texts = asdict(own_texts())
    for name, text in texts.items():
        assert sorted(PLACE.findall(text)) == sorted(PLACE.findall(english[name])), name
        if language != "en":
            assert text != english[name], name


def given(**changes: str) -> dict[str, str]:
    return asdict(own_texts()) | changes


def test_sentences_that_a_user_brings_are_taken_as_they_are() -> None:
    texts = texts_of(given(heading="Autoritățile au preluat această adresă"), where="o")
    assert isinstance(texts, PageTexts)
    assert texts.heading == "Autoritățile au preluat această adresă"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"heading": " "}, "1 of 38 sentences are missing: heading"),
        ({"more": "x"}, "no sentence 'more'"),
        ({"taken_on": "Taken."}, r"taken_on must have %\(days\)s"),
        ({"taken_on": "%(days)s %(brands)s"}, r"taken_on must have %\(days\)s"),
        ({"heading": "100 % taken"}, "heading must have no place, and no %"),
        ({"heading": "a\u202eb"}, "heading must be one printable line"),
        ({"heading": "x" * 601}, "heading must be one printable line"),
    ],
)
def test_sentences_that_do_not_fit_are_refused(changes: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        texts_of(given(**changes), where="offers.toml: language ro")


def test_a_language_without_most_sentences_says_how_many_are_missing() -> None:
    with pytest.raises(InputError, match=rf"{len(fields(PageTexts)) - 1} of 38") as raised:
        texts_of({"heading": "x"}, where="o")
    assert "--texts" in raised.value.hint
