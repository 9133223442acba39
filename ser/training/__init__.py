"""Splits, losses and the training loop; import them from their modules."""
