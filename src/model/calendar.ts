import { z } from "zod";

/** The hours that the runbook tells apart: who is there differs. A holiday is a weekend. */
export const HOURS = ["business", "after-hours", "weekend"] as const;
export type Hours = (typeof HOURS)[number];

/** In the order of `Date.getUTCDay`. */
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** A day as people write it, such as `2026-12-25`, that is in the calendar. */
export const Day = z.iso.date("expected a day such as 2026-12-25");

/** A time of day, such as `08:30`; as texts they sort as they pass. */
export const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/u, {
  error: "expected a time of day such as 08:30",
  abort: true,
});

/** When the team is at work. */
export const CalendarSettings = z
  .strictObject({
    /** The zone that all its times are in, such as `Europe/Berlin`. */
    timeZone: z.string().refine(isZone, "expected a time zone such as Europe/Berlin"),
    /** The days of work. Default mon to fri. */
    days: z.array(z.enum(DAYS)).min(1).default(["mon", "tue", "wed", "thu", "fri"]),
    /** When the business hours begin. Default 09:00. */
    from: TimeOfDay.default("09:00"),
    /** When they end, on the same day. Default 17:00. */
    to: TimeOfDay.default("17:00"),
    /** Days that are like a weekend. Default none. */
    holidays: z.array(Day).default([]),
  })
  .refine(({ from, to }) => from < to, {
    path: ["to"],
    message: "expected a time after people.calendar.from",
  });
export type CalendarSettings = z.infer<typeof CalendarSettings>;

/** A moment as a clock on the team's wall shows it. */
export interface LocalTime {
  /** Such as `2026-12-25`. */
  readonly day: string;
  /** Such as `08:30`. */
  readonly time: string;
}

/** Which hours a moment (ms since the epoch) belongs to. */
export function hoursAt(calendar: CalendarSettings, at: number): Hours {
  const { day, time } = localTime(calendar, at);
  const weekday = DAYS[new Date(`${day}T00:00Z`).getUTCDay()];
  if (
    weekday === undefined ||
    !calendar.days.includes(weekday) ||
    calendar.holidays.includes(day)
  ) {
    return "weekend";
  }
  return time >= calendar.from && time < calendar.to ? "business" : "after-hours";
}

/** The first moment of business hours from `at` on; `at` itself while there are none for a year, so that nothing waits for ever. */
export function nextBusiness(calendar: CalendarSettings, at: number): number {
  if (hoursAt(calendar, at) === "business") {
    return at;
  }
  // Zones differ from UTC by whole quarters of an hour: the hours begin at one of these moments.
  const whole = Math.ceil(at / MINUTE) * MINUTE;
  const ahead = minutesOf(calendar.from) - minutesOf(localTime(calendar, whole).time);
  const first = whole + (((ahead % QUARTER) + QUARTER) % QUARTER) * MINUTE;
  for (let turn = 0; turn < QUARTERS_OF_A_YEAR; turn += 1) {
    const moment = first + turn * QUARTER * MINUTE;
    if (hoursAt(calendar, moment) === "business") {
      return moment;
    }
  }
  return at;
}

/** Day and time in the calendar's zone. */
export function localTime({ timeZone }: Pick<CalendarSettings, "timeZone">, at: number): LocalTime {
  const [day = "", time = ""] = formatOf(timeZone).format(at).split(", ");
  return { day, time };
}

/** Whole days from one to the other, without a thought of clocks that are put forward. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00Z`) - Date.parse(`${from}T00:00Z`)) / DAY);
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const QUARTER = 15;
const QUARTERS_OF_A_YEAR = 366 * 24 * 4;

const formats = new Map<string, Intl.DateTimeFormat>();

/** `2026-12-25, 08:30`; making one is slow, and there are few zones. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) {
    return known;
  }
  const made = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  formats.set(timeZone, made);
  return made;
}

function isZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}
