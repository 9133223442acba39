"""Networks that classify speech; import them from their modules, which need torch."""
