DROP TABLE controller_lease_history;
DROP TABLE controller_leases;
DROP FUNCTION controller_lease_changed();
DROP TABLE controllers;
