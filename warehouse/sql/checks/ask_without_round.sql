-- Every ask belongs to a round.
SELECT ask_id, round_id FROM asks ANTI JOIN rounds USING (round_id)
