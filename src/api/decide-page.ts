import { randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { PlanReport } from "../model/actions.ts";
import { LINK_ANSWERS, type LinkAnswers } from "../model/approval-link.ts";
import { escaped } from "../model/markup.ts";
import { tellDuration, tellTime } from "../model/units.ts";
import { DECIDE_PAGE } from "./contract.ts";
import { limitRefusals } from "./forms.ts";
import { sendProblem } from "./problems.ts";

/** What the page is made with. */
interface PagePorts {
  /** undefined where no links are given out. */
  readonly links?: LinkAnswers;
  readonly clock: { monotonic(): number };
}

/** How long a page that was shown can be answered, in milliseconds, and how many are remembered. */
const SHOWN_MS = 15 * 60_000;
const MOST_SHOWN = 200;

/** Pages that were shown, each to be answered once. */
interface Pages {
  /** Returns what an answer must bring back. */
  remember(token: string): string;
  isShown(nonce: string, token: string): boolean;
}

function openPages(monotonic: () => number): Pages {
  const shown = new Map<string, { readonly token: string; readonly at: number }>();
  return {
    remember: (token) => {
      const nonce = randomBytes(24).toString("base64url");
      shown.set(nonce, { token, at: monotonic() });
      for (const [old] of [...shown].slice(0, Math.max(shown.size - MOST_SHOWN, 0))) {
        shown.delete(old);
      }
      return nonce;
    },
    isShown: (nonce, token) => {
      const page = shown.get(nonce);
      shown.delete(nonce);
      return page?.token === token && monotonic() - page.at < SHOWN_MS;
    },
  };
}

/**
 * The page behind a link of a notice. Looking at it changes nothing, however often a mail scanner does; what it shows can be answered
 * once, from the page alone.
 */
export function addDecidePage(server: FastifyInstance, { links, clock }: PagePorts): void {
  if (links === undefined) {
    return;
  }
  const pages = openPages(() => clock.monotonic());
  const limits = limitRefusals(server, DECIDE_PAGE, clock);
  server.get<{ Querystring: { t?: unknown } }>(DECIDE_PAGE, limits, async (request, reply) => {
    const { t } = request.query;
    const token = typeof t === "string" ? t : "";
    const { plan, by } = await links.look(token);
    const isOpen = plan.state === "waiting";
    return showPage(
      reply,
      pageOf(plan, by, isOpen ? { token, nonce: pages.remember(token) } : undefined),
    );
  });
  server.post(DECIDE_PAGE, limits, async (request, reply) => {
    const { token, nonce, answer } = readForm(request);
    const isOwn = request.headers.origin === undefined || request.headers.origin === links.origin;
    if (answer === undefined || !isOwn || !pages.isShown(nonce, token)) {
      links.refuse("an answer that came from no page of rollwatch, or a second time");
      const hint = "open the link of the notice again";
      const detail = "this is no answer of a page that was shown, or its second one";
      return sendProblem(reply, 403, { code: "not-permitted", detail, hint });
    }
    const plan = await links.answer(token, answer);
    return showPage(reply, resultOf(plan, answer));
  });
}

function readForm({ body }: FastifyRequest): {
  readonly token: string;
  readonly nonce: string;
  readonly answer: (typeof LINK_ANSWERS)[number] | undefined;
} {
  const form = new URLSearchParams(typeof body === "string" ? body : "");
  const answer = LINK_ANSWERS.find((one) => one === form.get("answer"));
  return { token: form.get("t") ?? "", nonce: form.get("nonce") ?? "", answer };
}

function showPage(reply: FastifyReply, html: string): FastifyReply {
  return reply
    .headers({
      "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
      "referrer-policy": "same-origin",
    })
    .type("text/html; charset=utf-8")
    .send(html);
}

function pageOf(
  { id, scope, target, steps, state, approval }: PlanReport,
  by: string,
  form: { readonly token: string; readonly nonce: string } | undefined,
): string {
  const what = target === null ? "Restart of services" : `Rollback (${scope}) to ${target}`;
  const given = approval?.given.map((one) => `${one.by} (${one.role})`).join(", ") ?? "";
  const answer =
    form === undefined
      ? `<p>Nothing can be decided about it any more: it is ${state}.</p>`
      : `<form method="post" action="${DECIDE_PAGE}"><input type="hidden" name="t" value="${escaped(form.token)}"><input type="hidden" name="nonce" value="${escaped(form.nonce)}"><button name="answer" value="approve">Approve as ${escaped(by)}</button> <button name="answer" value="reject">Reject</button></form>`;
  return documentOf(what, [
    `<p>Plan ${escaped(id)}. Approved so far: ${escaped(given) || "by nobody"}.</p>`,
    ...(form === undefined || approval === null || approval.countdownMs === null
      ? []
      : [
          `<p>It begins by itself ${tellDuration(approval.countdownMs)} after ${tellTime(approval.askedAt)} unless somebody rejects it.</p>`,
        ]),
    `<ol>${steps.map((step) => `<li>${escaped(step.describe)}</li>`).join("")}</ol>`,
    answer,
  ]);
}

function resultOf({ id, state }: PlanReport, answer: string): string {
  const done = answer === "approve" ? "Approved" : "Rejected";
  const next = state === "waiting" && answer === "approve" ? "It waits for another person." : "";
  return documentOf(done, [`<p>Plan ${escaped(id)}. ${next}</p>`]);
}

function documentOf(title: string, lines: readonly string[]): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="robots" content="noindex"><title>${escaped(title)}</title><h1>${escaped(title)}</h1>${lines.join("")}</html>`;
}
