import { describe, expect, it } from "vitest";
import { serviceManagerOf } from "../../src/config/service-manager.ts";

describe("what systemd tells rollwatch about itself", () => {
  it.each([
    // pm2, or a shell.
    [{}, undefined],
    [{ NOTIFY_SOCKET: "" }, undefined],
    [{ WATCHDOG_USEC: "1000000" }, undefined],
    // A service without WatchdogSec.
    [{ NOTIFY_SOCKET: "/run/n" }, { socket: "/run/n" }],
    [
      { NOTIFY_SOCKET: "@n", WATCHDOG_USEC: "60000000" },
      { socket: "@n", watchdogMs: 60_000 },
    ],
    [
      { NOTIFY_SOCKET: "@n", WATCHDOG_USEC: "60000000", WATCHDOG_PID: "7" },
      { socket: "@n", watchdogMs: 60_000 },
    ],
    // Another process is to feed it.
    [{ NOTIFY_SOCKET: "@n", WATCHDOG_USEC: "60000000", WATCHDOG_PID: "8" }, { socket: "@n" }],
    [{ NOTIFY_SOCKET: "@n", WATCHDOG_USEC: "soon" }, { socket: "@n" }],
  ])("reads %j as %j", (environment, expected) => {
    expect(serviceManagerOf(environment, 7)).toEqual(expected);
  });
});
