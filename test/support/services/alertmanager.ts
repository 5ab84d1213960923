import { z } from "zod";
import { type HttpService, startHttpService, type ServiceAnswer } from "./http-service.ts";

const TOKEN = "geheim-alertmanager-token";

const LabelName = z.string().regex(/^[a-zA-Z_]\w*$/u);

const PostedAlert = z
  .strictObject({
    labels: z.record(LabelName, z.string()),
    annotations: z.record(LabelName, z.string()),
    startsAt: z.iso.datetime(),
    endsAt: z.iso.datetime(),
  })
  .refine(({ startsAt, endsAt }) => startsAt <= endsAt, "start time must be before end time")
  .refine(({ labels }) => Object.keys(labels).length > 0, "at least one label pair required");

const PostedSilence = z
  .strictObject({
    matchers: z
      .array(
        z.strictObject({
          name: LabelName,
          value: z.string(),
          isRegex: z.boolean(),
          isEqual: z.boolean(),
        }),
      )
      .refine(
        (matchers) => matchers.some(({ value, isEqual }) => isEqual && value !== ""),
        "at least one matcher must not match the empty string",
      ),
    startsAt: z.iso.datetime(),
    endsAt: z.iso.datetime(),
    createdBy: z.string().min(1),
    comment: z.string().min(1),
  })
  .refine(({ startsAt, endsAt }) => startsAt < endsAt, "start time must be before end time");

/** An alert as it was posted. */
export type PostedAlert = z.infer<typeof PostedAlert>;

/** A silence, and whether it stands. */
export interface KeptSilence extends z.infer<typeof PostedSilence> {
  readonly id: string;
  readonly state: "active" | "expired";
}

/** Alertmanager's API v2. */
export interface AlertmanagerService {
  readonly url: string;
  readonly requests: HttpService["requests"];
  /** Everything posted, in order. */
  readonly posted: readonly PostedAlert[];
  readonly silences: readonly KeptSilence[];
  /** Those whose newest word says that they stand at `now`. */
  standing(now: number): readonly string[];
  /** Has the next request of this method below this path answered with 503. */
  failNext(method: string, path: string): void;
}

/** Takes alerts and silences until the test has ended. */
export async function startAlertmanagerService(): Promise<AlertmanagerService> {
  const posted: PostedAlert[] = [];
  const silences: KeptSilence[] = [];
  const failing: string[] = [];
  const { url, requests } = await startHttpService(({ method, path, headers, body }) => {
    const failure = failing.findIndex((one) => `${method} ${path}`.startsWith(one));
    if (failure !== -1) {
      failing.splice(failure, 1);
      return { status: 503 };
    }
    if (headers.authorization !== `Bearer ${TOKEN}`) {
      return { status: 401 };
    }
    const { pathname, searchParams } = new URL(path, "http://alertmanager");
    if (method === "POST" && pathname === "/api/v2/alerts") {
      return takeAlerts(posted, body);
    }
    if (method === "POST" && pathname === "/api/v2/silences") {
      return takeSilence(silences, body);
    }
    if (method === "GET" && pathname === "/api/v2/silences") {
      return listed(silences, searchParams.getAll("filter"));
    }
    return method === "DELETE" ? expire(silences, pathname) : { status: 404 };
  });
  return {
    url,
    requests,
    posted,
    silences,
    standing: (now) => standing(posted, now),
    failNext: (method, path) => void failing.push(`${method} /api/v2/${path}`),
  };
}

function takeAlerts(posted: PostedAlert[], body: string): ServiceAnswer {
  const alerts = z.array(PostedAlert).safeParse(JSON.parse(body));
  if (!alerts.success) {
    return { status: 400, body: JSON.stringify(z.prettifyError(alerts.error)) };
  }
  posted.push(...alerts.data);
  return { status: 200 };
}

function standing(posted: readonly PostedAlert[], now: number): readonly string[] {
  const newest = new Map(
    posted.map(({ labels, endsAt }) => [JSON.stringify(labels), { labels, endsAt }]),
  );
  return [...newest.values()]
    .filter(({ endsAt }) => Date.parse(endsAt) > now)
    .map(({ labels }) => `${labels["alertname"]} ${labels["rollwatch_incident"]}`);
}

function takeSilence(silences: KeptSilence[], body: string): ServiceAnswer {
  const silence = PostedSilence.safeParse(JSON.parse(body));
  if (!silence.success) {
    return { status: 400, body: JSON.stringify(z.prettifyError(silence.error)) };
  }
  const id = `silence-${silences.length + 1}`;
  silences.push({ ...silence.data, id, state: "active" });
  return { status: 200, body: JSON.stringify({ silenceID: id }) };
}

/** A filter finds what has this very matcher, with its operator. */
function listed(silences: readonly KeptSilence[], filters: readonly string[]): ServiceAnswer {
  const wanted = filters.map((filter) => {
    const [, name = "", not = "", value = '""'] = /^(\w+)(!?)=(".*")$/u.exec(filter) ?? [];
    return { name, isEqual: not === "", value: z.string().parse(JSON.parse(value)) };
  });
  const found = silences.filter(({ matchers }) =>
    wanted.every((one) =>
      matchers.some(
        (own) => own.name === one.name && own.value === one.value && own.isEqual === one.isEqual,
      ),
    ),
  );
  const shown = found.map(({ state, ...silence }) => ({ ...silence, status: { state } }));
  return { status: 200, body: JSON.stringify(shown) };
}

/** One that is over cannot be ended again. */
function expire(silences: KeptSilence[], path: string): ServiceAnswer {
  const at = silences.findIndex(({ id }) => path === `/api/v2/silence/${id}`);
  const silence = silences[at];
  if (silence === undefined) {
    return { status: 404 };
  }
  if (silence.state === "expired") {
    return { status: 500 };
  }
  silences[at] = { ...silence, state: "expired" };
  return { status: 200 };
}
