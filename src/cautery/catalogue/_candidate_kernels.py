"""Which names are like a title: by words, letters, call signs. Compiled and cached."""

from __future__ import annotations

import numpy as np

from cautery.catalogue._match_kernels import write_grams
from cautery.catalogue._place_kernels import has, overlaps
from cautery.kernels import kernel

RERANKED = 20
"""Candidates that are weighed; the right one is among them for 97 titles of 100."""
_HOPELESS = np.float32(0.27)
"""A candidate with less of the best one's likeness is hardly ever right: 1 title of 1,000."""
_FAINT = np.float32(0.12)
"""The same before the country has its say."""
_ONE = np.float64(1)
"""What meets it is of 64 bits as compiled: NumPy lets a plain 1 be of 32 beside 32."""
_WORD_VISITS = 5_000
_GRAM_VISITS = 3_000
_RARE_GRAMS = 10
_SUB = 5


@kernel(plain=True, nogil=True)
def candidates(title, batch, around, names, masks, scratch, out_name, out_score):  # noqa: PLR0917
    """Write the most similar names, one for each right, best first; return how many."""
    score, touched, by_right = scratch.score, scratch.touched, scratch.by_right
    count = 0
    first, past = batch.word_from[title], batch.word_from[title + 1]
    # Words, the rarest first, as long as their lists are short enough.
    norm = np.float32(1e-6)
    rows = past - first
    order = np.empty(rows, np.int32)
    lengths = np.empty(rows, np.int32)
    used = 0
    for at in range(first, past):
        word = batch.words[at]
        weight = names.weight[word] * (_ONE - names.title_drop[word])
        if batch.kinds[at] == _SUB:
            continue
        norm += weight * weight
        if word >= len(names.word_at) - 1:
            continue
        length = names.word_at[word + 1] - names.word_at[word]
        if length == 0:
            continue
        place = used
        while place > 0 and lengths[place - 1] > length:
            lengths[place] = lengths[place - 1]
            order[place] = order[place - 1]
            place -= 1
        lengths[place] = length
        order[place] = word
        used += 1
    norm = np.sqrt(norm)
    visits = 0
    for rank in range(used):
        word = order[rank]
        if rank > 0 and order[rank - 1] == word:
            continue
        if visits > 0 and visits + lengths[rank] > _WORD_VISITS:
            break
        visits += lengths[rank]
        gain = (
            names.weight[word]
            * (_ONE - names.title_drop[word])
            * names.weight[word]
            * (_ONE - names.name_drop[word])
            / norm
        )
        for at in range(names.word_at[word], names.word_at[word + 1]):
            name = names.word_names[at]
            if score[name] == 0:
                touched[count] = name
                count += 1
            score[name] += gain / names.word_norm[name]
    # Letters: the rarest runs of three.
    grams = scratch.grams
    total = write_grams(
        batch.letters, batch.letters_from[title], batch.letters_from[title + 1], grams
    )
    gram_norm = np.float32(1e-6)
    rarest = np.empty(_RARE_GRAMS, np.int32)
    chosen_length = np.empty(_RARE_GRAMS, np.int32)
    picked = 0
    for at in range(total):
        gram = grams[at]
        gram_norm += names.gram_weight[gram] ** 2
        length = names.gram_at[gram + 1] - names.gram_at[gram]
        if length == 0:
            continue
        place = picked
        if picked == _RARE_GRAMS:
            if chosen_length[picked - 1] <= length:
                continue
            place = picked - 1
        else:
            picked += 1
        while place > 0 and chosen_length[place - 1] > length:
            chosen_length[place] = chosen_length[place - 1]
            rarest[place] = rarest[place - 1]
            place -= 1
        chosen_length[place] = length
        rarest[place] = gram
    gram_norm = np.sqrt(gram_norm)
    visits = 0
    for rank in range(picked):
        if visits > 0 and visits + chosen_length[rank] > _GRAM_VISITS:
            break
        visits += chosen_length[rank]
        gram = rarest[rank]
        gain = names.gram_weight[gram] ** 2 / gram_norm
        for at in range(names.gram_at[gram], names.gram_at[gram + 1]):
            name = names.gram_names[at]
            if score[name] == 0:
                touched[count] = name
                count += 1
            score[name] += gain / names.gram_norm[name]
    # Names that are the same once run together.
    for kind in range(3):
        key = batch.keys[title, kind]
        if key < 0 or (kind > 0 and key == batch.keys[title, kind - 1]):
            continue
        gain = np.float32(1.2) if kind < 2 else np.float32(0.5)
        for at in range(names.key_at[key], names.key_at[key + 1]):
            name = names.key_names[at]
            if score[name] == 0:
                touched[count] = name
                count += 1
            score[name] += gain
    # A call sign names all of a station's sub-channels.
    call = batch.call[title]
    if call >= 0:
        for at in range(names.call_at[call], names.call_at[call + 1]):
            right = names.call_rights[at]
            same = names.sub[right] == batch.sub[title] or (
                batch.sub[title] == 0 and names.sub[right] == 1
            )
            name = names.right_from[right]
            if score[name] == 0:
                touched[count] = name
                count += 1
            score[name] += np.float32(2.0) if same else np.float32(1.0)
    # The best name of each right, nudged towards where the title is from.
    home = around.home[title]
    row = around.row[title]
    ranked = 0
    highest = np.float32(0)
    for at in range(count):
        highest = max(highest, score[touched[at]])
    for at in range(count):
        name = touched[at]
        value = np.float64(score[name])
        score[name] = 0
        # Most names share a run of letters and no more.
        if value < _FAINT * highest:
            continue
        right = names.right[name]
        if ranked == RERANKED and value + np.float64(0.5) <= out_score[ranked - 1]:
            continue
        prefix, place = batch.prefix[title], batch.place[title]
        if prefix > 0:
            value += 0.25 if overlaps(masks[prefix], names.areas[right]) else 0.0
        elif place > 0 and overlaps(masks[place], names.areas[right]):
            value += 0.15
        if home > 0 and (names.home[right] == home or has(names.areas[right], home)):
            value += 0.15
            if names.named[name] and has(names.name_area[name], home):
                value += 0.3
        value += np.float64(0.15) * around.share[row, names.home[right]]
        if ranked == RERANKED and value <= out_score[ranked - 1]:
            continue
        earlier = by_right[right]
        if earlier > 0 and earlier <= ranked and names.right[out_name[earlier - 1]] == right:
            place_at = earlier - 1
            if out_score[place_at] >= value:
                continue
        else:
            place_at = ranked if ranked < RERANKED else RERANKED - 1
            ranked = min(ranked + 1, RERANKED)
        while place_at > 0 and out_score[place_at - 1] < value:
            out_score[place_at] = out_score[place_at - 1]
            out_name[place_at] = out_name[place_at - 1]
            by_right[names.right[out_name[place_at]]] = place_at + 1
            place_at -= 1
        out_score[place_at] = value
        out_name[place_at] = name
        by_right[right] = place_at + 1
    while ranked > 1 and out_score[ranked - 1] < _HOPELESS * out_score[0]:
        ranked -= 1
    return ranked
