"""The registry: which model is champion of a line, how it came to be, and how that changes."""
