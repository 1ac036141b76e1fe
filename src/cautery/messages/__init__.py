"""Every sentence that people read, once, and in the language that they read.

A record holds a :class:`~cautery.model.message.Message`: an id of the catalogue and values. A page
holds English text inside :func:`tr`. Both go through gettext, so a further language is one file:
``locale/<language>/LC_MESSAGES/cautery.po``, made from ``cautery.pot``.

>>> from cautery.messages import message, say
>>> say(message("watch.waits", window_at="2026-11-28T19:00:00.000000Z"))
'the watch waits for the window of its mandate, which opens at 2026-11-28 19:00:00 UTC'
"""

from cautery.messages.catalogue import TEXTS, message, term
from cautery.messages.language import gettext as text_of
from cautery.messages.language import in_language, language, languages, tr, tr_n
from cautery.messages.saying import say, word

__all__ = [
    "TEXTS",
    "in_language",
    "language",
    "languages",
    "message",
    "say",
    "term",
    "text_of",
    "tr",
    "tr_n",
    "word",
]
