-- The current clips with what quality is judged by, made once and read by every finding.
-- Clips of other corpora are kept, because a finding may cross corpora; `is_own` marks those asked
-- about. A level or a ratio that is not finite was not measured.
CREATE OR REPLACE TEMP TABLE judged_clips AS
SELECT
    clip_id,
    revision,
    corpus,
    path,
    coalesce(corpus || '/' || recording, clip_id) AS source,
    audio_sha256,
    speaker,
    gender,
    language,
    sentence,
    intended,
    concat_ws(' ', source_format, source_rate, 'Hz,', source_channels, 'ch') AS source_format,
    speech_end_s - speech_start_s AS speech_s,
    CASE WHEN isfinite(level_dbfs) THEN level_dbfs END AS level_dbfs,
    CASE WHEN isfinite(snr_db) THEN snr_db END AS snr_db,
    clipped_fraction,
    flags,
    $corpus IS NULL OR corpus = $corpus AS is_own
FROM current_clips
