"""The map of a supply graph, as one HTML page and as a picture."""
