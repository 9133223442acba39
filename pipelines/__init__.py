"""Composition of serloop: stages, Prefect flows, command line, settings and reports."""
