"""Simulation: replay strategies of asking over a corpus whose labels are known."""
