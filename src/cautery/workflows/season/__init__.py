"""Seasons: each fixture of a mandate's calendars becomes a watch, a process of its own."""
