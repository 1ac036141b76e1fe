"""Operation: agencies and what they share, deconfliction, the action day, seizures, money."""
