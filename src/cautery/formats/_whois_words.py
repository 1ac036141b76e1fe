"""How registries name what they say of a domain, in any dialect met."""

from __future__ import annotations

import re

_LABELS = {
    "domain": (
        "domain, domain name, nombre de dominio, dominio, domain_name, domainname, "
        "domain-name, ドメイン名, nom de domaine, nazwa domeny, complete domain name, ascii, "
        "puny name, query"
    ),
    "registrar": (
        "registrar, registrar name, registrar_name, sponsoring registrar, "
        "registration service provider, authorized agency, current registrar, "
        "current registar, registrar organization, agente registrador, registrador, "
        "registered through, registrar handle, registrar company, domain registrar, "
        "provider, authorised registrar, reseller / registrar, registrar of record, "
        "registrar-name, registrarname, registerd by, registered by, domain support, "
        "sponsoring registrar organization, last updated by registrar, created by registrar"
    ),
    "created": (
        "created, creation date, created on, create date, created date, registered, "
        "registered on, registered date, registration date, registration time, "
        "record created, record created on, date created, created at, domain created, "
        "domain created on, domain registered, activated, first registration date, "
        "domain record activated, activated on, date registered, date_registered, "
        "domain_dateregistered, commencement date, domain name commencement date, "
        "fecha de creacion, fecha de registro, date de creation, fecha de creación, "
        "registered since, domain create date, entry created, 登録年月日, "
        "domain registration date, date registration, registration, acivated, date_approved, "
        "created-date, date de création, domain creation date, creation, registration-date, "
        "create, registered at, registrationdate, "
        "data de registo / creation date (dd/mm/yyyy), data de registo, "
        "creation date (dd/mm/yyyy), relevant dates registered on, 接続年月日, record activated, "
        "domain record created, register date, domain date, reg-date, regdate"
    ),
    "changed": (
        "changed, modified, updated, updated date, last update, last updated, last modified, "
        "last updated on, last updated date, last-update, last-updated, update date, "
        "modification date, modified date, updated on, domain record last updated, "
        "record last updated, record last updated on, domain_datelastmodified, "
        "domain last updated date, domain last updated, last modified date, "
        "ultima actualizacion, última actualización, changed on, last changed, "
        "last edited on, 最終更新, updated-date, last modified on, date last modified, "
        "last-modified, domain last updated on, record modified on, last update date, "
        "record updated on, last updated at"
    ),
    "expires": (
        "expires, expires on, expire, expires at, expire date, expiry, expiry date, "
        "expiration, expiration date, expiration time, registry expiry date, "
        "registrar registration expiration date, record expires on, record will expire on, "
        "domain expires, domain expiration date, paid-till, renewal date, renewal, "
        "valid until, validity, valid-date, expiration-date, expire-date, expired, "
        "fecha de vencimiento, fecha de expiración, fecha de expiracion, exp date, "
        "domain currently expires, registered until, 有効期限, domain_datebilleduntil, "
        "date_renewal, status expires, expirationdate, registration expires, "
        "registry fee due on, domain expires on, date expired, "
        "data de expiração / expiration date (dd/mm/yyyy), data de expiração, valid to, "
        "renew date due, registration expiration date, expiration date (dd/mm/yyyy), "
        "expires-on, expdate, paid till"
    ),
    "status": (
        "status, state, domain status, domain state, registration status, query_status, "
        "domain_status, estatus del dominio, estado, estado / status, 状態, eppstatus, statut, "
        "domain name status, domain-status, registrar lock status, epp status"
    ),
    "nameserver": (
        "name server, name servers, nameserver, nameservers, nserver, domain servers, dns, "
        "hostname, host name, ネームサーバ, primary server, secondary server, "
        "name servers information, domain nameservers, domain servers in listed order, "
        "domain servers (in listed order), servidor(es) de nombres de dominio, dns servers, "
        "ns, servidores de nombre, name server (db), nameserver(s), nserver information, "
        "nameserver in listed order, servers de nom, ns 1, ns 2, ns 3, ns 4, "
        "primary name server, secondary name server, dns_name, primary-server;i, "
        "name server information, dns1, dns2, dns3, name server 1, name server 2"
    ),
    "registrant": (
        "registrant, registrant organization, registrant name, registrant email, owner, "
        "holder, registrant contact email, owner name, titular, registrant organisation, "
        "holder-c, owner-c, domain holder, domain owner, registrant contact name, 登録者名, org, "
        "owner contact, owner orgname"
    ),
}
FIELDS = {word.strip(): field for field, labels in _LABELS.items() for word in labels.split(",")}
"""What a key says, by its words in lower case."""

BREAKS = re.compile(
    r"^(?:registrant|owner|holder|domain holder|admin\w*|tech\w*|billing|contact|person|nic-hdl|"
    r"personname|owner|titular|zone)\b"
)
"""Keys and headings that open a contact: dates and statuses below are the contact's own."""

ABSENT = re.compile(
    r"(?im)\bno match\b|\bno[t_ ]{1,2}(?:data |entries |object |matching |such |information |se )?"
    r"(?:found|domain|record|objects?|available about|encontro)|\bno (?:data|entries|entry) |"
    r"\bno_se_encontro|\bno existe\b|\bobject_not_found|not been registered|\bnot registe?red\b|"
    r"\bdoes not exist|^\W{0,9}(?:\S{1,80} )?(?:is )?(?:free|available)\W{0,3}$|\bis available\b|"
    r"\bnothing found|\bnot known in\b|\bcould not find|\bdo not have an entry|"
    r"\bnot available in our|"
    r"^\W{0,4}status[ .:\t]{1,40}(?:free|available|not registered)|\bnot found\b|\b220 available"
)
"""How registries say that nobody has the name."""

MASKED = re.compile(
    r"(?i)redacted|privacy|whois\s?guard|not disclosed|data protected|withheld|proxy|gdpr|masked|"
    r"statutory|contact domain holder|identity protect|hidden|not displayed|private person"
)
"""Registrants that are thousands of registrants."""

MONTH_FIRST = frozenset(("tk", "ml", "ga", "cf", "gq", "us"))
DAY_FIRST = frozenset(
    ("bg", "dz", "es", "fr", "hk", "hm", "ie", "it", "ma", "nl", "pm", "pt", "re", "tf", "tn", "ug",
     "wf", "yt")
)  # fmt: skip
"""Top-level domains whose registries write 02/03/2020 this way, where no date of theirs tells."""


def words_of(key: str) -> str:
    """Return a key as the tables above have it: in lower case, without dots, in single spaces."""
    return " ".join(key.lower().replace("\u3000", " ").strip(" .\t*-").split())
