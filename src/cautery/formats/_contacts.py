"""Contacts, means of payment and tracking ids of a page: what links storefronts to each other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from cautery.formats._offer_words import CARDS, TRANSFERS

_EMAIL = re.compile(
    r"(?i)(?<![\w.+-])([a-z0-9][a-z0-9._%+-]{0,63}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,5}\.[a-z]{2,24})(?![\w-])"
)
_TELEGRAM_TEXT = re.compile(r"(?i)telegram\W{1,6}@([a-z][a-z0-9_]{4,31})\b")
_WHATSAPP_TEXT = re.compile(r"(?i)whats\s?app\W{0,12}(\+?\d[\d\s().-]{7,20}\d)")
_SKYPE_TEXT = re.compile(r"(?i)(?<![\w.])(live:[a-z0-9._-]{3,60}[a-z0-9])")
_DISCORD_TEXT = re.compile(r"(?i)discord\W{1,6}@?([a-z0-9_.]{2,32}#\d{4})(?!\d)")
_SPELT = re.compile(
    r"(?i)\s{0,2}[\[({<]\s{0,2}(at|dot|arobase|punkt|punto|point)\s{0,2}[\])}>]\s{0,2}"
)
"""``sales [at] shop [dot] example``: written so that no robot finds it."""
_WORD = re.compile(r"\w+")
_CLOUDFLARE = re.compile(r"(?:data-cfemail=[\"']|/cdn-cgi/l/email-protection#)([0-9a-f]{8,400})")
_NOT_A_HANDLE = frozenset(("share", "joinchat", "s", "addstickers", "proxy", "iv", "msg"))

TRACKERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("google-analytics", re.compile(r"(?<![\w-])(UA-\d{4,10}-\d{1,4}|G-[A-Z0-9]{8,12})(?![\w-])")),
    ("google-tag-manager", re.compile(r"(?<![\w-])(GTM-[A-Z0-9]{5,9})(?![\w-])")),
    ("google-ads", re.compile(r"(?<![\w-])(AW-\d{8,12})(?![\w-])")),
    ("google-adsense", re.compile(r"(?<![\w-])((?:ca-)?pub-\d{16})(?!\d)")),
    ("yandex-metrica", re.compile(r"mc\.yandex\.(?:ru|com)/watch/(\d{5,10})")),
    ("yandex-metrica", re.compile(r"\bym\(\s{0,4}(\d{5,10})\s{0,4},")),
    ("meta-pixel", re.compile(r"fbq\(\s{0,4}['\"]init['\"]\s{0,4},\s{0,4}['\"](\d{10,20})['\"]")),
    ("meta-pixel", re.compile(r"facebook\.com/tr\?id=(\d{10,20})")),
    ("matomo", re.compile(r"setSiteId['\"]\s{0,4},\s{0,4}['\"]?(\d{1,6})")),
    ("tiktok-pixel", re.compile(r"ttq\.load\(\s{0,4}['\"]([A-Z0-9]{16,24})['\"]")),
    ("hotjar", re.compile(r"hjid\s{0,3}[:=]\s{0,3}(\d{5,9})")),
    ("clarity", re.compile(r"clarity\.ms/tag/([a-z0-9]{8,12})")),
    (
        "clarity",
        re.compile(r"['\"]clarity['\"]\s?,\s?['\"]script['\"]\s?,\s?['\"]([a-z0-9]{8,12})['\"]"),
    ),
    ("tawk", re.compile(r"embed\.tawk\.to/([0-9a-f]{24})")),
    ("crisp", re.compile(r"CRISP_WEBSITE_ID\s{0,3}=\s{0,3}['\"]([0-9a-f-]{36})['\"]")),
    ("cloudflare-insights", re.compile(r"['\"]token['\"]\s{0,3}:\s{0,3}['\"]([0-9a-f]{32})['\"]")),
)
_MATOMO_URL = re.compile(
    r"(?:https?:)?//([a-z0-9.-]{3,100})/[^\s'\"]{0,60}(?:matomo|piwik)\.(?:php|js)"
    r"|\bu\s?=\s?[^;\n]{0,120}?//([a-z0-9.-]{3,100})/"
)
"""The second is Matomo's own snippet, which adds ``matomo.php`` to the variable."""

