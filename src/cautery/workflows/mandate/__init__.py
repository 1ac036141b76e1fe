"""Read a mandate, check it whole, and check who signed it."""
