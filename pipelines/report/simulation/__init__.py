"""The page of a simulation: what each strategy needs, and how sure that is."""
