import type { Config } from "../config/schema.ts";
import type { GuardOutside, GuardReading } from "../model/deployment-guard.ts";
import { assertNever } from "../model/assert-never.ts";
import { address } from "../notify/route.ts";
import { openClock } from "../system/clock.ts";
import { type Answer, openHttp } from "../system/http.ts";
import { openIds } from "../system/ids.ts";
import { openLog } from "../system/log.ts";
import { channelsOf } from "./loops.ts";

const MAX_BODY_BYTES = 1024 * 1024;
const SEND_MS = 10_000;
const STDOUT = 1;

/** The probe and the channels of a guard: of the daemon it needs nothing. */
export function openGuardOutside(config: Config): GuardOutside {
  const clock = openClock();
  const http = openHttp(clock);
  const ids = openIds();
  const log = openLog({ level: "silent", secrets: config.secrets, fd: STDOUT });
  const channels = channelsOf({ config, log, world: { clock } });
  const { timeout } = config.watchdog.guard;
  return {
    probe: async (url, signal) =>
      readingOf(await http.ask({ url, timeoutMs: timeout, maxBodyBytes: MAX_BODY_BYTES }, signal)),
    page: async (title, text, signal) => {
      const at = clock.now();
      const id = ids.next("notice", at);
      const draft = { dedupKey: id, reason: "deployment-guard", incident: null } as const;
      const made = { id, at };
      const notice = address({ ...draft, title, text }, config.notify.routes, config.people, made);
      const wanted = channels.filter(({ name }) => notice.channels.includes(name));
      const sent = await Promise.all(
        wanted.map(async (channel) =>
          channel.send(notice, clock.deadline(SEND_MS, signal)).then(
            ({ kind }) => kind === "delivered",
            () => false,
          ),
        ),
      );
      return sent.filter(Boolean).length;
    },
  };
}

/** That the guard's own host has no way out, or is told to ask less, says nothing about the application. */
function readingOf(answer: Answer): GuardReading {
  switch (answer.kind) {
    case "local":
      return { kind: "unknown", detail: answer.detail };
    case "failed":
      return { kind: "bad", detail: answer.detail };
    case "answered": {
      const detail = `it answered ${answer.status}`;
      if (answer.status === 429) {
        return { kind: "unknown", detail };
      }
      return answer.status < 400 ? { kind: "good" } : { kind: "bad", detail };
    }
    default:
      return assertNever(answer);
  }
}
