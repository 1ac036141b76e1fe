"""Open, write, report, close, restore and verify a case, and approve what is to leave it."""
