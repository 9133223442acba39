"""Whether clips that come in are still like those a model learned from."""
