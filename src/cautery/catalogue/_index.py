"""A catalogue's names laid out in arrays, and titles in the same terms, for the kernels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cautery.catalogue._arrays import Batch, Names, filled, norms_of, rows_of, text_of
from cautery.catalogue._match_kernels import grams_of, postings_of
from cautery.catalogue.lexicon import Lexicon
from cautery.catalogue.normalise import (
    PLACE,
    QUALITY,
    SHIFT,
    WORD,
    Title,
    call_sign,
    normalise,
)
from cautery.catalogue.places import language_number, places
from cautery.catalogue.rights import Right

AREA_WORDS = 8
"""256 countries as bits of 8 words of 32."""
_STEM = 5
_FILLERS = frozenset(
    """
    tv television televisao televisie televizija televiziya televize tele channel canal kanal
    kanali chaine the live direct telekanal network
    """.split()  # noqa: SIM905 - a table of words
)
# Countries whose channels are known by call signs; None: the catalogue does not say.
_STATIONS = frozenset(("us", "ca", "mx", None))
_MOST_EDITIONS = 60
# In so many names that are no station's a call sign counts as a word.
_PLAIN = 3


class Index:
    """Lays out a catalogue's rights, and titles against them."""

    def __init__(self, rights: Sequence[Right], lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._words: dict[str, int] = dict(lexicon.words)
        self._stems: dict[str, int] = {}
        self._keys: dict[str, int] = {}
        self._calls: dict[str, int] = {}
        self.texts: list[str] = []
        self.place = {right.id: at for at, right in enumerate(rights)}
        for right in rights:
            if right.country in _STATIONS and (sign := call_sign(right.names[0])):
                self._calls.setdefault(sign[0], len(self._calls))
        # A call sign that is also a word, such as WEST, is read as the word.
        plain = _plain_words(rights)
        self._known_calls = frozenset(call for call in self._calls if plain[call] < _PLAIN)
        self._place_names, self.place_masks = _place_masks()
        self.names = self._laid(rights)

    def _laid(self, rights: Sequence[Right]) -> Names:
        atlas = places()
        by_name: dict[str, list[Any]] = {
            key: [] for key in ("right", "first", "called", "named", "whole", "core")
        }
        words: list[list[int]] = []
        kinds: list[list[int]] = []
        letters: list[str] = []
        by_right: dict[str, list[Any]] = {
            key: [] for key in ("home", "has_area", "network", "call", "sub", "closed", "editions")
        }
        spoken: list[list[int]] = []
        context: list[list[int]] = []
        networks: dict[str, int] = {}
        right_from = [0]
        areas = np.zeros((max(len(rights), 1), AREA_WORDS), np.uint32)
        for at, right in enumerate(rights):
            station = call_sign(right.names[0]) if right.country in _STATIONS else None
            for rank, name in enumerate(right.names):
                title = normalise(name, self._known_calls)
                place = self._mark_places(title)
                words.append([self._number(word) for word in title.words])
                kinds.append(title.kinds)
                whole, _, core = _keys(title)
                letters.append(whole)
                self.texts.append(name)
                by_name["right"].append(at)
                by_name["first"].append(rank == 0)
                by_name["called"].append(title.call is not None)
                by_name["named"].append(place)
                by_name["whole"].append(self._keys.setdefault(whole, len(self._keys)))
                by_name["core"].append(self._keys.setdefault(core, len(self._keys)))
            right_from.append(len(words))
            home = atlas.countries.get(right.country or "", 0)
            by_right["home"].append(home)
            by_right["has_area"].append(bool(right.areas))
            by_right["network"].append(
                networks.setdefault(right.network.casefold(), len(networks) + 1)
                if right.network
                else 0
            )
            by_right["call"].append(self._calls[station[0]] if station else -1)
            by_right["sub"].append(station[1] if station else 0)
            by_right["closed"].append(right.closed)
            by_right["editions"].append(min(len(right.feeds), _MOST_EDITIONS))
            for area in right.areas:
                for country in atlas.regions.get(area, ()):
                    areas[at, country >> 5] |= np.uint32(1 << (country & 31))
            if not right.areas and home:
                areas[at, home >> 5] |= np.uint32(1 << (home & 31))
            languages = {language_number(code) for code in right.languages} - {0}
            spoken.append(sorted(languages or atlas.spoken.get(home, frozenset())))
            around: dict[int, None] = {}
            for text in (right.network, *right.feeds[:_MOST_EDITIONS]):
                around |= dict.fromkeys(self._number(word) for word in normalise(text).words)
            context.append(list(around))
        lexicon = self._lexicon
        total = len(self._words) + 1
        weight = filled(lexicon.weight, total, lexicon.rarest)
        title_drop = filled(lexicon.title_drop, total, lexicon.unknown_drop[0])
        name_drop = filled(lexicon.name_drop, total, lexicon.unknown_drop[1])
        word_from, flat = rows_of(words)
        gram_from, grams = grams_of(*text_of(letters))
        word_at, word_names = postings_of(word_from, flat, total)
        gram_at, gram_names = postings_of(gram_from, grams, len(lexicon.gram_weight))
        key_from, keys = rows_of(list(zip(by_name["whole"], by_name["core"], strict=True)))
        key_at, key_names = postings_of(key_from, keys, len(self._keys))
        call = np.array(by_right["call"], np.int32)
        call_at, call_rights = postings_of(
            *rows_of([[number] if number >= 0 else [] for number in call]), len(self._calls)
        )
        name_places = np.array(by_name["named"], np.int16).reshape(-1)
        spoken_from, spoken_flat = rows_of(spoken)
        context_from, context_flat = rows_of(context)
        stem = np.array([self._stem(word) for word in self._words] + [-1], np.int32)
        return Names(
            right=np.array(by_name["right"], np.int32),
            first=np.array(by_name["first"], np.uint8),
            word_from=word_from,
            words=flat,
            kinds=rows_of(kinds)[1].astype(np.uint8),
            gram_from=gram_from,
            grams=grams,
            word_norm=norms_of(word_from, weight[flat] * (1 - name_drop[flat])),
            gram_norm=norms_of(gram_from, lexicon.gram_weight[grams]),
            key_whole=np.array(by_name["whole"], np.int32),
            key_core=np.array(by_name["core"], np.int32),
            called=np.array(by_name["called"], np.uint8),
            named=(name_places > 0).astype(np.uint8),
            name_area=self.place_masks[name_places],
            word_at=word_at,
            word_names=word_names,
            gram_at=gram_at,
            gram_names=gram_names,
            key_at=key_at,
            key_names=key_names,
            call_at=call_at,
            call_rights=call_rights,
            right_from=np.array(right_from, np.int32),
            home=np.array(by_right["home"], np.int16),
            areas=areas,
            area_size=np.bitwise_count(areas).sum(axis=1).astype(np.int16),
            has_area=np.array(by_right["has_area"], np.uint8),
            spoken_from=spoken_from,
            spoken=spoken_flat.astype(np.int16),
            context_from=context_from,
            context=context_flat,
            network=np.array(by_right["network"], np.int32),
            call=call,
            sub=np.array(by_right["sub"], np.int16),
            closed=np.array(by_right["closed"], np.uint8),
            editions=np.array(by_right["editions"], np.int16),
            weight=weight,
            title_drop=title_drop,
            name_drop=name_drop,
            stem=stem,
            gram_weight=lexicon.gram_weight,
        )

    def batch(self, titles: Iterable[str]) -> Batch:
        """Lay out titles."""
        word_from = [0]
        words: list[int] = []
        stems: list[int] = []
        kinds: list[int] = []
        aside: list[bool] = []
        letters: list[str] = []
        keys: list[tuple[int, int, int]] = []
        call: list[int] = []
        sub: list[int] = []
        prefix: list[int] = []
        place: list[int] = []
        unknown = len(self._words)
        number, key, stem, calls = self._words.get, self._keys.get, self._stems.get, self._calls.get
        for text in titles:
            title = normalise(text, self._known_calls)
            place.append(self._mark_places(title))
            words += [number(word, unknown) for word in title.words]
            stems += [stem(word[:_STEM], -1) for word in title.words]
            kinds += title.kinds
            aside += title.aside
            word_from.append(len(words))
            whole, bare, core = _keys(title)
            keys.append((key(whole, -1), key(bare, -1), key(core, -1)))
            letters.append(bare)
            call.append(calls(title.call, -1) if title.call is not None else -1)
            sub.append(title.sub)
            prefix.append(self._place_names[title.place] if title.place is not None else 0)
        letters_from, flat = text_of(letters)
        return Batch(
            word_from=np.array(word_from, np.int32),
            words=np.array(words, np.int32),
            stems=np.array(stems, np.int32),
            kinds=np.array(kinds, np.uint8),
            aside=np.array(aside, np.uint8),
            letters_from=letters_from,
            letters=flat,
            keys=np.array(keys, np.int32).reshape(-1, 3),
            call=np.array(call, np.int32),
            sub=np.array(sub, np.int16),
            prefix=np.array(prefix, np.int16),
            place=np.array(place, np.int16),
        )

    def place_number(self, code: str | None) -> int:
        """Return the number of a country or region among the masks; 0 means no place."""
        return self._place_names.get(code, 0) if code is not None else 0

    def word(self, word: str) -> int:
        """Return a word's number, or one that no word has."""
        return self._words.get(word, len(self._words))

    def _number(self, word: str) -> int:
        return self._words.setdefault(word, len(self._words))

    def _stem(self, word: str) -> int:
        return self._stems.setdefault(word[:_STEM], len(self._stems))

    def _mark_places(self, title: Title) -> int:
        """Mark the words that name a country or region; return the last one's number, or 0."""
        names = places().names
        words = title.words
        place = 0
        for at, word in enumerate(words):
            if word not in _PLACE_HEADS or title.kinds[at] != WORD:
                continue
            for length in (3, 2, 1):
                code = names.get(tuple(words[at : at + length]))
                if code is not None:
                    title.kinds[at : at + length] = [PLACE] * len(words[at : at + length])
                    place = self._place_names[code]
                    break
        if not place and len(words) > 1 and len(words[-1]) == 2 and title.kinds[-1] == WORD:
            code = words[-1] if words[-1] in places().countries else None
            code = "gb" if words[-1] == "uk" else code
            # Two letters at the end are a country's code; but .tv is Tuvalu's, and in a title the
            # medium.
            if code is not None and code != "tv":
                place = self._place_names[code]
        return place


_PLACE_HEADS = frozenset(name[0] for name in places().names)


def grams_of_names(names: Iterable[str]) -> npt.NDArray[np.int32]:
    """Return the runs of three letters of every name, each once a name."""
    texts = text_of([_keys(normalise(name))[0] for name in names])
    grams: npt.NDArray[np.int32] = grams_of(*texts)[1]
    return grams


def _plain_words(rights: Sequence[Right]) -> Counter[str]:
    """Count the words of names that are no stations' names."""
    counts: Counter[str] = Counter()
    for right in rights:
        if call_sign(right.names[0]) is None:
            for name in right.names:
                counts.update(set(normalise(name).words))
    return counts


def _keys(title: Title) -> tuple[str, str, str]:
    """Run a title's words together: all but quality, without what is aside, only the core."""
    whole, bare, core = [], [], []
    for word, kind, aside in zip(title.words, title.kinds, title.aside, strict=True):
        if kind == QUALITY:
            continue
        whole.append(word)
        if not aside:
            bare.append(word)
            if word not in _FILLERS and kind != SHIFT:
                core.append(word)
    joined = "".join(whole) or "".join(title.words)
    bare_joined = "".join(bare) or joined
    return joined, bare_joined, "".join(core) or bare_joined


def _place_masks() -> tuple[dict[str, int], npt.NDArray[np.uint32]]:
    regions = places().regions
    masks = np.zeros((len(regions) + 1, AREA_WORDS), np.uint32)
    numbers = {}
    for number, (code, members) in enumerate(regions.items(), start=1):
        numbers[code] = number
        for country in members:
            masks[number, country >> 5] |= np.uint32(1 << (country & 31))
    return numbers, masks
