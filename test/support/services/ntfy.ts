import { z } from "zod";
import { startHttpService } from "./http-service.ts";

export const NTFY = { topic: "geheim-radiation-duty", token: "tk_geheim0123456789" } as const;

/** https://docs.ntfy.sh/publish/#publish-as-json, and the limits of its server: a longer message becomes an attachment. */
const Message = z.strictObject({
  topic: z.literal(NTFY.topic),
  title: z.string().refine((text) => Buffer.byteLength(text) <= 250),
  message: z.string().refine((text) => Buffer.byteLength(text) <= 4096),
  priority: z.union([z.literal(2), z.literal(5)]),
  tags: z.array(z.string()),
});
export type NtfyMessage = z.infer<typeof Message>;

/** An ntfy server with one topic that takes only what shows the token. */
export async function startNtfy(): Promise<{
  readonly url: string;
  readonly messages: readonly NtfyMessage[];
}> {
  const messages: NtfyMessage[] = [];
  const { url } = await startHttpService(({ method, path, headers, body }) => {
    if (headers.authorization !== `Bearer ${NTFY.token}`) {
      return { status: 403, body: JSON.stringify({ code: 40_301, http: 403, error: "forbidden" }) };
    }
    const read = Message.safeParse(JSON.parse(body));
    if (method !== "POST" || path !== "/" || !read.success) {
      return { status: 400, body: JSON.stringify({ code: 40_024, http: 400 }) };
    }
    messages.push(read.data);
    const kept = { id: "hwQ2YpKdmg", time: 1, event: "message", ...read.data };
    return { status: 200, body: JSON.stringify(kept) };
  });
  return { url, messages };
}
