import { expect, it } from "vitest";
import { approversOf } from "../../lab/approvers.ts";

it("gives a token of its own to everybody whose token comes from the environment", () => {
  const approvers = approversOf(`
people:
  contacts:
    - { name: Ada, roles: [devops-engineer], token: "\${ADA_TOKEN}" }
    - { name: Ben, token: "\${BEN_TOKEN}" }
    - { name: Eve, roles: [executives], token: "file:/etc/eve" }
    - { name: Nobody }
`);

  expect(approvers.map(({ name, roles, variable }) => ({ name, roles, variable }))).toEqual([
    { name: "Ada", roles: ["devops-engineer"], variable: "ADA_TOKEN" },
    { name: "Ben", roles: [], variable: "BEN_TOKEN" },
  ]);
  expect(new Set(approvers.map((one) => one.token.length))).toEqual(new Set([48]));
  expect(approvers[0]?.token).not.toBe(approvers[1]?.token);
});

it("knows nobody in a configuration without people", () => {
  expect(approversOf("state: /var/lib/x\n")).toEqual([]);
});
