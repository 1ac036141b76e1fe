"""The sentences of records, a file a subject; see :mod:`cautery.messages.catalogue`."""
