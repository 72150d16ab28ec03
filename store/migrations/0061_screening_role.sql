-- The role of what screens on request, beside the API: it reads lists, writes screenings with their decisions, and no more.
-- After 0050, which makes the table of decisions anew.

GRANT USAGE ON SCHEMA public TO clearance_screening;
GRANT SELECT ON tenant, customer, watchlist_version, watchlist_entity, watchlist_check, watchlist_fetch, screening_basis,
    cleared_hit TO clearance_screening;
GRANT SELECT, INSERT ON subject, model, feature_list, decision, decision_key, leaf, watchlist_state, screening,
    screening_hit TO clearance_screening;
GRANT INSERT ON leaf_pending TO clearance_screening;
