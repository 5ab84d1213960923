-- A note of the people on duty beside each alert. Purely additive: v1.4.0 does not notice it.

alter table alerts add column if not exists note text;
