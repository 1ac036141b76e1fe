"""The replay: an operation of the lab, from the first statement to the regrowth."""
