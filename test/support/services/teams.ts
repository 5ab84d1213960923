import { z } from "zod";
import { startHttpService, type ServiceAnswer } from "./http-service.ts";

const RichText = z.strictObject({
  type: z.literal("RichTextBlock"),
  inlines: z.array(
    z.strictObject({
      type: z.literal("TextRun"),
      text: z.string().min(1),
      size: z.string().optional(),
      weight: z.string().optional(),
    }),
  ),
});

const Facts = z.strictObject({
  type: z.literal("FactSet"),
  facts: z.array(z.strictObject({ title: z.string(), value: z.string() })),
});

const Message = z.strictObject({
  type: z.literal("message"),
  attachments: z.tuple([
    z.strictObject({
      contentType: z.literal("application/vnd.microsoft.card.adaptive"),
      contentUrl: z.null(),
      content: z.object({
        type: z.literal("AdaptiveCard"),
        version: z.literal("1.4"),
        body: z.array(z.discriminatedUnion("type", [RichText, Facts])),
      }),
    }),
  ]),
});

/** A card as people see it. */
export interface TeamsCard {
  readonly texts: readonly string[];
  readonly facts: Readonly<Record<string, string>>;
}

/** A workflow of Microsoft Teams that posts cards of version 1.4. */
export interface TeamsService {
  /** The whole address of the workflow. */
  readonly url: string;
  readonly cards: readonly TeamsCard[];
}

const PATH = "/workflows/geheim1/triggers/manual/paths/invoke?api-version=1&sig=geheim2";

/** Bytes that a message may have. */
const MAX_BYTES = 28_000;

/** Takes cards until the test has ended. */
export async function startTeams(): Promise<TeamsService> {
  const cards: TeamsCard[] = [];
  const service = await startHttpService(({ path, body }): ServiceAnswer => {
    if (path !== PATH) {
      return { status: 401, body: "DirectApiAuthorizationRequired" };
    }
    if (Buffer.byteLength(body) > MAX_BYTES) {
      return { status: 413, body: "RequestEntityTooLarge" };
    }
    const message = Message.safeParse(JSON.parse(body));
    if (!message.success) {
      return { status: 400, body: "InvalidRequestContent" };
    }
    cards.push(seen(message.data.attachments[0].content.body));
    return { status: 202 };
  });
  return { url: `${service.url}${PATH}`, cards };
}

/** The address of a workflow at another place. */
export function teamsUrlAt(origin: string): string {
  return `${origin}${PATH}`;
}

function seen(body: readonly z.infer<typeof RichText | typeof Facts>[]): TeamsCard {
  const texts = body.flatMap((one) =>
    one.type === "RichTextBlock" ? [one.inlines.map((run) => run.text).join("")] : [],
  );
  const facts = body.flatMap((one) => (one.type === "FactSet" ? one.facts : []));
  return { texts, facts: Object.fromEntries(facts.map(({ title, value }) => [title, value])) };
}
