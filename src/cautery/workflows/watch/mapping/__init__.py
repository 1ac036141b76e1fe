"""Map the hosts that a watch meets: their facts, marks and links."""
