import type { Daemon } from "./daemon.ts";

/**
 * Names the signals that other programs feed, and whose silence speaks neither for a release nor against it: webhooks, and
 * heartbeats that nobody has ever sent. Through its first `period` and `grace` since this was opened a heartbeat may still
 * come: until then a proof waits for it.
 */
export function openUnheard({
  config,
  rules,
  world,
  observatory,
}: Daemon): () => ReadonlySet<string> {
  const { clock } = world;
  const openedAt = clock.monotonic();
  const told = rules.filter((one) => one.evidence === "webhook").map((one) => one.name);
  const waits = new Map(
    config.signals.flatMap(({ name, probe }) =>
      probe.kind === "heartbeat" ? [[name, probe.period + probe.grace] as const] : [],
    ),
  );
  const never = new Set<string>();
  observatory.onSample(({ signal, reading }) => {
    if (reading.kind === "absent" && reading.reason === "nothing-told") {
      never.add(signal);
    } else {
      never.delete(signal);
    }
  });

  function isUp(name: string): boolean {
    return clock.monotonic() - openedAt >= (waits.get(name) ?? Infinity);
  }

  return () => new Set([...told, ...[...never].filter(isUp)]);
}
