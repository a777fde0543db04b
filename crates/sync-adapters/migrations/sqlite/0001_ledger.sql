-- Who may write for an instance. The number grows with each owner; a transaction under an older one is refused.
CREATE TABLE leases (
    instance TEXT    NOT NULL PRIMARY KEY,
    fence    INTEGER NOT NULL,
    holder   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- An instance at one PBX: rows of another PBX are never mixed with them.
CREATE TABLE instances (
    pbx      TEXT    NOT NULL,
    instance TEXT    NOT NULL REFERENCES leases (instance),
    mode     TEXT    NOT NULL DEFAULT 'running',
    PRIMARY KEY (pbx, instance)
) STRICT, WITHOUT ROWID;

-- A PBX user belongs to one instance: `instance` is the claim. `dnd` and `chat` are JSON; `holding` says whether one of
-- them holds a value of ours, or may.
CREATE TABLE members (
    pbx           TEXT    NOT NULL,
    user          INTEGER NOT NULL,
    instance      TEXT    NOT NULL,
    login         TEXT    NOT NULL,
    dnd           TEXT    NOT NULL,
    chat          TEXT    NOT NULL,
    unknown_since TEXT,
    holding       INTEGER NOT NULL,
    PRIMARY KEY (pbx, user),
    FOREIGN KEY (pbx, instance) REFERENCES instances (pbx, instance)
) STRICT, WITHOUT ROWID;
