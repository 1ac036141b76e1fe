"""Titles of partners' columns: what each means, in six languages, without accents and signs."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MEANINGS: dict[str, tuple[str, ...]] = {
    "url": ("url", "link", "web address", "infringing url", "indirizzo web", "adresse web", "lien",
            "enlace", "direccion web", "webadresse", "endereco web", "uri"),
    "stream": ("stream", "stream url", "streaming url", "live stream", "flux", "flusso"),
    "domain": ("domain", "domain name", "domains", "fqdn", "host", "hostname", "site", "website",
               "dominio", "nome a dominio", "nome dominio", "nome di dominio", "domaine",
               "nom de domaine", "nombre de dominio", "domane", "domainname", "sito", "sito web",
               "sitio web"),
    "address": ("ip", "ip address", "ip addresses", "ipv4", "ipv6", "ipv4 address", "ipv6 address",
                "indirizzo ip", "adresse ip", "direccion ip", "ip adresse", "endereco ip"),
    "target": ("target", "targets", "indicator", "ioc", "value", "observable", "subject", "block",
               "blocked", "destinatario", "obiettivo", "cible", "objetivo", "ziel"),
    "exhibit": ("sha256", "sha 256", "sha256 hash", "hash", "digest", "exhibit", "exhibits"),
    "kind": ("kind", "type", "tipo", "typ"),
    "name": ("name", "title", "channel", "event", "match", "nome", "nom", "nombre", "canale",
             "chaine", "canal", "evento", "titolo", "titre", "titulo"),
    "text": ("description", "comment", "comments", "note", "notes", "remark", "remarks",
             "what is said", "descrizione", "descripcion", "commento", "commentaire", "comentario",
             "bemerkung"),
    "valid_from": ("valid from", "start", "from", "begin", "blocked from", "blocked since",
                   "inizio", "debut", "inicio", "valido da", "dal", "gultig ab", "du", "desde"),
    "valid_until": ("valid until", "valid to", "end", "until", "to", "expires", "expiry",
                    "expiry date", "expiration", "expiration date", "blocked until", "end date",
                    "fine", "scadenza", "data di scadenza", "valido fino al", "fin", "date de fin",
                    "expire le", "fecha de fin", "caducidad", "gultig bis", "ende", "hasta"),
    "first_seen": ("first seen", "detected", "detected at", "found", "found at", "rilevato",
                   "detecte", "detectado"),
    "last_seen": ("last seen", "seen", "seen at", "checked at"),
    "at": ("stated at", "date", "timestamp", "reported", "reported at", "created", "data", "fecha",
           "datum", "added"),
    "tlp": ("tlp", "marking", "classification", "sharing", "traffic light protocol"),
    "pap": ("pap", "permissible actions protocol"),
    "confidence": ("confidence", "confidence 0 100"),
    "country": ("country", "country code", "pays", "paese", "pais", "land"),
    "role": ("role", "ruolo", "rol", "rolle"),
    "order": ("order", "court order", "order number", "decision", "ruling", "case number", "ordine",
              "provvedimento", "ordinanza", "decisione", "ordonnance", "orden", "resolucion",
              "beschluss"),
    "by": ("stated by", "reported by", "reporter", "source", "provider", "fonte", "fuente",
           "quelle"),
}  # fmt: skip
"""A meaning, and the titles that have it."""
SUBJECTS = ("url", "stream", "domain", "address", "target", "exhibit")
"""Meanings of the columns of which a row needs one."""
_ZONE = re.compile(r"\b(?:utc|gmt|zulu)\b")
_SIGNS = re.compile(r"[\W_]+")
_MOST_TITLE = 200
_BY_TITLE = {title: meaning for meaning, titles in MEANINGS.items() for title in titles}


@lru_cache(maxsize=1 << 12)
def meaning_of(title: str) -> tuple[str | None, bool]:
    """Return what a title means, and whether it says that its times are in UTC.

    Examples
    --------
    >>> meaning_of("Indirizzo IP"), meaning_of("Valid_until (UTC)"), meaning_of("Lawyer")
    (('address', False), ('valid_until', True), (None, False))
    """
    if len(title) > _MOST_TITLE:
        return None, False
    letters = unicodedata.normalize("NFKD", title.casefold())
    plain = _SIGNS.sub(
        " ", "".join(letter for letter in letters if not unicodedata.combining(letter))
    )
    bare = _ZONE.sub(" ", plain)
    meaning = _BY_TITLE.get(" ".join(bare.split()))
    return meaning, bare != plain
