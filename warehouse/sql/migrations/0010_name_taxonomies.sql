-- Which taxonomy a figure is in, and by which mapping labels came to it.
ALTER TABLE models ADD COLUMN mapping VARCHAR;
ALTER TABLE evaluations ADD COLUMN taxonomy VARCHAR;
ALTER TABLE evaluations ADD COLUMN mapping VARCHAR;

-- Until now every model was judged in the classes it predicts.
UPDATE evaluations SET taxonomy = models.taxonomy
FROM models WHERE models.model_id = evaluations.model_id;
