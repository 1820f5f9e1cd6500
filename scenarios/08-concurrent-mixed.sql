-- What 08-concurrent-mixed asks of the database, for pgbench; the variables are the scenario's parameters.
\set draw random(1, greatest(1, :list_weight + :get_weight + :create_weight + :replace_weight))
\set age random(18, 87)
\set number random(1, 9000000000000000000)
\if :draw <= :list_weight
\set first random(0, 10000 - 20)
SELECT id, email, name, age, active, created_at FROM users ORDER BY id LIMIT 20 OFFSET :first;
\elif :draw <= :list_weight + :get_weight
\set id random(1, 10000)
SELECT id, email, name, age, active, created_at FROM users WHERE id = :id;
\elif :draw <= :list_weight + :get_weight + :create_weight
BEGIN;
INSERT INTO users (email, name, age, active) VALUES (:client_id || '.' || :number || '@example.org', 'User ' || :number, :age, true)
  RETURNING id, email, name, age, active, created_at \gset
INSERT INTO user_events (user_id, kind) VALUES (:id, 'created');
COMMIT;
\elif :draw <= :list_weight + :get_weight + :create_weight + :replace_weight
\set id random(1, 10000)
BEGIN;
UPDATE users SET email = 'user' || :id || '@example.com', name = 'User ' || :number, age = :age, active = true WHERE id = :id
  RETURNING id, email, name, age, active, created_at;
INSERT INTO user_events (user_id, kind) VALUES (:id, 'replaced');
COMMIT;
\endif
