-- The speech span lies inside the source; a millisecond is allowed for rounding.
SELECT clip_id, revision, speech_start_s, speech_end_s, duration_s
FROM clips
WHERE NOT (0 <= speech_start_s AND speech_start_s < speech_end_s
    AND speech_end_s <= duration_s + 0.001)
