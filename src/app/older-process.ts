import type { Service } from "../model/service.ts";

/** git's record tells to the second, so a process of the same second is no older. */
const SECOND_MS = 1000;

/** Whether a process of the service was started before `movedAt`, when the code on the disk last moved: it runs another one. */
export function isOlderThan({ instances }: Service, movedAt: number): boolean {
  return instances.some((one) => one.pid !== 0 && one.startedAt + SECOND_MS <= movedAt);
}
