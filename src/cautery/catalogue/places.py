"""Countries, regions and languages as channels' names, playlists and publishers write them."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

from cautery.json_text import parsed_json

_OTHER_CODES = {
    "uk": "gb", "usa": "us", "eng": "gb", "ger": "de", "deu": "de", "fra": "fr", "fre": "fr",
    "ita": "it", "esp": "es", "spa": "es", "por": "pt", "prt": "pt", "nld": "nl", "ned": "nl",
    "bel": "be", "aut": "at", "sui": "ch", "che": "ch", "swe": "se", "nor": "no", "dnk": "dk",
    "den": "dk", "fin": "fi", "pol": "pl", "cze": "cz", "svk": "sk", "hun": "hu", "rou": "ro",
    "rom": "ro", "bul": "bg", "bgr": "bg", "gre": "gr", "grc": "gr", "hrv": "hr", "cro": "hr",
    "srb": "rs", "slo": "si", "svn": "si", "alb": "al", "bih": "ba", "mkd": "mk", "mne": "me",
    "tur": "tr", "rus": "ru", "ukr": "ua", "irl": "ie", "bra": "br", "arg": "ar", "mex": "mx",
    "can": "ca", "aus": "au", "ind": "in", "isr": "il", "irn": "ir", "egy": "eg", "chn": "cn",
    "jpn": "jp", "kor": "kr", "col": "co", "chl": "cl", "per": "pe", "lat": "latam", "afr": "afr",
    "arb": "arab", "yu": "exyu",
}  # fmt: skip
"""ISO 3166-1 alpha-3, IOC and sellers' codes."""

ARABIC_OR_ARGENTINE = "ar/arab"
"""What a seller's ``AR`` may mean: the Arabic bouquet, rather more often than Argentina's."""

_SPELLINGS = {
    "gb": "britain|england|great britain|uk|scotland|wales",
    "us": "usa|united states|estados unidos|america", "de": "germany|deutschland|german|alemania",
    "fr": "france|francia|frankreich|francaise", "es": "spain|espana|espanha|spanien|espagne",
    "it": "italy|italia|italie|italien", "pt": "portugal", "nl": "netherlands|nederland|holland",
    "be": "belgium|belgie|belgique|belgien", "ch": "switzerland|schweiz|suisse|svizzera",
    "at": "austria|osterreich|oesterreich", "se": "sweden|sverige|svenska",
    "no": "norway|norge|norsk", "dk": "denmark|danmark|dansk", "fi": "finland|suomi",
    "pl": "poland|polska|polski", "cz": "czechia|czech|cesko|cesky", "sk": "slovakia|slovensko",
    "hu": "hungary|magyar|magyarorszag", "ro": "romania|rumania", "bg": "bulgaria|balgariya",
    "gr": "greece|hellas|ellada", "hr": "croatia|hrvatska", "rs": "serbia|srbija|srpski",
    "si": "slovenia|slovenija", "ba": "bosnia|bih", "mk": "macedonia|makedonija",
    "me": "montenegro|crna gora", "al": "albania|shqiperi", "tr": "turkey|turkiye|turk",
    "ru": "russia|rossiya", "ua": "ukraine|ukraina", "ie": "ireland|eire", "br": "brazil|brasil",
    "ar": "argentina", "mx": "mexico", "co": "colombia", "cl": "chile", "pe": "peru",
    "uy": "uruguay", "py": "paraguay", "ve": "venezuela", "bo": "bolivia", "ec": "ecuador",
    "cr": "costa rica", "pa": "panama", "gt": "guatemala", "hn": "honduras", "sv": "el salvador",
    "ni": "nicaragua", "cu": "cuba", "do": "republica dominicana|dominican republic",
    "pr": "puerto rico", "ca": "canada", "au": "australia", "nz": "new zealand",
    "in": "india|bharat", "pk": "pakistan", "bd": "bangladesh", "lk": "sri lanka", "jp": "japan",
    "kr": "korea", "cn": "china", "tw": "taiwan", "hk": "hong kong", "sg": "singapore",
    "my": "malaysia", "id": "indonesia", "th": "thailand", "ph": "philippines|pilipinas",
    "vn": "vietnam|viet nam", "il": "israel", "ae": "uae|emirates", "sa": "saudi", "eg": "egypt",
    "ma": "morocco|maroc", "dz": "algeria|algerie", "tn": "tunisia|tunisie", "za": "south africa",
    "ng": "nigeria", "ke": "kenya", "ee": "estonia|eesti", "lv": "latvia|latvija",
    "lt": "lithuania|lietuva", "md": "moldova", "ge": "georgia", "am": "armenia",
    "az": "azerbaijan", "kz": "kazakhstan", "ir": "iran", "iq": "iraq", "lu": "luxembourg",
    "mt": "malta", "cy": "cyprus", "is": "iceland", "xk": "kosovo|kosova",
    "eur": "europe|evropa|europa|pan european",
    "latam": "latin america|latinoamerica|latino america|latam",
    "nord": "nordic|nordics|scandinavia|skandinavien", "asia": "asia", "afr": "africa|afrique",
    "mena": "mena|middle east|arabia|arabic", "balkan": "balkan|balkans|adria|adriatic",
    "cee": "cee|central europe", "benelux": "benelux", "sea": "southeast asia",
    "baltic": "baltic|baltics", "emea": "emea", "iberia": "iberia", "carib": "caribbean|caribe",
    "noram": "north america",
    "int": "international|internacional|internationale|global|world|intl|mondial",
}  # fmt: skip
_MORE_REGIONS = {
    "baltic": "ee lv lt", "iberia": "es pt ad", "balkan": "ba hr rs si me mk xk al bg ro",
    "exyu": "ba hr rs si me mk xk", "int": "",
}  # fmt: skip
_SHORT_LANGUAGES = {
    "ar": "ara", "az": "aze", "be": "bel", "bg": "bul", "bn": "ben", "bs": "bos", "ca": "cat",
    "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa", "et": "est",
    "eu": "eus", "fa": "fas", "fi": "fin", "fr": "fra", "ga": "gle", "gl": "glg", "he": "heb",
    "hi": "hin", "hr": "hrv", "hu": "hun", "hy": "hye", "id": "ind", "is": "isl", "it": "ita",
    "ja": "jpn", "ka": "kat", "kk": "kaz", "km": "khm", "ko": "kor", "ku": "kur", "lt": "lit",
    "lv": "lav", "mk": "mkd", "ml": "mal", "mn": "mon", "mr": "mar", "ms": "msa", "my": "mya",
    "ne": "nep", "nl": "nld", "no": "nor", "pl": "pol", "ps": "pus", "pt": "por", "ro": "ron",
    "ru": "rus", "sk": "slk", "sl": "slv", "sq": "sqi", "sr": "srp", "sv": "swe", "ta": "tam",
    "te": "tel", "th": "tha", "tr": "tur", "uk": "ukr", "ur": "urd", "uz": "uzb", "vi": "vie",
    "zh": "zho", "ba": "bos", "kr": "kor", "se": "swe",
}  # fmt: skip
"""ISO 639-1, and what publishers write instead, to ISO 639-3."""
_FREE_DOMAINS = frozenset(
    ("tv", "io", "me", "fm", "to", "cc", "ws", "ai", "co.com", "la", "gg", "sh")
)
"""Countries' domains that are sold as if they were words."""


