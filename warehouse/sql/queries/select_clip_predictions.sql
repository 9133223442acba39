-- What every model said of one clip.
SELECT * FROM predictions WHERE clip_id = $clip_id ORDER BY model_id
