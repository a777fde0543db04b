-- Credentials that were refused (JSON), so that a restart does not present them again at once. They are named by a keyed hash.
ALTER TABLE instances ADD COLUMN refusals TEXT;
