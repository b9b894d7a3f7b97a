-- A signing key of a mailbox is text that no scheme can decode: both take its characters.
update endpoints set standard_key_mode = 'ascii' where mailbox_id is not null;
