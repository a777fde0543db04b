-- Small secrets that outlive the process, such as the token of a sign-in. `sealed` is encrypted, and so that it can be said
-- whether another key did it, `key` names the key without telling anything of it. The number grows with each change: whoever
-- replaces a secret says which one it knows, so that nobody overwrites what came later.
CREATE TABLE sealed (
    name    TEXT    NOT NULL PRIMARY KEY,
    purpose TEXT    NOT NULL,
    number  INTEGER NOT NULL,
    key     TEXT    NOT NULL,
    sealed  BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
