"""What runs by itself: deployments on a Prefect server, and when a round is due."""
