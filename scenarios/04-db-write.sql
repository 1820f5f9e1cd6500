-- What 04-db-write asks of the database, for pgbench; the variables are the scenario's parameters.
\set draw random(1, 1000)
\set age random(18, 87)
\set number random(1, 9000000000000000000)
BEGIN;
\if :draw <= :update_share * 1000
\set id random(1, :hot_rows)
UPDATE users SET email = 'user' || :id || '@example.com', name = 'User ' || :number, age = :age, active = true WHERE id = :id
  RETURNING id, email, name, age, active, created_at;
INSERT INTO user_events (user_id, kind) VALUES (:id, 'replaced');
\else
INSERT INTO users (email, name, age, active) VALUES (:client_id || '.' || :number || '@example.org', 'User ' || :number, :age, true)
  RETURNING id, email, name, age, active, created_at \gset
INSERT INTO user_events (user_id, kind) VALUES (:id, 'created');
\endif
COMMIT;
