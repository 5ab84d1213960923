import { isApproved, type Approval, type Recovery } from "../model/history.ts";
import type { Person } from "../model/people.ts";
import type { Role } from "../model/role.ts";
import { tellTime } from "../model/units.ts";

/** Why an answer does not count: the state of things is against it, or it is not this person's to give. */
interface Refusal {
  readonly kind: "refused";
  readonly code: "refused" | "not-permitted";
  readonly reason: string;
}

/** A plan that waits, with people's word on it so far. */
type Asked = Pick<Recovery, "plan" | "approval" | "attempts" | "ended">;

/** A person's yes. */
interface ApprovalAnswer {
  readonly by: Person;
  readonly now: number;
  /** sha256 of the plan as the journal has it now. */
  readonly planHash: string;
  /** sha256 of the plan that the person looked at; absent: the plan as it is. */
  readonly hash?: string;
  /** Whether this person decides for the others, too, where two must. */
  readonly isOverride?: boolean;
}

/** Whether a person's yes counts, and in which role: of those that decide the first that nobody has spoken in yet. */
export function answerApproval(
  recovery: Asked,
  answer: ApprovalAnswer,
): { readonly kind: "given"; readonly role: Role } | Refusal {
  const { by } = answer;
  const { approval } = recovery;
  if (approval === undefined) {
    return refused(`${recovery.plan.id} waits for nobody's approval`);
  }
  const held = approval.roles.filter((role) => by.roles.includes(role));
  if (!by.access.includes("approve") || held.length === 0) {
    return notPermitted(by, approval, "approve");
  }
  const against = whyOver(recovery, approval) ?? whyNotThis(recovery, approval, answer);
  if (against !== undefined) {
    return refused(against);
  }
  const open = openRole(held, approval, answer);
  return open === undefined
    ? refused(`somebody else has approved as ${held.join(" and ")} already`)
    : { kind: "given", role: open };
}

/** Who overrides the others may have spoken before. */
function openRole(
  held: readonly Role[],
  { given }: Approval,
  { isOverride }: ApprovalAnswer,
): Role | undefined {
  const free = held.find((role) => !given.some((one) => one.role === role));
  return free ?? (isOverride === true ? held[0] : undefined);
}

/** Whether a person's no counts: that of anybody who decides, or who administers rollwatch, until the plan begins. */
export function answerRejection(
  recovery: Asked,
  { by }: { readonly by: Person },
): { readonly kind: "taken" } | Refusal {
  const { approval } = recovery;
  if (approval === undefined) {
    return refused(`${recovery.plan.id} waits for nobody's approval`);
  }
  const decides =
    by.access.includes("approve") && approval.roles.some((role) => by.roles.includes(role));
  if (!decides && !by.access.includes("administer")) {
    return notPermitted(by, approval, "reject");
  }
  const over = whyClosed(recovery, approval);
  return over === undefined ? { kind: "taken" } : refused(over);
}

/** Why a yes comes too late, whenever it was given; undefined when it does not. */
function whyOver(recovery: Asked, approval: Approval): string | undefined {
  const closed = whyClosed(recovery, approval);
  return closed === undefined && isApproved(approval)
    ? `${recovery.plan.id} is approved already`
    : closed;
}

/** Why this yes does not count while the plan waits; undefined when it does. */
function whyNotThis(
  { plan }: Asked,
  { hash, expiresAt, given, everyRole }: Approval,
  answer: ApprovalAnswer,
): string | undefined {
  if (answer.now >= expiresAt) {
    return `${plan.id} could be approved until ${tellTime(expiresAt)}`;
  }
  if (answer.planHash !== hash || (answer.hash ?? hash) !== hash) {
    return `${plan.id} is not the plan that was looked at: its hash differs`;
  }
  if (answer.isOverride === true) {
    return everyRole
      ? undefined
      : `${plan.id} takes one person's approval: there is nobody to override`;
  }
  return given.some((one) => one.by === answer.by.name)
    ? `${answer.by.name} has approved already: another person must`
    : undefined;
}

/** Why nothing can be said any more; a plan that is approved but not begun can still be rejected. */
function whyClosed({ plan, attempts, ended }: Asked, { rejected }: Approval): string | undefined {
  if (rejected !== undefined) {
    return `${plan.id} was rejected by ${rejected.by}: ${rejected.reason}`;
  }
  if (ended !== undefined) {
    return `${plan.id} has ended: ${ended.reason}`;
  }
  return attempts.length > 0 ? `${plan.id} has begun` : undefined;
}

function refused(reason: string): Refusal {
  return { kind: "refused", code: "refused", reason };
}

function notPermitted(by: Person, { roles }: Approval, what: string): Refusal {
  const own = by.roles.length === 0 ? "no role" : by.roles.join(", ");
  const access = by.access.includes("approve") ? "" : ", and the token does not allow to approve";
  const reason = `${by.name} may not ${what} this: it takes ${roles.join(" or ")}, and ${by.name} has ${own}${access}`;
  return { kind: "refused", code: "not-permitted", reason };
}
