import { assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { concealing } from "../../src/notify/post.ts";

describe("what is told of a refusal", () => {
  it("holds no secret, plain or within what was encoded as a whole, whatever stands around it", () => {
    assert(
      property(string({ unit: "binary" }), string({ unit: "binary" }), (before, after) => {
        const password = "geheim-Pass/word+0";
        const conceal = concealing({
          url: `smtp://rollwatch:${encodeURIComponent(password)}@mail.example`,
        });
        const login = Buffer.from(`${before}${password}${after}`);
        const quoted = `535 ${login.toString("base64")} ${login.toString("base64url")}`;

        expect(conceal(quoted)).toBe("535 *** ***");
        expect(conceal(`no ${password}!`)).toBe("no ***!");
      }),
    );
  });

  it("is a usual answer, letter by letter", () => {
    const url = "https://hooks.example/services/T0001/abcdefgh";
    const conceal = concealing({ url, secrets: ["geheimgeheimgeheim"] });
    const answer = '{"ok":false,"error":"invalid_auth","trace":"YWJjZGVmYWJjZGVm/+=="}';

    expect(conceal(answer)).toBe(answer);
  });
});
