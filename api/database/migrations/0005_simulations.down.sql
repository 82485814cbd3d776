DROP TABLE recordings;
DROP TABLE emergency_events;
DROP TABLE performance_metrics;
DROP TABLE traffic_data;
DROP TABLE signal_states;
DROP TABLE simulations;
DROP FUNCTION fill_junction_of_external_id();
