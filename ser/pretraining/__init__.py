"""Learn from clips without labels before training; import from the modules."""
