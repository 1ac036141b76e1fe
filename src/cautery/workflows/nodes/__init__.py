"""What a node does: it says that it is there, looks and hears for watches, and ends in order."""
