-- What 03-db-read asks of the database, for pgbench; the variables are the scenario's parameters.
\set draw random(1, 1000)
\if :draw <= :list_share * 1000
\set first random(0, 10000 - :page_size)
SELECT id, email, name, age, active, created_at FROM users ORDER BY id LIMIT :page_size OFFSET :first;
\else
\set id random(1, 10000)
SELECT id, email, name, age, active, created_at FROM users WHERE id = :id;
\endif
