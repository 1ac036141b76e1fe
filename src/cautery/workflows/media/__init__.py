"""Fetch media: the segments of a stream, and the feeds of references as they go on."""
