"""Entries as nearly all lists write them, found among bytes: compiled and cached."""

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel

MOST_ATTRIBUTES = 40
LONGEST_NAME = 64

LF, TAB, SPACE, QUOTE, COMMA, HASH, MINUS, SLASH = 10, 9, 32, 34, 44, 35, 45, 47
COLON, LESS, EQUALS, MORE, UNDERSCORE, BAR, DOT, ZERO, NINE = 58, 60, 61, 62, 95, 124, 46, 48, 57
EXTINF = np.frombuffer(b"#EXTINF:", np.uint8)
OPTION = np.frombuffer(b"#EXTVLCOPT:http-", np.uint8)
HTTP = np.frombuffer(b"http", np.uint8)


@kernel(nogil=True)
def _begins(data, at, end, word):
    if end - at < len(word):
        return False
    place = 0
    while place < len(word) and data[at + place] == word[place]:
        place += 1
    return place == len(word)


@kernel(nogil=True)
def _is_digit(byte):
    return ZERO <= byte <= NINE


@kernel(nogil=True)
def _is_lower(byte):
    return 97 <= byte <= 122


@kernel(nogil=True)
def _line(data, at, end, out, size):
    """Copy a title; return where its LF is, and the size.

    -1 instead, if there is a NUL or what looks like an attribute in it, or no LF.
    """
    while at < end:
        byte = data[at]
        if byte == LF:
            out[size] = 0
            return at, size + 1
        if byte == 0 or (byte == QUOTE and data[at - 1] == EQUALS):
            break
        out[size] = byte
        size += 1
        at += 1
    return -1, size


@kernel(nogil=True)
def _url(data, at, end, out, size):
    """Copy a plain http(s) URL that is its line; return where that ends, or -1, and the size."""
    start = at
    if not _begins(data, at, end, HTTP):
        return -1, size
    at += 4
    # 115 is the s of https.
    if at < end and data[at] == 115:
        at += 1
    if end - at < 4 or data[at] != COLON or data[at + 1] != SLASH or data[at + 2] != SLASH:
        return -1, size
    at += 3
    host = at
    while at < end:
        byte = data[at]
        letter = _is_lower(byte) or 65 <= byte <= 90
        if not (letter or _is_digit(byte) or byte in (DOT, UNDERSCORE, MINUS)):
            break
        at += 1
    if at == host:
        return -1, size
    if at < end and data[at] == COLON:
        at += 1
        digits, port = at, 0
        while at < end and _is_digit(data[at]) and at - digits < 6:
            port = port * 10 + data[at] - ZERO
            at += 1
        if at == digits or data[digits] == ZERO or port > 65_535:
            return -1, size
    for place in range(start, at):
        out[size] = data[place]
        size += 1
    if at < end and data[at] == SLASH:
        while at < end:
            byte = data[at]
            if byte <= SPACE or byte > 126 or byte in (QUOTE, LESS, MORE, BAR):
                break
            out[size] = byte
            size += 1
            at += 1
    if at < end and data[at] != LF:
        return -1, size
    out[size] = 0
    return at, size + 1


@kernel(nogil=True)
def usual(data, at, shape, main, attributes, headers):  # noqa: PLR0917 - buffers to fill
    """Copy the run of usual entries that begins at ``at``, their texts each ended by NUL.

    Parameters
    ----------
    data : ndarray of uint8
        Whole lines of UTF-8, each ended by LF but maybe the last.
    shape : ndarray of int32, shape (entries, 4)
        Filled: seconds claimed, attributes and headers up to and with this entry, its last line.
    main, attributes, headers : ndarray of uint8
        Filled: title and URL; names and values; names (without ``http-``) and values.

    Returns
    -------
    tuple of int
        How many entries, where reading goes on, lines read, and the sizes of the three texts.
    """
    end = len(data)
    count = lines = pairs_done = options_done = 0
    sizes = (0, 0, 0)
    while at < end and count < len(shape):
        main_size, attributes_size, headers_size = sizes
        cursor, read, pairs, options = at, lines, pairs_done, options_done
        while cursor < end and data[cursor] == LF:
            cursor += 1
            read += 1
        if not _begins(data, cursor, end, EXTINF):
            break
        cursor += 8
        while cursor < end and (data[cursor] == SPACE or data[cursor] == TAB):
            cursor += 1
        negative = cursor < end and data[cursor] == MINUS
        if cursor < end and (negative or data[cursor] == 43):
            cursor += 1
        start, seconds = cursor, 0
        while cursor < end and _is_digit(data[cursor]) and cursor - start < 10:
            seconds = seconds * 10 + data[cursor] - ZERO
            cursor += 1
        if cursor == start or cursor - start > 9:
            break
        sound = True
        while True:
            start = cursor
            while cursor < end and (data[cursor] == SPACE or data[cursor] == TAB):
                cursor += 1
            if cursor < end and data[cursor] == COMMA:
                break
            name = cursor
            while cursor < end:
                byte = data[cursor]
                if not (_is_lower(byte) or _is_digit(byte) or byte in (MINUS, UNDERSCORE)):
                    break
                attributes[attributes_size] = byte
                attributes_size += 1
                cursor += 1
            sound = (
                name > start
                and 0 < cursor - name <= LONGEST_NAME
                and pairs - pairs_done < MOST_ATTRIBUTES
            )
            if not sound or end - cursor < 3 or data[cursor] != EQUALS or data[cursor + 1] != QUOTE:
                sound = False
                break
            attributes[attributes_size] = 0
            attributes_size += 1
            cursor += 2
            while cursor < end:
                byte = data[cursor]
                if byte in (QUOTE, LF, 0):
                    break
                attributes[attributes_size] = byte
                attributes_size += 1
                cursor += 1
            if cursor == end or data[cursor] != QUOTE:
                sound = False
                break
            attributes[attributes_size] = 0
            attributes_size += 1
            pairs += 1
            cursor += 1
        if not sound:
            break
        cursor, main_size = _line(data, cursor + 1, end, main, main_size)
        if cursor < 0:
            break
        cursor += 1
        read += 1
        while _begins(data, cursor, end, OPTION):
            cursor += len(OPTION)
            name = cursor
            while cursor < end and (_is_lower(data[cursor]) or data[cursor] == MINUS):
                headers[headers_size] = data[cursor]
                headers_size += 1
                cursor += 1
            if cursor in (name, end) or data[cursor] != EQUALS:
                sound = False
                break
            headers[headers_size] = 0
            headers_size += 1
            cursor += 1
            while cursor < end and SPACE <= data[cursor] <= 126:
                headers[headers_size] = data[cursor]
                headers_size += 1
                cursor += 1
            if (
                cursor == end
                or data[cursor] != LF
                or options - options_done == MOST_ATTRIBUTES // 2
            ):
                sound = False
                break
            headers[headers_size] = 0
            headers_size += 1
            options += 1
            cursor += 1
            read += 1
        if not sound:
            break
        cursor, main_size = _url(data, cursor, end, main, main_size)
        if cursor < 0:
            break
        read += 1
        at = cursor + 1
        lines, pairs_done, options_done = read, pairs, options
        shape[count, 0] = 0 if negative else seconds
        shape[count, 1] = pairs_done
        shape[count, 2] = options_done
        shape[count, 3] = lines
        count += 1
        sizes = (main_size, attributes_size, headers_size)
    return count, min(at, end), lines, sizes
