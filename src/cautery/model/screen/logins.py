"""Logins and secrets in a text: by their names, or by their shape."""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import unquote

from cautery.model.screen.addresses import Hidden

STANDS = re.compile("~[0-9a-f]{16}")
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?")
NAMES = (
    r"user(?:name)?|usr|login|benutzer(?:name)?|utente|usuario|utilisateur|"
    r"pass(?:word|wd|wort)?|pwd|pw|senha|contrase\u00f1a|mot de passe|parola|passwort|kennwort|pin"
)
"""What a user, a word or a number of a login is called, as a pattern."""
_TOKENS = r"(?:[\w-]{1,20}[_-])?(?:token|api[_-]?key)"
_SAYS = r"\s?(?:[:=]|[-=]?>|[\u00bb\u203a\u2192\u25b6\u25ba\u27a1\u27a4])\s{0,2}"
"""Between a name and what it names: also arrows, and the end of a tag."""
_POINTS = re.compile(r"[:=>\u00bb\u203a\u2192\u25b6\u25ba\u27a1\u27a4]")
_PICTURES = "\U0001f464\U0001f510\U0001f511"
"""A head, and keys."""
_PICTURE = rf"[{_PICTURES}][^\w~]{{0,4}}(?=\w)"
_SECOND = re.compile(r"(?i)\bpass(?:word|wd|wort)?\s\S{0,64}[0-9]")
"""The password of a login with blanks alone between a name and what it names."""
_AUTHORIZATION = re.compile(
    r"(?i)(authori[sz]ation['\"]?\s?[:=]\s{0,2}['\"]?(?:[a-z]{2,20}(?:\s|%20|\+))?)"
    r"(?!~[0-9a-f]{16})([^\s&'\"|;,<>]{4,512})"
)
"""As a header, in JSON, and behind a URL as Kodi takes it."""
_EQUALS = re.compile(
    rf"(?i)(?<![\w-])((?:{NAMES}|pub(?:user|passwd)|conn|jtv|{_TOKENS}|mac"
    r"|key|secret|auth|bearer|sid|(?:php|j)?sess(?:ion)?_?id)"
    r"(?:\s?=\s?|['\"]\s?:\s?['\"]))(?!~[0-9a-f]{16})([^\s&'\"|;,<>]{1,512})"
)
"""A secret and its name as in a query without its URL, or in a quoted JSON object."""
_LOGIN = re.compile(
    rf"(?i)((?<![\w-])(?:{NAMES}|u){_SAYS}|\U0001f464[^\w~]{{0,4}}(?=\w))"
    rf"(?!~[0-9a-f]{{16}})([^\s|;,<>]{{2,128}})"
    rf"((?:\W{{1,5}}|</\w{{1,20}}>\s{{0,8}}<)(?:{NAMES}|p){_SAYS}|[^\w~]{{0,4}}{_PICTURE})"
    rf"(?!~[0-9a-f]{{16}})([^\s|;,<>]{{2,128}})"
)
_WORD = re.compile(
    rf"(?i)((?<![\w-])(?:{NAMES}|{_TOKENS}){_SAYS}|{_PICTURE})"
    r"(?!~[0-9a-f]{16})([^\s|;,<>]{3,128})"
)
_BARE = re.compile(
    rf"(?i)(?<![\w-])((?:{NAMES})\s{{1,2}})(?!~[0-9a-f]{{16}})([^\s|;,<>:=]{{2,64}})"
    rf"(\s{{1,2}}(?:{NAMES})\s{{1,2}})(?!~[0-9a-f]{{16}})([^\s|;,<>:=]{{3,64}})"
)
"""Of two names with blanks alone the second must name what no title says."""
_PAIR = re.compile(r"(?<![\w.:/@-])([\w.-]{4,48}):([\w.!$*-]{5,48})(?![\w:/@-])")
_CHANNEL = re.compile(r"(?i)[a-z]{1,12}[0-9]{1,2}[a-z]{0,3}|[0-9]{1,4}[a-z]{1,4}")
_AT_HOST = re.compile(
    r"(?:(?<=//)|(?<![\w/@]))[^\s:/@]{1,64}:[^\s:/@]{1,64}@(?=[\w-]{1,63}(?:\.|:[0-9]))"
)
_PATH = re.compile(
    r"(?i)(?:(?<=//)|(?<![\w/.]))((?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24}(?::[0-9]{1,5})?)?"
    r"/(?:live|movie|series|timeshift|hls|streaming|play)/[^\s/'\"<>]{3,64}/[^\s/'\"<>]{3,64}/[^\s'\"<>]{1,256}"
)
_TOKEN = re.compile(r"(?<![\w~%-])[A-Za-z0-9_-]{24,}(?![\w-])")
_CHANGES = re.compile(r"[0-9][A-Za-z]|[A-Za-z][0-9]")


