"""Stages that make models smaller: distillation, pruning, quantisation, and their table."""
