"""Hand a case over: a bag that others check and compute again without Cautery."""
