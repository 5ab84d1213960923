declare module "pm2-axon" {
  import type { EventEmitter } from "node:events";

  /** The requesting end of axon's framed messages over a socket. */
  export interface RequestSocket extends EventEmitter {
    set(name: "retry timeout", value: number): this;
    connect(path: string): this;
    close(): void;
    /** Asked once for each connection; what it returns takes each message. */
    onmessage: () => (message: Buffer) => void;
  }
  const axon: { readonly socket: (type: "req") => RequestSocket };
  // eslint-disable-next-line import/no-default-export -- a CommonJS module: this is how its one object is imported
  export default axon;
}

declare module "pm2-axon-rpc" {
  import type { RequestSocket } from "pm2-axon";

  /** Remote calls over a socket; the last argument is the callback, whose second argument is the answer. */
  class Client {
    constructor(socket: RequestSocket);
    call(
      method: string,
      ...args: readonly [...unknown[], done: (error: Error | null, answer: unknown) => void]
    ): void;
  }
  const rpc: { readonly Client: typeof Client };
  // eslint-disable-next-line import/no-default-export -- a CommonJS module: this is how its one object is imported
  export default rpc;
}
