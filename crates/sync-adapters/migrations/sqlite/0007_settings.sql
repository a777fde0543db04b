-- Changes of the settings, in their order: `at` is milliseconds since 1970, `who` changed them from which address, and
-- `changes` is JSON: the keys with what they said before and say now. Of a secret it holds only that there is another one.
CREATE TABLE settings_changes (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    who          TEXT    NOT NULL,
    from_address TEXT,
    changes      TEXT    NOT NULL
) STRICT;
