"""A Label Studio of our own, installed, started and stopped; or one that runs already."""
