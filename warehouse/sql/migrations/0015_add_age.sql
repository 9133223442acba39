-- How old the speaker was, in years, so that models can be judged by age. Of what was ingested
-- before it stays unknown.
ALTER TABLE clips ADD COLUMN age DOUBLE;
