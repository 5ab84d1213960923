import { describe, expect, it } from "vitest";
import { type AccessLine, readCombined, readJson } from "../../src/observe/access-line.ts";

const COMBINED =
  '203.0.113.7 - ann [22/Nov/2026:12:00:00 +0000] "GET /api/readings?limit=10 HTTP/1.1" 502 157 "https://example.test/a" "Mozilla/5.0 (X11)"';

function requestOf(line: AccessLine): object | string {
  return line.kind === "request" ? line.request : line.kind;
}

describe("a line of an access log in the combined format", () => {
  it("tells status, route, address and user agent", () => {
    expect(requestOf(readCombined(COMBINED, false))).toEqual({
      status: 502,
      route: "/api/readings",
      address: "203.0.113.7",
      userAgent: "Mozilla/5.0 (X11)",
      seconds: undefined,
    });
  });

  it.each([
    // nginx: '... "$http_user_agent" $request_time'
    [`${COMBINED} 0.523`, 0.523],
    // with names, and more behind
    [`${COMBINED} rt=1.250 uct="0.001"`, 1.25],
    [`${COMBINED} "0.004"`, 0.004],
    // a user agent that tries to bring a time of its own
    [`${COMBINED.replace("Mozilla/5.0 (X11)", String.raw`x\" 99.0`)} 0.100`, 0.1],
  ])("with its seconds, of %s", (line, seconds) => {
    expect(requestOf(readCombined(line, true))).toMatchObject({ seconds });
  });

  it.each([
    // the common format has no user agent
    '127.0.0.1 - - [22/Nov/2026:12:00:00 +0000] "GET / HTTP/1.0" 200 -',
    // a TLS handshake sent to a plain port
    String.raw`198.51.100.1 - - [22/Nov/2026:12:00:00 +0000] "\x16\x03\x01\x00" 400 157 "-" "-"`,
    '198.51.100.1 - - [22/Nov/2026:12:00:00 +0000] "" 400 0 "-" "-"',
    '2001:db8::1 - - [22/Nov/2026:12:00:00 +0000] "GET / HTTP/2.0" 200 5 "-" "-"',
  ])("is read too: %s", (line) => {
    expect(readCombined(line, false).kind).toBe("request");
  });

  it.each([
    "",
    "Listening on port 3000",
    COMBINED.slice(0, 60),
    `203.0.113.7 - - [22/Nov/2026:12:00:00 +0000] "GET /${"a".repeat(40_000)} HTTP/1.1" 200 1 "-" "-"`,
    '\uFFFD\uFFFD\u0000\u0001 - - [] "" 200 1',
  ])("is not: %.60s", (line) => {
    expect(readCombined(line, false)).toEqual({ kind: "unreadable" });
  });

  it("without its seconds is not of the timed format", () => {
    expect(readCombined(COMBINED, true)).toEqual({ kind: "unreadable" });
  });

  it("that was made to take long is given up soon", () => {
    const hostile = `1 - ${"[".repeat(15_000)}${'\\"'.repeat(8000)}`;

    const before = performance.now();
    readCombined(hostile, true);

    expect(performance.now() - before).toBeLessThan(1000);
  });
});

describe("a line of JSON", () => {
  it.each([
    [
      "pino-http",
      {
        level: 30,
        req: {
          method: "GET",
          url: "/api/health?x=1",
          headers: { "user-agent": "curl/8" },
          remoteAddress: "::1",
        },
        res: { statusCode: 200 },
        responseTime: 12,
        msg: "request completed",
      },
      { status: 200, route: "/api/health", seconds: 0.012, userAgent: "curl/8", address: "::1" },
    ],
    [
      "nginx",
      {
        remote_addr: "203.0.113.7",
        request: "POST /a?b HTTP/1.1",
        status: "503",
        request_time: "0.250",
        http_user_agent: "x",
      },
      { status: 503, route: "/a", seconds: 0.25, userAgent: "x", address: "203.0.113.7" },
    ],
    [
      "morgan",
      { method: "GET", url: "/", status: "404", "response-time": "3.145", "user-agent": "y" },
      { status: 404, route: "/", seconds: 0.003145, userAgent: "y" },
    ],
    [
      "Caddy",
      {
        request: { remote_ip: "192.0.2.1", uri: "/p", headers: { "User-Agent": ["z"] } },
        status: 200,
        duration: 0.5,
      },
      { status: 200, route: "/p", seconds: 0.5, userAgent: "z", address: "192.0.2.1" },
    ],
  ])("of %s is found by trial", (_of, line, request) => {
    const read = requestOf(readJson(JSON.stringify(line), {}));

    expect(read).toMatchObject({ ...request, seconds: expect.closeTo(request.seconds, 9) });
  });

  it("is read by the names that it was given", () => {
    const line = JSON.stringify({ http: { code: 500, took_us: 1500, p: "/x" }, status: 200 });
    const fields = {
      status: "http.code",
      duration: "http.took_us",
      durationUnit: "us",
      route: "http.p",
    } as const;

    expect(requestOf(readJson(line, fields))).toMatchObject({
      status: 500,
      seconds: 0.0015,
      route: "/x",
    });
  });

  it.each([
    // an application's own words
    '{"level":50,"msg":"upstream answered","status":500}',
    '{"level":30,"msg":"listening"}',
    '{"req":{"url":"/"},"res":{"statusCode":null}}',
    '{"url":"/","status":1e400}',
    '{"url":"/","status":7}',
    '{"__proto__":{"status":500,"url":"/"}}',
    "[]",
  ])("without a request is something else: %s", (line) => {
    expect(readJson(line, {})).toEqual({ kind: "other" });
  });

  it.each(["    at Object.<anonymous> (/srv/app.js:1:1)", '{"status":500,"url":"/"', "5", ""])(
    "is unreadable: %s",
    (line) => {
      expect(readJson(line, {})).toEqual({ kind: "unreadable" });
    },
  );
});
