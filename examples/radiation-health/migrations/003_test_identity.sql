-- A person and a device that do not exist: whoever checks that alerts are raised sends readings in their name. They are in no
-- list, sum or export. What a sender notes with a reading is told with its alert, so that a checker finds its own again.

alter table radiation_personnel add column is_test boolean not null default false;
alter table devices add column is_test boolean not null default false;

alter table dose_readings add column note text check (length(note) <= 200);

insert into radiation_personnel (badge, full_name, department, is_test)
values ('ZZ-0000', 'Test person', 'None', true);

insert into devices (serial, model, location, calibrated_on, is_test)
values ('TEST-0000', 'Test device', 'None', date '2026-01-05', true);
