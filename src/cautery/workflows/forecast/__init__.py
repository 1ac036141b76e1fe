"""Say what comes next, from a series and a calendar, and what must be ready for it."""
