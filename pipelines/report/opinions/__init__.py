"""The opinions page: who votes how well, what is confused, how agreement moves, what to hear."""
