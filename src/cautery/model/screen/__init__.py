"""Personal data in a text of strangers, replaced by keyed hashes before the text goes anywhere.

A title may hold an e-mail address, a telephone number, an IP, a MAC, a login, a card or an IBAN:
plainly, in a URL's or a page's spelling, in Base64, spelt out (``anna (at) mail . com``) or with
characters that nobody sees. What is recognised and what slips through is told in
docs/explanation/personal-data.md, with the rates that bench/watch/screen.py measures. Every
pattern takes time that is linear in the text.

>>> from cautery.model.pseudonyms import KeyedPseudonyms
>>> from cautery.model.screen import finds_personal, screened
>>> finds_personal("Renew: anna@mail.example"), finds_personal("Sky Sports 1080p")
(True, False)
>>> screened("Renew: anna@mail.example", KeyedPseudonyms(b"k"))
'Renew: ~f44e2cd21b3398f7'
"""

from cautery.model.screen.logins import NAMES
from cautery.model.screen.screening import (
    Kind,
    finds_personal,
    screened,
    without_pseudonyms,
)

__all__ = ["NAMES", "Kind", "finds_personal", "screened", "without_pseudonyms"]
