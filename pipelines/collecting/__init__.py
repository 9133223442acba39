"""From answers that people gave in Label Studio to votes in the ledger, each of them once."""
