import type { Delivery, Outgoing } from "../model/notice.ts";

/** A way to people. `send` never throws for an expected outcome and gives up when the signal aborts. */
export interface Channel {
  /** Its configured name. */
  readonly name: string;
  send(notice: Outgoing, signal: AbortSignal): Promise<Delivery>;
}
