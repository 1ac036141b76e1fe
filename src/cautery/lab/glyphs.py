"""Paints short texts with a 3 x 5 pixel alphabet: scores, clocks, channel bugs, tickers."""

from __future__ import annotations

from functools import cache

import numpy as np

from cautery.model.media import ByteArray

_ROWS = {
    " ": "000000000000000",
    "-": "000000111000000",
    ".": "000000000000010",
    ":": "000010000010000",
    "/": "001001010100100",
    "0": "111101101101111",
    "1": "010110010010111",
    "2": "111001111100111",
    "3": "111001111001111",
    "4": "101101111001001",
    "5": "111100111001111",
    "6": "111100111101111",
    "7": "111001010010010",
    "8": "111101111101111",
    "9": "111101111001111",
    "A": "010101111101101",
    "B": "110101110101110",
    "C": "011100100100011",
    "D": "110101101101110",
    "E": "111100110100111",
    "F": "111100110100100",
    "G": "011100101101011",
    "H": "101101111101101",
    "I": "111010010010111",
    "J": "001001001101010",
    "K": "101101110101101",
    "L": "100100100100111",
    "M": "101111111101101",
    "N": "110101101101101",
    "O": "010101101101010",
    "P": "110101110100100",
    "Q": "010101101110011",
    "R": "110101110101101",
    "S": "011100010001110",
    "T": "111010010010010",
    "U": "101101101101111",
    "V": "101101101101010",
    "W": "101101111111101",
    "X": "101101010101101",
    "Y": "101101010010010",
    "Z": "111001010100111",
}


@cache
def text_mask(words: str, scale: int = 2) -> ByteArray:
    """Return the words as ones on zeros; unknown signs become blanks.

    Returns
    -------
    ndarray, shape (5 * scale, 4 * scale * len(words)), uint8
    """
    columns = []
    for sign in words.upper():
        rows = _ROWS.get(sign, _ROWS[" "])
        glyph = np.array([int(bit) for bit in rows], np.uint8).reshape(5, 3)
        columns.append(np.pad(glyph, ((0, 0), (0, 1))))
    flat = np.concatenate(columns, axis=1) if columns else np.zeros((5, 1), np.uint8)
    grown: ByteArray = flat.repeat(scale, 0).repeat(scale, 1)
    grown.setflags(write=False)
    return grown
