"""The replay: an operation of the lab told from the first statement to what grew back."""
