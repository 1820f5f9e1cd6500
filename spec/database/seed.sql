-- 10,000 users that are the same on every machine: no clock, no chance, ids 1 to 10000.
INSERT INTO users (id, email, name, age, active, created_at)
SELECT n,
       'user' || n || '@example.com',
       initcap(substr(md5('given' || n), 1, 8)) || ' ' || initcap(substr(md5('family' || n), 1, 10)),
       18 + (n * 7919) % 70,
       n % 5 <> 0,
       timestamptz '2026-01-01 00:00:00+00' + n * interval '61 seconds'
FROM generate_series(1, 10000) AS n;

ALTER TABLE users ALTER COLUMN id RESTART WITH 10001;
ANALYZE users;
ANALYZE user_events;
