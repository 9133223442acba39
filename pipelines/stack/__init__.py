"""All services on one machine, supervised: Prefect's server and worker, Label Studio, gateway."""
