"""When a model says that it is not sure, and how far that can be relied on."""
