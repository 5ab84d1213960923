import { openHostNames } from "../../src/system/host-names.ts";
import { hostNamesContract } from "../contracts/host-names.ts";
import { fakeHostNames } from "../support/fakes/host-names.ts";

hostNamesContract("the real one", openHostNames);

hostNamesContract("the fake", () => {
  const names = fakeHostNames();
  names.set("nobody.invalid", { kind: "no-such-name", detail: "ENOTFOUND nobody.invalid" });
  return names;
});