class Places(NamedTuple):
    """The tables, with countries and languages as small numbers; 0 is unknown."""

    countries: dict[str, int]
    """ISO 3166-1 alpha-2, lower case, to number."""
    languages: dict[str, int]
    """ISO 639-3 to number."""
    regions: dict[str, tuple[int, ...]]
    """Region code, or a country's own, to the countries it covers; ``int`` covers none."""
    spoken: dict[int, frozenset[int]]
    """Country to languages."""
    names: dict[tuple[str, ...], str]
    """Folded words to a region or a country."""


@cache
def places() -> Places:
    """Load iptv-org's countries and regions (Unlicense), and the spellings that Cautery adds."""
    text = resources.files("cautery.catalogue").joinpath("data/places.json").read_text("utf-8")
    tables = parsed_json(text)
    countries = {code: number for number, code in enumerate(tables["countries"], start=1)}
    spoken_codes = {
        code for country in tables["countries"].values() for code in country["languages"]
    }
    languages = {
        code: number
        for number, code in enumerate(
            sorted(spoken_codes | set(_SHORT_LANGUAGES.values())), start=1
        )
    }
    regions: dict[str, tuple[int, ...]] = {code: (number,) for code, number in countries.items()}
    covered = {code: region["countries"] for code, region in tables["regions"].items()}
    covered |= {code: words.split() for code, words in _MORE_REGIONS.items()}
    covered[ARABIC_OR_ARGENTINE] = ["ar", *covered["arab"]]
    for code, members in covered.items():
        regions[code] = tuple(countries[member] for member in members if member in countries)
    names = {
        tuple(country["name"].lower().split()): code
        for code, country in tables["countries"].items()
    }
    names |= {
        tuple(spelling.split()): code
        for code, spellings in _SPELLINGS.items()
        for spelling in spellings.split("|")
    }
    spoken = {
        countries[code]: frozenset(languages[one_language] for one_language in country["languages"])
        for code, country in tables["countries"].items()
    }
    return Places(countries, languages, regions, spoken, names)


def country_code(text: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code, lower case, that ``text`` stands for, if any."""
    low = text.strip().lower()
    low = _OTHER_CODES.get(low, low)
    return low if low in places().countries else None


def region_code(text: str) -> str | None:
    """Return the country or region that a short code stands for, if any."""
    low = text.strip().lower()
    low = _OTHER_CODES.get(low, low)
    return low if low in places().regions else None


def prefix_code(text: str) -> str | None:
    """Return the country or region that a short code stands for before a title.

    Examples
    --------
    >>> prefix_code("EX-YU"), prefix_code("AR"), prefix_code("ARG")
    ('exyu', 'ar/arab', 'ar')
    """
    low = text.strip().lower()
    if low == "ar":
        return ARABIC_OR_ARGENTINE
    return region_code(low.replace("-", "").replace(" ", ""))


def language_number(text: str | None) -> int:
    """Return the number of a language given in ISO 639-1 or 639-3, or 0."""
    if not text:
        return 0
    low = re.split(r"[-_]", text.strip().lower())[0]
    return places().languages.get(_SHORT_LANGUAGES.get(low, low), 0)


@lru_cache(maxsize=4096)
def source_country(source: str) -> str | None:
    """Return the country that a source's name tells: ``us_pluto``, ``tv.blue.ch``, ``sky.co.uk``.

    Examples
    --------
    >>> source_country("us_pluto"), source_country("tv.blue.ch"), source_country("plex.tv")
    ('us', 'ch', None)
    """
    low = source.strip().lower()
    low = re.sub(r"^[a-z]+://", "", low).split("/")[0].split(":")[0] if "." in low else low
    low = low.removesuffix(".m3u").removesuffix(".m3u8")
    if "." in low:
        last = low.rsplit(".", 1)[1]
        return None if last in _FREE_DOMAINS else country_code(last) if len(last) == 2 else None
    head = re.split(r"[_\-]", low)[0]
    return country_code(head) if len(head) in (2, 3) else None
