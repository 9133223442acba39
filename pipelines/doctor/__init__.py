"""Doctor: find out what is missing or broken before a run does, and say what to do about it."""
