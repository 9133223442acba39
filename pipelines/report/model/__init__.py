"""The page of one model: how it learned, and what it confuses."""
