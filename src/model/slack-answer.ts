/** A request that says to be Slack's, as it came. */
export interface SlackRequest {
  /** The whole body; what is signed. */
  readonly body: string;
  /** The header `X-Slack-Request-Timestamp`, in seconds. */
  readonly timestamp: string;
  /** The header `X-Slack-Signature`. */
  readonly signature: string;
}

/** What a request of Slack came to: somebody's button is being answered, or why it is not listened to. */
export type SlackHeard =
  | { readonly kind: "heard" }
  | { readonly kind: "refused"; readonly status: 400 | 401 | 403; readonly detail: string };

/** What stands behind the buttons of messages. Whatever is refused is in the journal. */
export interface SlackAnswers {
  /** Says at once whether it listens: Slack waits three seconds. What the answer comes to is told in Slack. */
  hear(request: SlackRequest): SlackHeard;
}
