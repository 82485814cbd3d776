DROP MATERIALIZED VIEW mv_current_safety_status;
DROP MATERIALIZED VIEW mv_junction_stats;
DROP VIEW v_recent_cycles;
DROP VIEW v_user_permissions;
DROP VIEW v_junction_health;
DROP VIEW intersections;
DROP FUNCTION intersections_write();
DROP INDEX idx_intersections_geography, idx_intersections_geom_covering, idx_intersections_geometry;
ALTER TABLE junctions DROP COLUMN geometry;
