/** What became of a marked test notice that was sent through one channel. */
export interface ChannelTest {
  readonly channel: string;
  readonly isDelivered: boolean;
  /** What the channel answered; empty where it has it. */
  readonly detail: string;
}
