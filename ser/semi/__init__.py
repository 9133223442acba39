"""Learn from clips without labels: what the network believes of them, for as long as it trains."""
