-- On SQLite the events of a tenant are filed late and many at once; see engine/filing.rs.
{filing tables};