PAYMENTS: tuple[tuple[str, frozenset[str], re.Pattern[str] | None], ...] = tuple(
    (name, frozenset(words.split()), re.compile(pattern, re.IGNORECASE) if pattern else None)
    for name, words, pattern in (
        ("paypal", "paypal", ""),
        ("visa", "", r"\bvisa\b(?! card holder)"),
        ("mastercard", "", r"\bmaster\s?card\b"),
        ("card", "", CARDS),
        ("stripe", "stripe", r"js\.stripe\.com"),
        ("bank transfer", "", TRANSFERS),
        ("skrill", "skrill", ""),
        ("neteller", "neteller", ""),
        ("perfect money", "", r"\bperfect\s?money\b"),
        ("payeer", "payeer", ""),
        ("webmoney", "webmoney", ""),
        ("moneygram", "moneygram", ""),
        ("binance pay", "", r"\bbinance\s?pay\b"),
        ("postepay", "postepay", ""),
        ("satispay", "satispay", ""),
        ("lydia", "lydia", ""),
        ("vipps", "vipps", ""),
        ("twint", "twint", ""),
        ("giropay", "giropay", ""),
        ("sofort", "", r"\bsofort(?:überweisung| ?banking|\.com)\b|\b(?-i:SOFORT)\b"),
        ("trustly", "trustly", ""),
        ("payconiq", "payconiq", ""),
        ("wero", "wero", ""),
        ("mollie", "mollie", ""),
        ("paysafecard", "", r"\bpaysafe\s?card\b"),
        ("revolut", "revolut", ""),
        ("wise", "transferwise", r"\bwise\.com\b"),
        ("western union", "", r"\bwestern union\b"),
        ("bizum", "bizum", ""),
        ("blik", "blik", ""),
        ("ideal", "", r"\bideal\.nl\b|\b(?-i:iDEAL)\b"),
        ("mobilepay", "", r"\bmobile\s?pay\b"),
        ("swish", "swish", ""),
        ("mb way", "", r"\bmb\s?way\b"),
        ("multibanco", "multibanco", ""),
        ("bancontact", "bancontact", ""),
        ("przelewy24", "", r"\bprzelewy\s?24\b"),
        ("klarna", "klarna", ""),
        ("apple pay", "", r"\bapple\s?pay\b"),
        ("google pay", "", r"\bgoogle\s?pay\b"),
        ("cash app", "", r"\bcash\s?app\b"),
        ("bitcoin", "bitcoin bitcoins btc", ""),
        ("ethereum", "ethereum eth", ""),
        ("tether", "usdt tether", ""),
        ("litecoin", "litecoin ltc", ""),
        ("monero", "monero xmr", ""),
        ("crypto", "", r"\bcrypto(?:currenc\w+|s|monnaies?)?\b|\bkrypto"),
        ("coinbase commerce", "", r"commerce\.coinbase\.com"),
        ("nowpayments", "", r"nowpayments"),
        ("coinpayments", "", r"coinpayments"),
        ("plisio", "plisio", ""),
        ("sellix", "sellix", ""),
        ("sumup", "sumup", ""),
        ("payop", "payop", ""),
        ("gift card", "", r"\b(?:amazon )?gift ?cards?\b"),
    )
)
"""Name, whole words that mean it, and what else does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How customers reach a seller, in clear: the caller hashes it before it goes anywhere.

    ``kind`` is ``telegram``, ``whatsapp``, ``email``, ``phone``, ``skype``, ``discord``,
    ``facebook``, ``instagram``, ``signal``, ``viber``, ``tiktok``, ``line`` or ``paypal`` (where
    money goes); ``handle`` is in the kind's canonical spelling.
    """

    kind: str
    handle: str


def contacts(text: str, links: list[str], source: str = "") -> tuple[Contact, ...]:
    """Find contacts in a page's text and links, and in its source those that Cloudflare hides."""
    unique: dict[Contact, None] = {}
    text = _SPELT.sub(lambda at: "@" if at[1].lower() in ("at", "arobase") else ".", text)
    for match in _CLOUDFLARE.finditer(source):
        if (mail := _EMAIL.fullmatch(_unhidden(match[1]))) is not None:
            unique[Contact(kind="email", handle=mail[1].lower())] = None
    for link in links:
        if (contact := _of_link(link)) is not None:
            unique[contact] = None
    for match in _EMAIL.finditer(text):
        unique[Contact(kind="email", handle=match[1].lower())] = None
    for match in _TELEGRAM_TEXT.finditer(text):
        unique[Contact(kind="telegram", handle=match[1].lower())] = None
    for match in _SKYPE_TEXT.finditer(text):
        unique[Contact(kind="skype", handle=match[1].lower())] = None
    for match in _DISCORD_TEXT.finditer(text):
        unique[Contact(kind="discord", handle=match[1].lower())] = None
    for match in _WHATSAPP_TEXT.finditer(text):
        if (number := _phone(match[1])) is not None:
            unique[Contact(kind="whatsapp", handle=number)] = None
    return tuple(unique)[:100]


