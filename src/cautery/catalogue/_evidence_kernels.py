"""What speaks for and against each candidate of a title. Compiled and cached."""

from __future__ import annotations

import numpy as np

from cautery.catalogue import _evidence_columns as columns
from cautery.catalogue._match_kernels import write_grams
from cautery.catalogue._place_kernels import found_among, has, overlaps
from cautery.kernels import kernel

_ONE = np.float64(1)
"""What meets it is of 64 bits as compiled: NumPy lets a plain 1 be of 32 beside 32."""
_NUMBER, _QUALITY, _PLACE, _SHIFT, _SUB = 1, 2, 3, 4, 5


@kernel(plain=True, nogil=True)
def features(title, batch, around, names, masks, scratch, out_name, out_score, ranked, out):  # noqa: PLR0917
    """Write what speaks for and against each candidate, shape (ranked, FEATURES)."""
    # The choice was fitted to these figures as they are (``data/resolve.npz``, ADR 0015): whoever
    # changes a factor or a column has to fit it anew.
    first, past = batch.word_from[title], batch.word_from[title + 1]
    total_grams = write_grams(
        batch.letters, batch.letters_from[title], batch.letters_from[title + 1], scratch.grams
    )
    grams = scratch.grams
    home, row, language = around.home[title], around.row[title], around.language[title]
    prefix, place = batch.prefix[title], batch.place[title]
    title_mass = np.float32(0)
    title_words = 0
    has_number = False
    for at in range(first, past):
        if batch.kinds[at] != _SUB and batch.kinds[at] != _QUALITY:
            title_mass += names.weight[batch.words[at]] * (_ONE - names.title_drop[batch.words[at]])
            title_words += 1
        has_number = has_number or batch.kinds[at] == _NUMBER
    gram_mass = np.float32(0)
    for at in range(total_grams):
        gram_mass += names.gram_weight[grams[at]]
    matched_name = scratch.matched
    best_lexical = np.float32(0)
    for rank in range(ranked):
        name = out_name[rank]
        right = names.right[name]
        low, high = names.word_from[name], names.word_from[name + 1]
        matched_name[: high - low] = 0
        hit = np.float32(0)
        title_miss = title_miss_most = aside_miss = place_miss = quality_miss = np.float32(0)
        context_hit = np.float32(0)
        title_number_miss = title_number_hit = name_number_miss = 0
        one_missed = False
        soft = np.float32(0)
        shift_miss = 0
        ordered = 0
        last_at = -1
        for at in range(first, past):
            kind = batch.kinds[at]
            if kind == _SUB:
                continue
            word = batch.words[at]
            weight = names.weight[word] * (_ONE - names.title_drop[word])
            match = -1
            for slot in range(low, high):
                if names.words[slot] == word and matched_name[slot - low] == 0:
                    match = slot
                    break
            if match >= 0:
                matched_name[match - low] = 1
                hit += weight
                if kind == _NUMBER:
                    title_number_hit += 1
                if match - low > last_at:
                    ordered += 1
                last_at = match - low
                continue
            stem = batch.stems[at]
            if stem >= 0 and kind == 0:
                for slot in range(low, high):
                    if matched_name[slot - low] == 0 and names.stem[names.words[slot]] == stem:
                        match = slot
                        break
                if match >= 0:
                    matched_name[match - low] = 2
                    soft += weight
                    continue
            if kind == _QUALITY:
                quality_miss += 1
                continue
            if kind == _SHIFT:
                shift_miss += 1
                continue
            inside = False
            for slot in range(names.context_from[right], names.context_from[right + 1]):
                if names.context[slot] == word:
                    inside = True
                    break
            if kind == _NUMBER:
                title_number_miss += 1
                if word == scratch.one:
                    one_missed = True
            if inside:
                context_hit += weight
            elif batch.aside[at]:
                aside_miss += weight
            elif kind == _PLACE:
                place_miss += weight
            else:
                title_miss += weight
                title_miss_most = max(title_miss_most, weight)
        name_miss = name_miss_most = name_place_miss = name_mass = name_hit = np.float32(0)
        name_one_missed = False
        for slot in range(low, high):
            kind = names.kinds[slot]
            if kind == _SUB:
                continue
            word = names.words[slot]
            weight = names.weight[word] * (_ONE - names.name_drop[word])
            if kind == _QUALITY:
                weight *= np.float32(0.3)
            name_mass += weight
            if matched_name[slot - low] > 0:
                name_hit += weight
                continue
            if kind == _NUMBER:
                name_number_miss += 1
                if word == scratch.one:
                    name_one_missed = True
            if kind == _PLACE:
                name_place_miss += weight
            else:
                name_miss += weight
                name_miss_most = max(name_miss_most, weight)
        # Letters.
        shared = np.float32(0)
        title_gram, name_gram = 0, names.gram_from[name]
        name_past = names.gram_from[name + 1]
        name_gram_mass = np.float32(0)
        while name_gram < name_past:
            gram = names.grams[name_gram]
            name_gram_mass += names.gram_weight[gram]
            while title_gram < total_grams and grams[title_gram] < gram:
                title_gram += 1
            if title_gram < total_grams and grams[title_gram] == gram:
                shared += names.gram_weight[gram]
            name_gram += 1
        dice = np.float64(2) * shared / max(gram_mass + name_gram_mass, np.float32(1e-6))
        line = out[rank]
        line[columns.TITLE_SHARE_MATCHED] = (hit + 0.7 * soft) / max(title_mass, np.float32(1e-6))
        line[columns.NAME_SHARE_MATCHED] = name_hit / max(name_mass, np.float32(1e-6))
        line[columns.TITLE_MISSING] = title_miss
        line[columns.TITLE_MISSING_MOST] = title_miss_most
        line[columns.ASIDE_MISSING] = aside_miss
        line[columns.PLACE_MISSING] = place_miss
        line[columns.QUALITY_MISSING] = quality_miss
        line[columns.CONTEXT_MATCHED] = context_hit
        line[columns.NAME_MISSING] = name_miss
        line[columns.NAME_MISSING_MOST] = name_miss_most
        line[columns.NAME_PLACE_MISSING] = name_place_miss
        line[columns.WORDS_MATCHED] = hit
        line[columns.STEMS_MATCHED] = soft
        line[columns.GRAMS_DICE] = dice
        line[columns.TITLE_GRAMS_MATCHED] = shared / max(gram_mass, np.float32(1e-6))
        line[columns.NAME_GRAMS_MATCHED] = shared / max(name_gram_mass, np.float32(1e-6))
        same = 0
        if names.key_whole[name] == batch.keys[title, 0] and batch.keys[title, 0] >= 0:
            same = 3
        elif names.key_whole[name] == batch.keys[title, 1] and batch.keys[title, 1] >= 0:
            same = 2
        elif names.key_core[name] == batch.keys[title, 2] and batch.keys[title, 2] >= 0:
            same = 1
        line[columns.SAME_KEY] = same
        # Numbers: 0 none, 1 alike, then the ways to differ.
        if title_number_miss == 0 and name_number_miss == 0:
            line[columns.NUMBERS] = 1 if title_number_hit > 0 else 0
        elif title_number_miss == 0:
            line[columns.NUMBERS] = 3 if name_one_missed and name_number_miss == 1 else 4
        elif name_number_miss == 0:
            line[columns.NUMBERS] = 2 if one_missed and title_number_miss == 1 else 5
        else:
            line[columns.NUMBERS] = 6
        line[columns.TITLE_NUMBERS_MISSING] = title_number_miss
        # Call signs.
        call = batch.call[title]
        if call < 0:
            line[columns.CALL_SIGN] = 0 if names.call[right] < 0 else 1
        elif names.call[right] != call:
            line[columns.CALL_SIGN] = 2
        elif batch.sub[title] == 0:
            line[columns.CALL_SIGN] = 6 if names.sub[right] == 1 else 4
        else:
            line[columns.CALL_SIGN] = 5 if names.sub[right] == batch.sub[title] else 3
        # Places.
        area = names.areas[right]
        if prefix == 0:
            line[columns.PREFIX_PLACE] = 0
        elif names.home[right] > 0 and has(masks[prefix], names.home[right]):
            line[columns.PREFIX_PLACE] = 3
        elif overlaps(masks[prefix], area):
            line[columns.PREFIX_PLACE] = 2
        else:
            line[columns.PREFIX_PLACE] = 1
        if place == 0:
            line[columns.TITLE_PLACE] = 0
        elif names.named[name] and overlaps(masks[place], names.name_area[name]):
            line[columns.TITLE_PLACE] = 4
        elif names.home[right] > 0 and has(masks[place], names.home[right]):
            line[columns.TITLE_PLACE] = 3
        elif overlaps(masks[place], area):
            line[columns.TITLE_PLACE] = 2
        else:
            line[columns.TITLE_PLACE] = 1
        if home == 0:
            line[columns.SOURCE_HOME] = 0
        elif names.home[right] == home:
            line[columns.SOURCE_HOME] = 3
        elif has(area, home):
            line[columns.SOURCE_HOME] = 2
        else:
            line[columns.SOURCE_HOME] = 1
        if names.named[name] == 0:
            line[columns.NAME_PLACE_HOME] = 0
        elif home > 0 and has(names.name_area[name], home):
            line[columns.NAME_PLACE_HOME] = 2
        else:
            line[columns.NAME_PLACE_HOME] = 1
        line[columns.HOME_SHARE] = around.share[row, names.home[right]]
        within = np.float32(0)
        for at in range(around.main.shape[1]):
            country = around.main[row, at]
            if country > 0 and has(area, country):
                within += around.share[row, country]
        line[columns.AREA_SHARE] = within
        line[columns.SOURCE_TRUST] = around.trust[row]
        if language == 0:
            line[columns.LANGUAGE] = 0
        else:
            line[columns.LANGUAGE] = 1
            for at in range(names.spoken_from[right], names.spoken_from[right + 1]):
                if names.spoken[at] == language:
                    line[columns.LANGUAGE] = 2
        key = names.key_whole[name]
        line[columns.NAMESAKES] = min(names.key_at[key + 1] - names.key_at[key], 30)
        line[columns.FIRST_NAME] = names.first[name]
        line[columns.CLOSED] = names.closed[right]
        line[columns.EDITIONS] = names.editions[right]
        line[columns.HAS_AREA] = names.has_area[right]
        line[columns.TITLE_WEIGHT] = title_mass
        line[columns.TITLE_WORDS] = title_words
        line[columns.NAME_WEIGHT] = name_mass
        line[columns.NAME_WORDS] = high - low
        line[columns.SHIFT_MISSING] = shift_miss
        line[columns.WORDS_IN_ORDER] = ordered
        line[columns.SIMILARITY] = out_score[rank]
        line[columns.AREA_SIZE] = names.area_size[right]
        # What the source's other titles are.
        line[columns.SOURCE_COVERAGE] = around.coverage[title]
        line[columns.WHOLE_COVERAGE] = around.whole_coverage
        source = np.int64(around.source[title]) << 32
        at = found_among(around.taken, source | right)
        line[columns.TAKEN] = (
            0 if at < 0 else 1 if around.taken_by[at] == batch.keys[title, 1] else 2
        )
        line[columns.NETWORK_SHARE] = 0
        if names.network[right] > 0:
            at = found_among(around.network, source | names.network[right])
            line[columns.NETWORK_SHARE] = around.network_share[at] if at >= 0 else 0
        line[columns.LEXICAL] = (
            line[columns.TITLE_SHARE_MATCHED] * line[columns.NAME_SHARE_MATCHED]
            + 0.5 * dice
            + 0.3 * same
        )
        best_lexical = max(best_lexical, line[columns.LEXICAL])
    # Against the other candidates.
    for rank in range(ranked):
        line = out[rank]
        line[columns.LEXICAL_BEHIND] = best_lexical - line[columns.LEXICAL]
        above = alike = 0
        rival_share = rival_home = rival_prefix = rival_spoken = np.float32(0)
        for rival in range(ranked):
            if rival == rank:
                continue
            if out[rival, columns.LEXICAL] > line[columns.LEXICAL] + np.float64(0.01):
                above += 1
            elif out[rival, columns.LEXICAL] > line[columns.LEXICAL] - np.float64(0.01):
                alike += 1
            if out[rival, columns.LEXICAL] > line[columns.LEXICAL] - np.float64(0.15):
                rival_share = max(rival_share, out[rival, columns.AREA_SHARE])
                rival_home = max(rival_home, out[rival, columns.SOURCE_HOME])
                rival_prefix = max(rival_prefix, out[rival, columns.PREFIX_PLACE])
                rival_spoken = max(rival_spoken, out[rival, columns.LANGUAGE])
        line[columns.RIVALS_ABOVE] = above
        line[columns.RIVALS_ALIKE] = alike
        line[columns.AREA_SHARE_AHEAD] = line[columns.AREA_SHARE] - rival_share
        line[columns.SOURCE_HOME_AHEAD] = line[columns.SOURCE_HOME] - rival_home
        line[columns.SIMILARITY_BEHIND] = out[0, columns.SIMILARITY] - line[columns.SIMILARITY]
        line[columns.PREFIX_PLACE_AHEAD] = line[columns.PREFIX_PLACE] - rival_prefix
        line[columns.LANGUAGE_AHEAD] = line[columns.LANGUAGE] - rival_spoken
