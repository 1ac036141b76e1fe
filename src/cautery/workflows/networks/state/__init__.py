"""Keep a clustering between runs: what later links add to it, and what it was at a date."""
