"""Look things up in cases, for the pages of the operations room. Nothing is written or locked."""
