import type { TargetAdvisories } from "../decide/situation.ts";
import { messageOf } from "../model/failure.ts";
import type { Identity } from "../model/identity.ts";
import type { Release } from "../model/release.ts";
import { tellForeign } from "../observe/foreign-text.ts";
import { newAdvisories } from "../observe/new-advisories.ts";
import type { Advisory } from "../system/npm-audit.ts";
import { dependenciesIn } from "./lockfiles.ts";
import type { Decider } from "./situation.ts";

/**
 * The critical advisories that going back to a release would bring back, as far as the probe of advisories has asked about both
 * lock files; nobody is asked here, since a decision does not wait for a registry.
 */
export async function advisoriesOf(
  { config, world, catalogue }: Pick<Decider, "config" | "world" | "catalogue">,
  release: Release,
  running: Identity,
): Promise<TargetAdvisories> {
  const { root, lockfile } = config.application;
  if (typeof running.lockfile === "string" && running.lockfile === release.identity.lockfile) {
    return { kind: "known", added: [] };
  }
  try {
    const now = await dependenciesIn(world.files, root, lockfile);
    const then = await dependenciesIn(world.files, catalogue.treeOf(release.id), lockfile);
    const knownNow = now === undefined ? undefined : world.audits.known(now);
    const knownThen = then === undefined ? undefined : world.audits.known(then);
    if (knownNow === undefined || knownThen === undefined) {
      return { kind: "unknown", reason: whyUnknown(config) };
    }
    return { kind: "known", added: tell(addedBy(knownThen, knownNow), config.secrets) };
  } catch (error) {
    return { kind: "unknown", reason: messageOf(error) };
  }
}

function whyUnknown({ signals }: Decider["config"]): string {
  return signals.some(({ probe }) => probe.kind === "advisories")
    ? "the advisories of both lock files were not told yet"
    : "no signal asks for advisories";
}

/** Of critical ones alone. */
function addedBy(then: readonly Advisory[], now: readonly Advisory[]): readonly Advisory[] {
  return newAdvisories(
    then.filter((one) => one.level === "critical"),
    now,
  );
}

function tell(advisories: readonly Advisory[], secrets: readonly string[]): readonly string[] {
  return advisories.map((one) => tellForeign(`${one.package}: ${one.title}`, secrets));
}
