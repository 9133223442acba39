"""The gate: what a model must show before it replaces the champion."""