def may_hold_logins(text: str) -> bool:
    """Tell a text in which :func:`hide_logins` may find something."""
    return (
        _POINTS.search(text) is not None
        or (not text.isascii() and any(picture in text for picture in _PICTURES))
        or _SECOND.search(text) is not None
    )


def hide_paths(text: str, hidden: Hidden) -> str:
    """Replace name and password in the path of a panel's stream."""
    return _PATH.sub(partial(_path, hidden), text)


def hide_logins(text: str, hidden: Hidden, *, pairs: bool) -> str:
    """Replace what a name says is a login or a secret; with ``pairs`` also ``name:password``."""
    text = _AT_HOST.sub(lambda match: hidden(match[0][:-1]) + "@", text)
    text = _AUTHORIZATION.sub(lambda match: match[1] + hidden(match[2]), text)
    text = _LOGIN.sub(lambda match: match[1] + hidden(match[2]) + match[3] + hidden(match[4]), text)
    text = _BARE.sub(
        lambda match: (
            match[1] + hidden(match[2]) + match[3] + hidden(match[4])
            if _odd(match[4])
            else match[0]
        ),
        text,
    )
    text = _EQUALS.sub(lambda match: match[1] + hidden(match[2]), text)
    text = _WORD.sub(
        lambda match: match[1] + hidden(match[2]) if _odd(match[2]) else match[0], text
    )
    if pairs:
        text = _PAIR.sub(lambda match: hidden(match[0]) if _is_pair(match) else match[0], text)
    return text


def hide_web_tokens(text: str, hidden: Hidden) -> str:
    """Replace JSON Web Tokens (RFC 7519)."""
    return _JWT.sub(lambda match: hidden(match[0]), text) if "eyJ" in text else text


def hide_tokens(text: str, hidden: Hidden) -> str:
    """Replace long words in which letters and digits change often."""
    return _TOKEN.sub(lambda match: hidden(match[0]) if _is_token(match[0]) else match[0], text)


def _odd(word: str) -> bool:
    """Tell a word that no channel is called by; ``BBC1HD`` and ``Sport24`` are channels' words."""
    return _mixed(word) and not _CHANNEL.fullmatch(word)


def _mixed(word: str) -> bool:
    return any(letter.isdigit() for letter in word) and any(letter.isalpha() for letter in word)


def _is_pair(match: re.Match[str]) -> bool:
    return _odd(match[2]) or (_mixed(match[1]) and _mixed(match[2]))


def _path(hidden: Hidden, match: re.Match[str]) -> str:
    host, steps = match[1] or "", match[0][len(match[1] or "") :].split("/")
    if all(STANDS.fullmatch(step) for step in steps[2:4]):
        return match[0]
    steps[2:4] = (step if STANDS.fullmatch(step) else hidden(unquote(step)) for step in steps[2:4])
    return host + "/".join(steps)


def _is_token(text: str) -> bool:
    return len(_CHANGES.findall(text)) >= 4
