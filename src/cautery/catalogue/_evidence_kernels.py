"""What speaks for and against each candidate of a title. Compiled and cached."""

from __future__ import annotations

import numpy as np
from numba import njit

from cautery.catalogue._match_kernels import write_grams
from cautery.catalogue._place_kernels import found_among, has, overlaps

FEATURES = 54
_NUMBER, _QUALITY, _PLACE, _SHIFT, _SUB = 1, 2, 3, 4, 5


@njit(cache=True, nogil=True)
def features(title, batch, around, names, masks, scratch, out_name, out_score, ranked, out):  # noqa: PLR0917
    """Write what speaks for and against each candidate, shape (ranked, FEATURES)."""
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
            title_mass += names.weight[batch.words[at]] * (1 - names.title_drop[batch.words[at]])
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
            weight = names.weight[word] * (1 - names.title_drop[word])
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
            weight = names.weight[word] * (1 - names.name_drop[word])
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
        dice = 2 * shared / max(gram_mass + name_gram_mass, np.float32(1e-6))
        line = out[rank]
        line[0] = (hit + 0.7 * soft) / max(title_mass, np.float32(1e-6))
        line[1] = name_hit / max(name_mass, np.float32(1e-6))
        line[2] = title_miss
        line[3] = title_miss_most
        line[4] = aside_miss
        line[5] = place_miss
        line[6] = quality_miss
        line[7] = context_hit
        line[8] = name_miss
        line[9] = name_miss_most
        line[10] = name_place_miss
        line[11] = hit
        line[12] = soft
        line[13] = dice
        line[14] = shared / max(gram_mass, np.float32(1e-6))
        line[15] = shared / max(name_gram_mass, np.float32(1e-6))
        same = 0
        if names.key_whole[name] == batch.keys[title, 0] and batch.keys[title, 0] >= 0:
            same = 3
        elif names.key_whole[name] == batch.keys[title, 1] and batch.keys[title, 1] >= 0:
            same = 2
        elif names.key_core[name] == batch.keys[title, 2] and batch.keys[title, 2] >= 0:
            same = 1
        line[16] = same
        # Numbers: 0 none, 1 alike, then the ways to differ.
        if title_number_miss == 0 and name_number_miss == 0:
            line[17] = 1 if title_number_hit > 0 else 0
        elif title_number_miss == 0:
            line[17] = 3 if name_one_missed and name_number_miss == 1 else 4
        elif name_number_miss == 0:
            line[17] = 2 if one_missed and title_number_miss == 1 else 5
        else:
            line[17] = 6
        line[18] = title_number_miss
        # Call signs.
        call = batch.call[title]
        if call < 0:
            line[19] = 0 if names.call[right] < 0 else 1
        elif names.call[right] != call:
            line[19] = 2
        elif batch.sub[title] == 0:
            line[19] = 6 if names.sub[right] == 1 else 4
        else:
            line[19] = 5 if names.sub[right] == batch.sub[title] else 3
        # Places.
        area = names.areas[right]
        if prefix == 0:
            line[20] = 0
        elif names.home[right] > 0 and has(masks[prefix], names.home[right]):
            line[20] = 3
        elif overlaps(masks[prefix], area):
            line[20] = 2
        else:
            line[20] = 1
        if place == 0:
            line[21] = 0
        elif names.named[name] and overlaps(masks[place], names.name_area[name]):
            line[21] = 4
        elif names.home[right] > 0 and has(masks[place], names.home[right]):
            line[21] = 3
        elif overlaps(masks[place], area):
            line[21] = 2
        else:
            line[21] = 1
        if home == 0:
            line[22] = 0
        elif names.home[right] == home:
            line[22] = 3
        elif has(area, home):
            line[22] = 2
        else:
            line[22] = 1
        if names.named[name] == 0:
            line[23] = 0
        elif home > 0 and has(names.name_area[name], home):
            line[23] = 2
        else:
            line[23] = 1
        line[24] = around.share[row, names.home[right]]
        within = np.float32(0)
        for at in range(around.main.shape[1]):
            country = around.main[row, at]
            if country > 0 and has(area, country):
                within += around.share[row, country]
        line[25] = within
        line[26] = around.trust[row]
        if language == 0:
            line[27] = 0
        else:
            line[27] = 1
            for at in range(names.spoken_from[right], names.spoken_from[right + 1]):
                if names.spoken[at] == language:
                    line[27] = 2
        key = names.key_whole[name]
        line[28] = min(names.key_at[key + 1] - names.key_at[key], 30)
        line[29] = names.first[name]
        line[30] = names.closed[right]
        line[31] = names.editions[right]
        line[32] = names.has_area[right]
        line[33] = title_mass
        line[34] = title_words
        line[35] = name_mass
        line[36] = high - low
        line[37] = shift_miss
        line[38] = ordered
        line[39] = out_score[rank]
        line[40] = names.area_size[right]
        # What the source's other titles are.
        line[48] = around.coverage[title]
        line[49] = around.whole_coverage
        source = np.int64(around.source[title]) << 32
        at = found_among(around.taken, source | right)
        line[50] = 0 if at < 0 else 1 if around.taken_by[at] == batch.keys[title, 1] else 2
        line[51] = 0
        if names.network[right] > 0:
            at = found_among(around.network, source | names.network[right])
            line[51] = around.network_share[at] if at >= 0 else 0
        line[41] = line[0] * line[1] + 0.5 * dice + 0.3 * same
        best_lexical = max(best_lexical, line[41])
    # Against the other candidates.
    for rank in range(ranked):
        line = out[rank]
        line[42] = best_lexical - line[41]
        above = alike = 0
        rival_share = rival_home = rival_prefix = rival_spoken = np.float32(0)
        for rival in range(ranked):
            if rival == rank:
                continue
            if out[rival, 41] > line[41] + 0.01:
                above += 1
            elif out[rival, 41] > line[41] - 0.01:
                alike += 1
            if out[rival, 41] > line[41] - 0.15:
                rival_share = max(rival_share, out[rival, 25])
                rival_home = max(rival_home, out[rival, 22])
                rival_prefix = max(rival_prefix, out[rival, 20])
                rival_spoken = max(rival_spoken, out[rival, 27])
        line[43] = above
        line[44] = alike
        line[45] = line[25] - rival_share
        line[46] = line[22] - rival_home
        line[47] = out[0, 39] - line[39]
        line[52] = line[20] - rival_prefix
        line[53] = line[27] - rival_spoken
