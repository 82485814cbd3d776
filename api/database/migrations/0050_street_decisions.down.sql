DROP FUNCTION install_roles();
ALTER FUNCTION install_roles_0049() RENAME TO install_roles;
DROP FUNCTION delete_old_street_decisions(TIMESTAMPTZ);
DROP TABLE street_decisions;
