"""From asks to tasks that annotators find in Label Studio, each of them once."""
