"""What others see of a running serloop: lines in logs, metrics and the status page."""
