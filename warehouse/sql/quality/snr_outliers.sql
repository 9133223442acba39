-- title: Much noisier than the corpus
-- severity: note
-- counts: clip
-- why: A few noisy clips in a clean corpus come from another room, device or day.
-- do: Compare with their session; noise that goes with one class will be learned as that class.
WITH corpus_snr AS (
    SELECT
        corpus,
        median(snr_db) AS typical_db,
        greatest(mad(snr_db), $level_mad_floor_db) AS spread_db
    FROM judged_clips
    WHERE is_own
    GROUP BY corpus
)
SELECT
    clip_id,
    snr_db,
    typical_db,
    0.6745 * (snr_db - typical_db) / spread_db AS z,
    speaker,
    intended
FROM judged_clips
INNER JOIN corpus_snr USING (corpus)
WHERE is_own AND z < -$outlier_z
ORDER BY z, clip_id
