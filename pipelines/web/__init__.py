"""What the servers share: how they listen and end, and what is noted of their requests."""
