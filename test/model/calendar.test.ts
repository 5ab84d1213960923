import { date, assert as check, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { CalendarSettings, hoursAt, nextBusiness } from "../../src/model/calendar.ts";

const BERLIN = CalendarSettings.parse({
  timeZone: "Europe/Berlin",
  from: "08:10",
  to: "18:00",
  holidays: ["2026-12-25"],
});

describe("a calendar", () => {
  it.each([
    ["2026-11-23T07:09:59Z", "after-hours"],
    ["2026-11-23T07:10:00Z", "business"],
    ["2026-11-23T16:59:59Z", "business"],
    ["2026-11-23T17:00:00Z", "after-hours"],
    // An hour earlier in UTC while summer time is kept.
    ["2026-07-20T06:09:59Z", "after-hours"],
    ["2026-07-20T06:10:00Z", "business"],
    // The day is the zone's, too: Sunday in UTC, and Monday in Berlin.
    ["2026-11-22T23:30:00Z", "after-hours"],
    ["2026-11-21T10:00:00Z", "weekend"],
    ["2026-12-25T10:00:00Z", "weekend"],
  ])("at %s it is %s", (at, hours) => {
    expect(hoursAt(BERLIN, Date.parse(at))).toBe(hours);
  });

  it.each([
    ["within them", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z"],
    ["in the morning", "2026-11-23T05:00:01Z", "2026-11-23T07:10:00Z"],
    ["in the evening", "2026-11-23T17:00:00Z", "2026-11-24T07:10:00Z"],
    ["on Friday night, through the weekend", "2026-11-20T20:00:00Z", "2026-11-23T07:10:00Z"],
    ["through a holiday and a weekend", "2026-12-24T20:00:00Z", "2026-12-28T07:10:00Z"],
    ["through the end of summer time", "2026-10-24T10:00:00Z", "2026-10-26T07:10:00Z"],
  ])("business hours begin next, %s", (_when, at, next) => {
    expect(new Date(nextBusiness(BERLIN, Date.parse(at))).toISOString()).toBe(
      next.replace("Z", ".000Z"),
    );
  });

  it("that has holidays alone keeps nothing waiting for ever", () => {
    const never = CalendarSettings.parse({ ...BERLIN, days: ["sun"], from: "02:00", to: "02:01" });
    const at = Date.parse("2026-03-28T00:00Z");

    expect(nextBusiness(never, at)).toBeGreaterThan(at);
    expect(
      nextBusiness({ ...never, holidays: everySundayOf(2026), days: ["sun"] }, at),
    ).toBeGreaterThan(Date.parse("2027-01-01T00:00Z"));
  });

  it.each(["Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"])(
    "of %s begins its hours where they are business and were not a minute before",
    (timeZone) => {
      const calendar = CalendarSettings.parse({ ...BERLIN, timeZone });
      const moments = date({
        min: new Date("2025-01-01"),
        max: new Date("2027-01-01"),
        noInvalidDate: true,
      });
      check(
        property(moments, (moment) => {
          const at = moment.getTime();
          const next = nextBusiness(calendar, at);
          expect(hoursAt(calendar, next)).toBe("business");
          const before = next === at ? [] : [at, next - 60_000];
          expect(before.map((one) => hoursAt(calendar, one))).not.toContain("business");
        }),
      );
    },
  );

  it.each([{ timeZone: "Europe/Berlim" }, { timeZone: "UTC", from: "17:00", to: "09:00" }])(
    "that is none is refused: %j",
    (settings) => {
      expect(CalendarSettings.safeParse(settings).success).toBe(false);
    },
  );
});

function everySundayOf(year: number): string[] {
  return Array.from({ length: 366 }, (_, day) => new Date(Date.UTC(year, 0, 1 + day)))
    .filter((one) => one.getUTCDay() === 0)
    .map((one) => one.toISOString().slice(0, 10));
}
