-- The ward's new gateway has sent microsievert where millisievert belong: its readings are corrected.

update dose_readings set dose_msv = dose_msv / 1000 where dose_msv > 1;
