-- JSON as `wire::partner::filter` writes it; null lets every event of the types pass.
alter table endpoints add column filter text;
