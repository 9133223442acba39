-- How far the members of an ensemble contradict each other about a clip; one model alone cannot say.
ALTER TABLE predictions ADD COLUMN disagreement DOUBLE;
