-- Every ask is about a clip people can hear.
SELECT ask_id, clip_id FROM asks ANTI JOIN clips USING (clip_id)
