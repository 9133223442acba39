-- Values are (frames, bands), row by row.
SELECT clip_id, revision, feature_set, frames, bands, len("values") AS stored
FROM features
WHERE len("values") <> frames * bands
