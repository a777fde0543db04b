-- Our own writes that took effect, oldest first: `at` is milliseconds since 1970. `fence` (of the lease) and `number` tell
-- entries apart, so that a transaction that is stored again doubles none. `from_value` and `to_value` are JSON. There is no
-- address here, and no presence.
CREATE TABLE audit (
    at         INTEGER NOT NULL,
    instance   TEXT    NOT NULL,
    fence      INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    pbx        TEXT    NOT NULL,
    user       INTEGER NOT NULL,
    from_value TEXT    NOT NULL,
    to_value   TEXT    NOT NULL,
    rule       TEXT,
    release    INTEGER NOT NULL,
    result     TEXT    NOT NULL,
    PRIMARY KEY (at, instance, fence, number)
) STRICT, WITHOUT ROWID;
