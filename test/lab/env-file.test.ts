import { expect, it } from "vitest";
import { setVariables } from "../../lab/env-file.ts";

it("replaces a variable in its place, adds a new one at the end, and keeps comments", () => {
  const text = "# ports\nAPI_PORT=3000\nAPI_PORT_OLD=1\n";

  const changed = setVariables(text, { API_PORT: "17000", WS_PORT: "17001" });

  expect(changed).toBe("# ports\nAPI_PORT=17000\nAPI_PORT_OLD=1\nWS_PORT=17001\n");
});
