"""The sheet of key figures: from the records of one case or of many."""
