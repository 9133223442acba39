"""The parts of a round's report, each read from the warehouse into records of the page."""
