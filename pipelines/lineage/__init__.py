"""Where a model or a clip's label comes from, and what became of it."""
