import type { Config } from "../config/schema.ts";
import { IN_USE } from "../system/postgres-refusals.ts";
import { quoted } from "../system/postgres-session.ts";
import {
  type DoctorPorts,
  type Examination,
  fault,
  type Finding,
  ok,
  warning,
} from "./doctor-examination.ts";
import { lookAtDownMigrations } from "./doctor-migrations.ts";

/** Looks at the database, and at what its snapshots need. */
export const DATABASE: readonly Examination[] = [
  { area: "database", check: "database", look: lookAtDatabase },
  { area: "database", check: "snapshots", look: lookAtDumps },
  { area: "database", check: "warm database", look: lookAtWarm },
  { area: "database", check: "down migrations", look: lookAtDownMigrations },
];

async function lookAtDatabase(
  { config, world }: DoctorPorts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { database } = world;
  if (config.database === undefined || database === undefined) {
    return [
      warning(
        "database",
        "none is configured",
        "If the application has one, name it in `database`: its failure would be blamed on the release.",
      ),
    ];
  }
  const answer = await database.check(signal);
  if (answer.kind === "fails") {
    return [
      fault(
        "database",
        answer.detail,
        "Bring it back, or correct database.url; its role must be able to connect.",
      ),
    ];
  }
  const { table } = config.database.migrations;
  const revision = await database.schemaRevision(signal);
  return [
    answer.readOnly === undefined
      ? ok("database", `PostgreSQL ${answer.version} answers in ${Math.round(answer.tookMs)} ms`)
      : fault(
          "database",
          `it takes no writes: ${answer.readOnly}`,
          "Name in database.url the server to which the application writes: every incident would be this one's fault.",
        ),
    revision === null
      ? warning(
          "migrations",
          `there is no table ${table}`,
          "Set database.migrations, or a release is put back on a schema that it may not know.",
        )
      : ok("migrations", `${revision} in ${table}`),
  ];
}

async function lookAtDumps(
  { config, world }: DoctorPorts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { dumping } = world;
  const dump = config.database?.dump;
  if (dump === undefined || dumping === undefined) {
    return config.database === undefined
      ? []
      : [
          warning(
            "snapshots",
            "no release keeps one of the database",
            "Set database.dump; without one lost rows cannot be brought back.",
          ),
        ];
  }
  const { serverMajor, serverVersion, bytes } = await dumping.source.facts(signal);
  const program = await dumping.programs.find(serverMajor, dump.program, signal);
  return [
    program === undefined
      ? tellNoProgram(dump.program, serverVersion)
      : ok(
          "snapshots",
          `pg_dump ${program.version} for PostgreSQL ${serverVersion}, ${Math.round(bytes / 1024 ** 2)} MiB`,
        ),
    ...(await lookAtCopies(world, dump)),
  ];
}

/** What a copy beside the live database needs; the SQL of a role that may make one. */
async function lookAtWarm(
  { config, world }: DoctorPorts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { warming } = world;
  const way = config.database?.rollback.warm ?? "off";
  if (warming === undefined || way === "off") {
    return [];
  }
  const { name, owner } = await warming.beside.live(signal);
  const { serverMajor, serverVersion } = await warming.source.facts(signal);
  const program = await warming.programs.find(serverMajor, config.database?.dump?.program, signal);
  const refusals = (await warming.beside.refusals(way, signal)).filter(
    (reason) => !reason.startsWith(IN_USE),
  );
  const problems = [
    ...refusals,
    ...(way === "online" && program === undefined
      ? [`no pg_dump of this machine is as new as PostgreSQL ${serverVersion}`]
      : []),
  ];
  return problems.length === 0
    ? [ok("warm database", `${name} can be copied beside itself (${way})`)]
    : [fault("warm database", problems.join("; "), tellRole(name, owner))];
}

/** The least that the role of `database.rollback.url` needs. */
function tellRole(database: string, owner: string): string {
  return [
    "As a superuser, for the role of database.rollback.url:",
    "create role rollwatch login createdb password '...';",
    `grant ${quoted(owner)}, pg_signal_backend, pg_read_all_data to rollwatch;`,
    `grant connect on database ${quoted(database)} to rollwatch;`,
    "What else is named above has to be taken away, or needs a superuser.",
  ].join(" ");
}

function tellNoProgram(wanted: string | undefined, server: string): Finding {
  const cure = `Install the client programs of PostgreSQL ${server}, or set database.dump.program.`;
  return wanted === undefined
    ? warning(
        "snapshots",
        "no pg_dump of this machine is as new as the server; a clone is made while nobody uses the database",
        cure,
      )
    : fault("snapshots", `${wanted} is not there or older than the server`, cure);
}

async function lookAtCopies(
  { files }: DoctorPorts["world"],
  { secureCopy }: NonNullable<NonNullable<Config["database"]>["dump"]>,
): Promise<readonly Finding[]> {
  if (secureCopy === undefined) {
    return [];
  }
  const kind = await files.kind(secureCopy);
  if (kind !== "directory" && kind !== "link") {
    return [
      fault(
        "second copy",
        `${secureCopy} is no folder`,
        `Mount it, or: install -d -m 700 ${secureCopy}`,
      ),
    ];
  }
  const { mode } = await files.access(secureCopy);
  return [
    (mode & 0o077) === 0
      ? ok("second copy", secureCopy)
      : fault("second copy", `${secureCopy} is open to others`, `chmod 700 ${secureCopy}`),
  ];
}
