"""The data-quality page: findings with evidence, and what each corpus looks like."""
