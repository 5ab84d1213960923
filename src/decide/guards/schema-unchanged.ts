import { allow, hold, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether the target ran on the schema that the database has now: older code on a newer schema can destroy data. */
export const schemaUnchanged: Guard = { id: "schema-unchanged", check };

function check({ target, identity }: BreachSituation): Opinion {
  if (target.kind === "none") {
    return hold("there is no target whose schema could be compared");
  }
  const then = target.release.identity.schema;
  const today = identity.schema;
  if (today === undefined || then === undefined) {
    const whose = today === undefined ? "of the database" : `that ${target.release.id} ran on`;
    return recommend(`the schema revision ${whose} is unknown`);
  }
  return today === then
    ? allow(
        today === null
          ? "the database records no migrations"
          : `the schema is at ${today}, as then`,
      )
    : recommend(
        `the schema is at ${today ?? "none"}, ${target.release.id} ran on ${then ?? "none"}: a person must know that the older code can run on it`,
      );
}
