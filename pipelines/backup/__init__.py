"""Backups: the warehouse, its models and its reports in a folder elsewhere, and back."""
