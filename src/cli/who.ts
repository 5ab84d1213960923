import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { Command } from "commander";
import { asOperator, openPeople } from "../api/people.ts";
import type { Config } from "../config/schema.ts";
import { Failure, messageOf } from "../model/failure.ts";
import type { Access, Person } from "../model/people.ts";
import type { CommandContext } from "./context.ts";
import type { Who } from "./daemon-client.ts";
import { UsageFailure } from "./errors.ts";

/** Options of every command that acts. */
interface WhoOptions {
  readonly by?: string;
  readonly tokenFile?: string;
}

const MAX_TOKEN_BYTES = 4096;
/** What a name cannot hold (see api/people.ts); an account may. */
const STRANGE = /[^\p{L}\p{M}\p{N} ._@'-]/gu;

/** Lets a command say who asks. A token never is an argument: those are seen by everybody on the host. */
export function addWho(command: Command): Command {
  return command
    .option("--by <name>", "who asks, for the journal (default: your account)")
    .option("--token-file <file>", "a file (0600) with your token; else ROLLWATCH_TOKEN is used");
}

/** Who asks, by the options and the environment. */
export async function whoAsks(context: CommandContext, command: Command): Promise<Who> {
  const options = command.optsWithGlobals<WhoOptions>();
  const { ROLLWATCH_TOKEN: named = "", USER: user, LOGNAME: account } = context.ports.environment;
  const token = options.tokenFile === undefined ? named.trim() : await readToken(options.tokenFile);
  const by = options.by ?? accountName(user ?? account ?? "");
  if (openPeople([]).operator(by) === undefined) {
    throw new UsageFailure(
      `--by ${JSON.stringify(by)} is no name`,
      "use letters, digits, spaces and . _ @ ' -, at most 80",
    );
  }
  return token === "" ? { by } : { by, token };
}

/** The person that this is and who has this access, as the configuration knows it; for a command that acts without a daemon. */
export function personOf(config: Config, { by, token }: Who, access: Access): Person {
  const people = openPeople(config.people.contacts);
  const person = token === undefined ? people.operator(by) : people.byToken(token);
  if (person === undefined) {
    throw new Failure("not-permitted", "this token is nobody's", {
      hint: "use the token of a contact in people.contacts",
    });
  }
  const proven = token === undefined ? person : asOperator(person);
  if (!proven.access.includes(access)) {
    throw new Failure("not-permitted", `${proven.name} may not ${access}`, {
      hint: `it needs access: [${access}] of a contact in people.contacts, and the contact's token`,
    });
  }
  return proven;
}

function accountName(account: string): string {
  const name = account.replaceAll(STRANGE, "_").slice(0, 80);
  return openPeople([]).operator(name) === undefined ? "operator" : name;
}

async function readToken(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      throw new UsageFailure(`cannot read ${path}: ${messageOf(error)}`, "name your token's file");
    },
  );
  try {
    const facts = await file.stat();
    if (!facts.isFile() || facts.size > MAX_TOKEN_BYTES) {
      throw new UsageFailure(`${path} holds no token`, "name a file with nothing but your token");
    }
    if ((facts.mode & 0o077) !== 0) {
      throw new UsageFailure(`others can read ${path}`, `chmod 600 ${path}`);
    }
    const token = (await file.readFile("utf8")).trim();
    if (token === "") {
      throw new UsageFailure(`${path} is empty`, "write your token into it");
    }
    return token;
  } finally {
    await file.close();
  }
}
