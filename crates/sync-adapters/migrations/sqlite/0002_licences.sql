-- Licences that were used: the text, so that a later file that is not accepted does not end one early, and the latest time
-- (milliseconds since 1970) at which one was looked at, so that a clock that is set back does not prolong it. `taken` is the
-- count of distinct users over all instances; NULL after a change, until somebody counts anew.
CREATE TABLE licences (
    identity TEXT    NOT NULL PRIMARY KEY,
    text     TEXT    NOT NULL,
    latest   INTEGER NOT NULL,
    taken    INTEGER
) STRICT, WITHOUT ROWID;

-- Whom an instance needs seats for: `users` is a JSON list of PBX users, in order, and `taken` its length.
CREATE TABLE seats (
    instance TEXT    NOT NULL PRIMARY KEY REFERENCES leases (instance),
    pbx      TEXT    NOT NULL,
    licence  TEXT    NOT NULL REFERENCES licences (identity),
    taken    INTEGER NOT NULL,
    users    TEXT    NOT NULL
) STRICT;

CREATE INDEX seats_of_a_licence ON seats (licence, pbx, taken);
