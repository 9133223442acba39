"""Annotators: their accounts, how they fare, their own pages and what they are spared."""
