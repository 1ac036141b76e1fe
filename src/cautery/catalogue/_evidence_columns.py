"""The columns of what speaks for and against a candidate, in the order that the trees learnt.

The trees of ``data/`` name a column by its number: a new one goes to the end, and whoever moves
one fits the trees anew (``bench/resolve/fit.py``). Plain numbers, because compiled loops read them.

Weights are those of words: a rare word weighs more. "Missing" is a word that only one side has,
"matched" a word of both; "ahead" and "behind" compare a candidate with its rivals.
"""

from __future__ import annotations

(
    TITLE_SHARE_MATCHED,  # words and stems of the title that the name has, as a share by weight
    NAME_SHARE_MATCHED,
    TITLE_MISSING,  # weight
    TITLE_MISSING_MOST,  # weight of the heaviest word
    ASIDE_MISSING,  # what the title says in brackets and the like
    PLACE_MISSING,
    QUALITY_MISSING,  # count of words such as HD
    CONTEXT_MATCHED,  # weight of missing words that the channel's network or feeds have
    NAME_MISSING,
    NAME_MISSING_MOST,
    NAME_PLACE_MISSING,
    WORDS_MATCHED,  # weight
    STEMS_MATCHED,  # weight
    GRAMS_DICE,  # runs of letters in common, of those of both
    TITLE_GRAMS_MATCHED,
    NAME_GRAMS_MATCHED,
    SAME_KEY,  # 3 the whole title, 2 without its prefix, 1 its core alone, 0 none
    NUMBERS,  # 0 none, 1 alike, 2 to 6 the ways to differ
    TITLE_NUMBERS_MISSING,
    CALL_SIGN,  # 0 none, 1 only the name has one, 2 another, 3 to 6 the same
    PREFIX_PLACE,  # 0 none, 1 elsewhere, 2 in the area, 3 at home
    TITLE_PLACE,  # the same, and 4 where the name itself says so
    SOURCE_HOME,  # 0 unknown, 1 elsewhere, 2 in the area, 3 at home
    NAME_PLACE_HOME,  # 0 the name has no place, 1 elsewhere, 2 where the source is at home
    HOME_SHARE,  # of the source's titles, by the candidate's country
    AREA_SHARE,  # of the source's titles, by the countries of the candidate's area
    SOURCE_TRUST,
    LANGUAGE,  # 0 unknown, 1 another, 2 spoken there
    NAMESAKES,
    FIRST_NAME,  # whether it is the first of the channel's names
    CLOSED,
    EDITIONS,
    HAS_AREA,
    TITLE_WEIGHT,
    TITLE_WORDS,
    NAME_WEIGHT,
    NAME_WORDS,
    SHIFT_MISSING,  # count of words such as +1
    WORDS_IN_ORDER,
    SIMILARITY,  # that made it a candidate
    AREA_SIZE,
    LEXICAL,  # words, letters and key together
    LEXICAL_BEHIND,  # the best rival
    RIVALS_ABOVE,
    RIVALS_ALIKE,
    AREA_SHARE_AHEAD,
    SOURCE_HOME_AHEAD,
    SIMILARITY_BEHIND,  # the first candidate
    SOURCE_COVERAGE,  # how much of the source's list is the catalogue's
    WHOLE_COVERAGE,  # how much of all lists is
    TAKEN,  # 0 free, 1 by this very title, 2 by another of the same list
    NETWORK_SHARE,
    PREFIX_PLACE_AHEAD,
    LANGUAGE_AHEAD,
) = range(54)

FEATURES = LANGUAGE_AHEAD + 1
