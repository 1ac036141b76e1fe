"""Read the sources of a watch when they are due: lists, pages, guides, portals, calendars."""
