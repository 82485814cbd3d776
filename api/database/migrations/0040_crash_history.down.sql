DROP FUNCTION install_roles();
ALTER FUNCTION install_roles_0039() RENAME TO install_roles;
DROP TRIGGER normalization_constants_frozen ON normalization_constants;
DROP FUNCTION normalization_constants_frozen();
DROP TABLE crash_indices;
DROP TABLE crash_histories;
