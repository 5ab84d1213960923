import type {
  DoneAnswer,
  FoundAnswer,
  NumberAnswer,
  Order,
  Question,
  Statements,
} from "../../../src/system/postgres-statements.ts";

/** Statements that answer what they were told to, and remember what they were asked. */
export interface FakeStatements extends Statements {
  readonly asked: readonly Question[];
  /** Marks that `find` looked for. */
  readonly sought: readonly string[];
  /** What was run, with which mark. */
  readonly ran: readonly (Order & { readonly mark: string })[];
  setNumber(answer: NumberAnswer): void;
  setFound(answer: FoundAnswer): void;
  setDone(answer: DoneAnswer): void;
}

/** Statements that answer 0, find something, and carry out what they are told. */
export function fakeStatements(): FakeStatements {
  const asked: Question[] = [];
  const sought: string[] = [];
  const ran: (Order & { readonly mark: string })[] = [];
  let number: NumberAnswer = { kind: "number", value: 0 };
  let found: FoundAnswer = { kind: "found" };
  let done: DoneAnswer = { kind: "done", rows: 1 };
  return {
    asked,
    sought,
    ran,
    setNumber: (answer) => {
      number = answer;
    },
    setFound: (answer) => {
      found = answer;
    },
    setDone: (answer) => {
      done = answer;
    },
    askNumber: async (question, signal) => {
      signal.throwIfAborted();
      asked.push(question);
      return number;
    },
    find: async (question, mark, signal) => {
      signal.throwIfAborted();
      asked.push(question);
      sought.push(mark);
      return found;
    },
    run: async (order, mark, signal) => {
      signal.throwIfAborted();
      ran.push({ ...order, mark });
      return done;
    },
  };
}
