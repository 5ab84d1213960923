import type { Metrics } from "../metrics/registry.ts";
import type { PendingNotice } from "../model/history.ts";
import type { HeartbeatSettings } from "../model/watchdog.ts";
import { LATE_MS } from "../notify/cover.ts";
import type { Cycle, Cycles } from "./cycles.ts";
import type { Daemon } from "./daemon.ts";

const MAX_BODY_BYTES = 16 * 1024;

/** What a heartbeat is sent with. */
export interface HeartbeatParts {
  readonly daemon: Daemon;
  readonly settings: HeartbeatSettings;
  readonly cycles: Cycles;
  readonly metrics: Pick<Metrics, "onHeartbeat">;
}

/** One word to the outside: that rollwatch began, that it watches, or what keeps it from watching or telling. */
interface Word {
  readonly path: "/start" | "" | "/fail";
  readonly text: string;
}

/** Sends a heartbeat after completed cycles, until the signal aborts; a loop that stalls sends none. Holds nothing up: one at a time, each with a deadline. */
export function startHeartbeat(parts: HeartbeatParts, signal: AbortSignal): void {
  const { daemon, settings, cycles } = parts;
  const { clock } = daemon.world;
  let isSending = false;
  let sentAt = Number.NEGATIVE_INFINITY;

  async function send(word: Word): Promise<void> {
    isSending = true;
    await post(parts, word, signal);
    isSending = false;
  }

  void send({ path: "/start", text: `rollwatch watches ${daemon.config.application.name}` });
  cycles.onCycle((cycle) => {
    const now = clock.monotonic();
    if (isSending || signal.aborted || now - sentAt < settings.every) {
      return;
    }
    sentAt = now;
    void send(wordOf(cycle, daemon.journal.history().outbox, clock.now()));
  });
}

function wordOf(cycle: Cycle, outbox: readonly PendingNotice[], now: number): Word {
  if (cycle.kind === "blind") {
    return { path: "/fail", text: cycle.reason };
  }
  const late = outbox.filter(
    ({ notice }) => notice.urgency === "page" && now - notice.at >= LATE_MS,
  );
  const channels = new Set(late.flatMap(({ waiting }) => waiting.map(({ channel }) => channel)));
  return late.length === 0
    ? { path: "", text: "watching" }
    : {
        path: "/fail",
        text: `${late.length} pages have not arrived: ${[...channels].join(", ")}`,
      };
}

/** Never rejects: what could not be sent is counted, and the silence is what it says. */
async function post(
  { daemon, settings, metrics }: HeartbeatParts,
  { path, text }: Word,
  signal: AbortSignal,
): Promise<void> {
  const { http } = daemon.world;
  const request = {
    url: addressOf(settings.url, path),
    method: "POST",
    body: text,
    timeoutMs: settings.timeout,
    maxBodyBytes: MAX_BODY_BYTES,
    headers: { "content-type": "text/plain; charset=utf-8" },
  } as const;
  try {
    const answer = await http.ask(request, signal);
    const isTaken = answer.kind === "answered" && answer.status >= 200 && answer.status < 300;
    metrics.onHeartbeat(isTaken ? "sent" : "failed");
    if (!isTaken) {
      const why = answer.kind === "answered" ? `HTTP ${answer.status}` : answer.reason;
      daemon.log.warn({ why }, "the heartbeat was not taken");
    }
  } catch {
    // Nothing of the error is told: it may hold the address.
    if (!signal.aborted) {
      metrics.onHeartbeat("failed");
      daemon.log.warn("the heartbeat could not be sent");
    }
  }
}

function addressOf(url: string, path: Word["path"]): string {
  const address = new URL(url);
  address.pathname = path === "" ? address.pathname : address.pathname.replace(/\/?$/u, path);
  return address.href;
}
