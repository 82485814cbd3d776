DROP FUNCTION install_roles();
ALTER FUNCTION install_roles_before_0030() RENAME TO install_roles;
DROP TABLE monthly_reports;
DROP TABLE job_runs;