def _unhidden(code: str) -> str:
    """Return what Cloudflare's mail protection hides: each byte by exclusive or with the first."""
    key, *encoded = bytes.fromhex(code[: len(code) // 2 * 2])
    return bytes(byte ^ key for byte in encoded).decode("utf-8", "replace")


def trackers(source: str) -> tuple[tuple[str, str], ...]:
    """Return (system, id) of analytics and tags; Matomo's id with its server's name."""
    unique: dict[tuple[str, str], None] = {}
    server = _MATOMO_URL.search(source)
    for system, pattern in TRACKERS:
        for match in pattern.finditer(source):
            number = match[1]
            if system == "matomo":
                if server is None:
                    continue  # a site number means nothing without its server
                number = f"{server[1] or server[2]}#{number}"
            unique[system, number.removeprefix("ca-")] = None
            if len(unique) >= 100:
                return tuple(unique)
    return tuple(unique)


def payments(text: str) -> tuple[str, ...]:
    """Return the means of payment that a page names."""
    text_words = set(_WORD.findall(text.lower()))
    return tuple(
        name
        for name, words, pattern in PAYMENTS
        if not text_words.isdisjoint(words) or (pattern is not None and pattern.search(text))
    )


def _of_link(link: str) -> Contact | None:
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    steps = [unquote(step) for step in parts.path.split("/") if step]
    first = steps[0] if steps else ""
    if parts.scheme == "mailto":
        match = _EMAIL.search(unquote(parts.path))
        return Contact(kind="email", handle=match[1].lower()) if match else None
    if parts.scheme == "tel":
        number = _phone(parts.path)
        return Contact(kind="phone", handle=number) if number else None
    if parts.scheme == "tg":
        name = parse_qs(parts.query).get("domain", [""])[0]
        return Contact(kind="telegram", handle=name.lower()[:64]) if name else None
    if parts.scheme in ("whatsapp", "viber"):
        query = parse_qs(parts.query)
        number = _phone((query.get("phone") or query.get("number") or [""])[0])
        return Contact(kind=parts.scheme, handle=number) if number else None
    if parts.scheme == "skype":
        return Contact(kind="skype", handle=parts.path[:64].lower()) if parts.path else None
    if host in ("t.me", "telegram.me", "telegram.dog"):
        if first.startswith("+") or first == "joinchat":
            code = first if first.startswith("+") else "+" + (steps[1] if len(steps) > 1 else "")
            return Contact(kind="telegram", handle=code[:64])
        if first == "s" and len(steps) > 1:
            first = steps[1]
        if not first or first.lower() in _NOT_A_HANDLE:
            return None
        return Contact(kind="telegram", handle=first.lstrip("@").lower()[:64])
    if host in ("wa.me", "api.whatsapp.com", "web.whatsapp.com"):
        number = _phone(parse_qs(parts.query).get("phone", [first])[0])
        return Contact(kind="whatsapp", handle=number) if number else None
    if host == "signal.me" and parts.fragment.startswith("p/"):
        number = _phone(parts.fragment)
        return Contact(kind="signal", handle=number) if number else None
    if host in ("paypal.me", "paypal.com") and steps:
        payee = steps[1:2] if host == "paypal.com" and first == "paypalme" else steps[:1]
        names_payee = host == "paypal.me" or first == "paypalme"
        return (
            Contact(kind="paypal", handle=payee[0].lower()[:64]) if names_payee and payee else None
        )
    if host == "tiktok.com" and first.startswith("@"):
        return Contact(kind="tiktok", handle=first[1:].lower()[:64])
    if host in ("line.me", "lin.ee") and steps:
        return Contact(kind="line", handle=steps[-1].lstrip("~@").lower()[:64])
    if host == "wa.link" and first:
        return Contact(kind="whatsapp", handle=f"wa.link/{first}"[:64])
    if host in ("discord.gg", "discord.com") and steps:
        return Contact(kind="discord", handle=steps[-1][:64])
    if (
        host in ("facebook.com", "m.me", "instagram.com")
        and first
        and first not in ("sharer", "tr")
    ):
        kind = "instagram" if host.startswith("insta") else "facebook"
        return Contact(kind=kind, handle=first.removesuffix(".php").lower()[:64])
    return None


def _phone(text: str) -> str | None:
    digits = re.sub(r"\D", "", text[:40])
    # "00" stands for the plus in most countries; a number has 15 digits at most (E.164).
    digits = digits.removeprefix("00")
    return "+" + digits if 8 <= len(digits) <= 15 else None
