"""Find which streams come from which, and draw the map of the supply."""
