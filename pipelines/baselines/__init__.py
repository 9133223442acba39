"""What models are told of one speaker, and whether it helps."""
