import { chmod, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openLinkSigner } from "../../src/app/approval-links.ts";
import { openFiles } from "../../src/system/files.ts";
import { withTempFolder } from "../support/temp.ts";

const LINK = { plan: "plan-1", hash: "ab".repeat(32), by: "Ada", until: 1000 };

describe("the signer of links", () => {
  it("reads what it has signed, also after a restart, with a key of its own that nobody else reads", async () => {
    await withTempFolder(async (state) => {
      const token = (await openLinkSigner(openFiles(), state)).sign(LINK);

      const again = await openLinkSigner(openFiles(), state);

      expect(again.read(token)).toEqual(LINK);
      expect((await stat(join(state, "link-key"))).mode & 0o777).toBe(0o600);
    });
  });

  it("reads nothing that was altered, cut, lengthened, or signed elsewhere", async () => {
    await withTempFolder(async (state) => {
      const signer = await openLinkSigner(openFiles(), state);
      const [payload = "", mac = ""] = signer.sign(LINK).split(".");
      const other = Buffer.from(JSON.stringify({ ...LINK, by: "Eve" })).toString("base64url");

      const read = [
        `${other}.${mac}`,
        `${payload}.${mac.slice(0, -2)}`,
        `${payload}.${mac}.${mac}`,
        payload,
        "",
        ".",
        `${payload}.${"A".repeat(43)}`,
      ].map((token) => signer.read(token));

      expect(read.every((one) => one === undefined)).toBe(true);
    });
  });

  it("does not sign with a key that others can read", async () => {
    await withTempFolder(async (state) => {
      await writeFile(join(state, "link-key"), "ab".repeat(32));
      await chmod(join(state, "link-key"), 0o644);

      await expect(openLinkSigner(openFiles(), state)).rejects.toMatchObject({
        code: "state-exposed",
      });
    });
  });
});
