"""Make a network that learned of one corpus hear another one, whose labels nobody knows."""
