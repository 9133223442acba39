"""Sound and words judged together: networks, training and predictions of fusion."""
