"""Bundles of recorded models: files that run elsewhere, proved equal, with a card."""
