import axon, { type RequestSocket } from "pm2-axon";
import rpc from "pm2-axon-rpc";

/** Why a call had no answer: nobody listens there, nobody answers, or pm2 said no. */
export class CallError extends Error {
  readonly kind: "dead" | "hung" | "refused";

  constructor(kind: CallError["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** One call to the pm2 daemon. */
export interface Call {
  readonly method: string;
  readonly args: readonly unknown[];
}

/**
 * Calls the pm2 daemon behind `socketPath` on a connection of its own, without any reconnecting. Rejects with a `CallError`,
 * or with the signal's reason; the socket is closed either way.
 */
export async function callPm2(
  socketPath: string,
  call: Call,
  signal: AbortSignal,
): Promise<unknown> {
  signal.throwIfAborted();
  const socket = axon.socket("req");
  socket.set("retry timeout", 0);
  let onAbort: (() => void) | undefined;
  let isOver = false;
  try {
    return await new Promise((resolve, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      guardMessages(socket, reject);
      // Closing does not reach a connection that is still being made, so that one is closed once it is there.
      socket.on("connect", () => isOver && socket.close());
      socket.on("error", () => undefined);
      socket.on("socket error", (error: NodeJS.ErrnoException) => reject(asCallError(error)));
      socket.on("close", () => reject(new CallError("dead", "pm2 closed the connection")));
      socket.connect(socketPath);
      new rpc.Client(socket).call(
        call.method,
        ...call.args,
        (error: Error | null, answer: unknown) => {
          if (error === null) {
            resolve(answer);
          } else {
            reject(new CallError("refused", error.message));
          }
        },
      );
    });
  } finally {
    isOver = true;
    if (onAbort !== undefined) {
      signal.removeEventListener("abort", onAbort);
    }
    socket.close();
  }
}

/** What cannot be read would be thrown where nobody can catch it, and end this process. */
function guardMessages(socket: RequestSocket, onFault: (error: CallError) => void): void {
  const connected = socket.onmessage.bind(socket);
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it is no listener, but asked for one
  socket.onmessage = () => {
    const read = connected();
    return (message) => {
      try {
        read(message);
      } catch {
        onFault(new CallError("hung", "what answers there does not speak as pm2 does"));
      }
    };
  };
}

function asCallError(error: NodeJS.ErrnoException): CallError {
  // A daemon that accepts nothing for long enough has a full queue.
  const isHung = error.code === "EAGAIN" || error.code === "ETIMEDOUT";
  return new CallError(isHung ? "hung" : "dead", error.code ?? error.message);
}
