/** A service that is to say again and again that it is at work. */
export interface ExpectedHeartbeat {
  /** The signal that its silence breaches. */
  readonly signal: string;
  /** What the service must show; absent: whoever asks on this host. */
  readonly token?: string;
}

/** What others tell rollwatch without being asked. */
export interface Incoming {
  readonly heartbeats: readonly ExpectedHeartbeat[];
  /** The service of this signal is at work now. */
  checkIn(signal: string): Promise<void>;
}
