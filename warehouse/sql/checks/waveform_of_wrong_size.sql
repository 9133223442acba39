-- Each sample is two bytes.
SELECT clip_id, revision, samples, octet_length(pcm16) AS bytes
FROM waveforms
WHERE octet_length(pcm16) <> 2 * samples
