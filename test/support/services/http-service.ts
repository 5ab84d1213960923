import { createServer, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

/** A request as a service got it. */
export interface ServiceRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a service answers; nothing ever when `silent`. */
export interface ServiceAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly silent?: true;
}

/** A service that stands in for one on the internet. */
export interface HttpService {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly requests: readonly ServiceRequest[];
}

/** Answers on a loopback port until the test that asked for it has ended. */
export async function startHttpService(
  answer: (request: ServiceRequest) => ServiceAnswer,
): Promise<HttpService> {
  const requests: ServiceRequest[] = [];
  const server = createServer((incoming, response) => {
    void text(incoming).then((body) => {
      const { method = "", url = "", headers } = incoming;
      const request = { method, path: url, headers, body };
      requests.push(request);
      const { status, headers: sent = {}, body: content = "", silent } = answer(request);
      if (silent !== true) {
        response.writeHead(status, { ...sent }).end(content);
      }
      return undefined;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, requests };
}
