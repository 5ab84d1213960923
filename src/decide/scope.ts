import { isSameCode, type Identity } from "../model/identity.ts";
import type { Release } from "../model/release.ts";
import type { Trigger } from "../model/trigger.ts";
import type { BreachSituation } from "./situation.ts";

/** The kinds of configuration that the runbook takes back for a trigger; where none of them changed, all that did. */
const RUNBOOK_KINDS: Partial<Readonly<Record<Trigger, readonly string[]>>> = {
  "database-connection": ["environment", "database"],
  "monitoring-broken": ["monitoring"],
};

/**
 * The kinds of configuration whose return takes back all that changed since the target; undefined where its code differs, or may
 * differ, too. Pure.
 */
export function changedConfiguration({
  verdict,
  target,
  identity,
}: BreachSituation): readonly string[] | undefined {
  if (target.kind === "none" || !isSameCode(target.release.identity, identity)) {
    return undefined;
  }
  const kinds = changedKinds(target.release, identity);
  const runbook = RUNBOOK_KINDS[verdict.trigger];
  const concerned = kinds.filter((kind) => runbook?.includes(kind) ?? true);
  const wanted = concerned.length > 0 ? concerned : kinds;
  return wanted.length === 0 || isLost(target.release, identity) ? undefined : wanted;
}

/** pm2's definitions hold the environment. */
function changedKinds({ configFiles, identity: then }: Release, now: Identity): readonly string[] {
  const files = configFiles
    .filter(({ path }) => differs(then.configFiles?.[path], now.configFiles?.[path]))
    .map(({ kindOfConfig }) => kindOfConfig);
  const names = Object.keys(then.definitions ?? {});
  const isRedefined = names.some((name) =>
    differs(then.definitions?.[name], now.definitions?.[name]),
  );
  return [...new Set([...files, ...(isRedefined ? ["environment"] : [])])];
}

/** Whether pm2 lost a service, or got another one: that is more than configuration. */
function isLost({ identity: then }: Release, now: Identity): boolean {
  const names = new Set([
    ...Object.keys(then.definitions ?? {}),
    ...Object.keys(now.definitions ?? {}),
  ]);
  return [...names].some(
    (name) =>
      ((then.definitions?.[name] ?? null) === null) !==
      ((now.definitions?.[name] ?? null) === null),
  );
}

/** A part that is unknown on either side is no change. */
function differs(then: string | null | undefined, now: string | null | undefined): boolean {
  return then !== undefined && now !== undefined && then !== now;
}
