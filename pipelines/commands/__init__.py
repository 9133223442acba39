"""One file per verb: read the arguments, run a stage, show its result."""
