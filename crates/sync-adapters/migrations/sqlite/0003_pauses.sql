-- When a pause of an instance ends by itself, and the pause of a member (JSON).
ALTER TABLE instances ADD COLUMN paused_until TEXT;
ALTER TABLE members ADD COLUMN paused TEXT;
