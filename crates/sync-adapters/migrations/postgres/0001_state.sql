-- The same tables as SQLite has, in which all text is compared byte by byte, as Rust does.

-- The version of this format.
CREATE TABLE state (version BIGINT NOT NULL);

-- Who may write for an instance. `fence` grows with each owner: a transaction under an older one is refused. `beat` grows
-- with each sign of life, and whoever waits watches it by a clock of its own. Without a holder the lease was given back.
-- `settings` names the settings that the holder has.
CREATE TABLE leases (
    instance TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    fence    BIGINT NOT NULL,
    beat     BIGINT NOT NULL,
    holder   TEXT   NOT NULL,
    node     TEXT   NOT NULL,
    settings TEXT
);

CREATE TABLE instances (
    pbx          TEXT COLLATE "C" NOT NULL,
    instance     TEXT COLLATE "C" NOT NULL REFERENCES leases (instance),
    mode         TEXT NOT NULL DEFAULT 'running',
    paused_until TEXT,
    refusals     TEXT,
    PRIMARY KEY (pbx, instance)
);

CREATE TABLE members (
    pbx           TEXT   COLLATE "C" NOT NULL,
    "user"        BIGINT NOT NULL,
    instance      TEXT   COLLATE "C" NOT NULL,
    login         TEXT   NOT NULL,
    dnd           TEXT   NOT NULL,
    chat          TEXT   NOT NULL,
    unknown_since TEXT,
    holding       BIGINT NOT NULL,
    paused        TEXT,
    PRIMARY KEY (pbx, "user"),
    FOREIGN KEY (pbx, instance) REFERENCES instances (pbx, instance)
);

CREATE INDEX members_of_an_instance ON members (instance, pbx);

CREATE TABLE licences (
    identity TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    text     TEXT   NOT NULL,
    latest   BIGINT NOT NULL,
    taken    BIGINT
);

CREATE TABLE seats (
    instance TEXT   COLLATE "C" NOT NULL PRIMARY KEY REFERENCES leases (instance),
    pbx      TEXT   COLLATE "C" NOT NULL,
    licence  TEXT   COLLATE "C" NOT NULL REFERENCES licences (identity),
    taken    BIGINT NOT NULL,
    users    TEXT   NOT NULL
);

CREATE INDEX seats_of_a_licence ON seats (licence, pbx, taken);

CREATE TABLE audit (
    at         BIGINT NOT NULL,
    instance   TEXT   COLLATE "C" NOT NULL,
    fence      BIGINT NOT NULL,
    number     BIGINT NOT NULL,
    pbx        TEXT   NOT NULL,
    "user"     BIGINT NOT NULL,
    from_value TEXT   NOT NULL,
    to_value   TEXT   NOT NULL,
    rule       TEXT,
    release    BIGINT NOT NULL,
    result     TEXT   NOT NULL,
    PRIMARY KEY (at, instance, fence, number)
);

CREATE TABLE sealed (
    name    TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    purpose TEXT   NOT NULL,
    number  BIGINT NOT NULL,
    key     TEXT   NOT NULL,
    sealed  BYTEA  NOT NULL
);

-- The name of the key that all daemons seal with: one row, once there is a key. It tells nothing of the key.
CREATE TABLE state_key (
    place TEXT NOT NULL PRIMARY KEY CHECK (place = 'here'),
    name  TEXT NOT NULL
);

CREATE TABLE settings_changes (
    number       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           BIGINT NOT NULL,
    who          TEXT   NOT NULL,
    from_address TEXT,
    changes      TEXT   NOT NULL
);

-- Which daemons draw on the presence quota of a tenant and an app, and when they last said so.
CREATE TABLE daemons (
    daemon TEXT        COLLATE "C" NOT NULL,
    tenant TEXT        COLLATE "C" NOT NULL,
    app    TEXT        COLLATE "C" NOT NULL,
    seen   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant, app, daemon)
);
