"""Plan what to act on in a graph or on the map of a case."""
