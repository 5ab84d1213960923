import { describe, expect, it } from "vitest";
import { openClock } from "../../src/system/clock.ts";
import type { Command } from "../../src/system/process-run.ts";
import { openProcesses } from "../../src/system/process.ts";

const processes = openProcesses(openClock());
const { signal } = new AbortController();

function node(script: string, deadlineMs = 20_000): Command {
  return { program: process.execPath, args: ["-e", script], cwd: "/", env: {}, deadlineMs };
}

const COUNT =
  "let n = 0; process.stdin.on('data', (d) => { n += d.length; }).on('end', () => console.log(n))";
const WRITE = "process.stdout.write(Buffer.alloc(5e6), () => console.error('written'))";

describe("two programs, the output of the first being the input of the second", () => {
  it("pass every byte on, and tell what each said", async () => {
    const [from, to] = await processes.runPiped(node(WRITE), node(COUNT), signal);

    expect(from).toMatchObject({ kind: "exited", status: 0, stdout: "", stderr: "written\n" });
    expect(to).toMatchObject({ kind: "exited", status: 0, stdout: "5000000\n", stderr: "" });
  });

  it("lose nothing where the second reads slowly", async () => {
    const slow = `setTimeout(() => { ${COUNT} }, 1500)`;

    const [from, to] = await processes.runPiped(node(WRITE), node(slow), signal);

    expect([from.status, to.status, to.stdout]).toEqual([0, 0, "5000000\n"]);
  });

  it("each tell their own exit status", async () => {
    const fails = WRITE.replace("console.error('written')", "process.exit(3)");

    const [from, to] = await processes.runPiped(node(fails), node(COUNT), signal);

    expect([from.status, to.status]).toEqual([3, 0]);
  });

  it("both end where the second ends early", async () => {
    const [from, to] = await processes.runPiped(
      node(`setInterval(() => process.stdout.write('x'.repeat(1e6)), 1)`),
      node("process.exit(4)"),
      signal,
    );

    expect(to).toMatchObject({ kind: "exited", status: 4 });
    expect(from.status).not.toBe(0);
  });

  it("are both ended at the deadline, and by an abort", async () => {
    const stuck = node("setInterval(() => undefined, 1000)", 300);
    const reason = new Error("given up");

    const [from, to] = await processes.runPiped(stuck, stuck, signal);
    const aborted = processes.runPiped(stuck, node(COUNT), AbortSignal.abort(reason));

    expect(from.kind).toBe("timed-out");
    expect(to.kind).toBe("timed-out");
    await expect(aborted).rejects.toBe(reason);
  });

  it("are told where one of them is not there", async () => {
    const absent: Command = { ...node(""), program: "/nowhere/pg_dump" };

    const first = await processes.runPiped(absent, node(COUNT), signal);
    const second = await processes.runPiped(node("console.log(1)"), absent, signal);

    expect(first.map(({ kind }) => kind)).toEqual(["not-found", "exited"]);
    expect(second.map(({ kind }) => kind)).toEqual(["exited", "not-found"]);
  });
});
