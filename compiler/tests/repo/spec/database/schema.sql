-- The tables of this small API.
CREATE TABLE users (
  id bigserial PRIMARY KEY,
  name text NOT NULL
);
CREATE TABLE user_events (
  user_id bigint NOT NULL REFERENCES users (id)
);
