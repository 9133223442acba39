-- Every check belongs to a decision, which says of which models on which clips.
SELECT gate_id, check_name FROM gate_checks ANTI JOIN gates USING (gate_id)
