-- title: Noisy recordings
-- severity: warning
-- counts: clip
-- why: Near this ratio of signal to noise, trimming, models and people begin to lose speech.
-- do: Listen; record again, or keep the clips out of the test part.
SELECT clip_id, snr_db, level_dbfs, speaker, intended
FROM judged_clips
WHERE is_own AND snr_db < $snr_low_db
ORDER BY snr_db, clip_id
