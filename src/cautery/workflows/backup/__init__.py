"""Backups of all cases of a folder or of a server, with the people of their room."""
