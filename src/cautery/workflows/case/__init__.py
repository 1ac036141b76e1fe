"""Open, write, report, close, restore and verify a case, and approve its referrals."""
