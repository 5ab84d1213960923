import { TRIGGERS } from "../model/trigger.ts";
import { formatDuration } from "../model/units.ts";
import type { DraftedSignal } from "./init-draft-signals.ts";
import { shortVersion } from "./init-database.ts";
import type { Survey } from "./init-survey.ts";
import { remark, yamlText } from "./init-yaml.ts";

/** The `quiesce` of a service that says nothing. */
const USUAL_QUIESCE_MS = 10_000;

/** The configuration for an application, in shadow mode, with a remark wherever something was guessed. Holds no secret. */
export function draftConfiguration(survey: Survey, signals: readonly DraftedSignal[]): string {
  const sections = [
    HEAD,
    applicationSection(survey),
    databaseSection(survey),
    signalsSection(signals),
    POLICY,
    RELEASE,
    NOTIFY,
    serverSection(survey),
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

const HEAD = [
  "# Drafted by `rollwatch init` from what it saw on this host. Every trigger is in shadow mode: rollwatch watches, decides",
  "# and tells what it would do, and does nothing. `found:` says what a line rests on, `check:` what you should look at.",
  "#",
  "#   rollwatch config validate    every problem at once, with line and cure",
  "#   rollwatch doctor             everything that a rollback would need",
  "#   rollwatch run                the daemon",
  "#",
  "# docs/configuration.md and config/rollwatch.yaml describe every key.",
];

function applicationSection(survey: Survey): readonly string[] {
  const { name, pm2Home, pm2Version, application, commit } = survey;
  const { root, isGit } = application;
  const source = isGit
    ? `git # found: commit ${commit?.slice(0, 12) ?? "none yet; check: commit what is deployed"}`
    : "directory # found: no git repository, so the content of the artefacts tells releases apart";
  return [
    "application:",
    `  name: ${yamlText(name)} # check: it labels every metric and notice`,
    `  root: ${yamlText(root)} # found: where the services work`,
    `  pm2Home: ${yamlText(pm2Home)} # found: pm2 ${remark(pm2Version)}`,
    `  source: ${source}`,
    "  # In the order of starting. check: `work` (what a stop in the middle of a task does: transactional, idempotent, unsafe)",
    "  # and `destructive: true` for services that delete data.",
    "  services:",
    ...application.services.flatMap((service) => serviceLines(survey, service.name)),
    ...filesLines(survey),
    ...releaseIdLines(survey),
  ];
}

function serviceLines({ application, origins }: Survey, name: string): readonly string[] {
  const { instances } = application.services.find((one) => one.name === name) ?? { instances: [] };
  const hosts = origins.filter(({ service }) => service === name).map(({ host }) => host);
  const status = instances[0]?.status ?? "unknown";
  const killTimeoutMs = Math.max(0, ...instances.map((one) => one.killTimeoutMs));
  const processes = instances.length === 1 ? "one process" : `${instances.length} processes`;
  const where = hosts.length === 0 ? "listens nowhere" : `at ${hosts.join(", ")}`;
  const lines = [`    - name: ${yamlText(name)} # found: ${processes}, ${status}, ${where}`];
  return killTimeoutMs > USUAL_QUIESCE_MS
    ? [
        ...lines,
        `      quiesce: ${formatDuration(killTimeoutMs)} # found: the time that pm2 gives it`,
      ]
    : lines;
}

function filesLines({ files }: Survey): readonly string[] {
  const { artifacts, built, environment, lockfile, left } = files;
  const leaving = left.length === 0 ? "" : ` check: not among them ${left.join(", ")}`;
  const committed = artifacts.filter((path) => !built.includes(path));
  return [
    `  # What a release consists of, put back whole. ${remark(leaving)}`.trimEnd(),
    "  artifacts:",
    ...committed.map((path) => `    - ${yamlText(path)}`),
    ...built.map((path) => `    - ${yamlText(path)} # found: built or installed, not committed`),
    ...(lockfile === undefined || lockfile === "package-lock.json"
      ? []
      : [`  lockfile: ${yamlText(lockfile)} # found`]),
    ...(environment.length === 0
      ? [
          "  # check: files with settings that go with a release, by kind (environment, database, monitoring). Found: none.",
        ]
      : [
          "  configFiles:",
          `    environment: [${environment.map(yamlText).join(", ")}] # found: in the root`,
        ]),
  ];
}

function releaseIdLines({ releaseId }: Survey): readonly string[] {
  return releaseId === undefined
    ? [
        "  # check: an address where the application says which release it is; it proves after a rollback what answers.",
        "  # releaseIdFrom: { url: http://127.0.0.1:3000/health, json: release }",
      ]
    : [
        `  releaseIdFrom: { url: ${yamlText(releaseId.url)}, json: ${yamlText(releaseId.json)} } # found: it says the commit`,
      ];
}

function databaseSection({ database, state }: Survey): readonly string[] {
  if (database === undefined) {
    return [
      "# check: the application's PostgreSQL, if it has one; asked directly, so that its failure is not blamed on a release.",
      '# database: { url: "${DATABASE_URL}" }',
    ];
  }
  const { variable, address, from, answer } = database;
  const migrations = answer.kind === "answers" ? answer.migrations : undefined;
  const wellness =
    answer.kind === "answers"
      ? `PostgreSQL ${remark(shortVersion(answer.version))} answers`
      : `check: it did not answer (${remark(answer.reason)})`;
  return [
    `# found: ${remark(address)} in ${remark(from)}; ${wellness}`,
    "# The address holds a password, so it stays out of this file. Put it into one that only rollwatch's user can read:",
    `#   install -D -m 600 /dev/null ${state}.env`,
    `#   ${variable}='postgresql://user:password@host:5432/name'    the line to write into it`,
    `#   set -a; . ${state}.env; set +a    before rollwatch is started`,
    "# A role of its own that may connect and read the migrations is enough.",
    "database:",
    `  url: \${${variable}}`,
    ...(migrations === undefined
      ? [
          "  # check: the table in which migrations are recorded, and the column that names one. Found: none.",
          "  # migrations: { table: schema_migrations, column: name }",
        ]
      : [
          `  migrations: { table: ${yamlText(migrations.table)}, column: ${yamlText(migrations.column)} } # found: ${remark(migrations.revision)}`,
        ]),
    "  # check: a snapshot with every captured release; its role must be able to read every table.",
    "  # dump: {}",
  ];
}

function signalsSection(signals: readonly DraftedSignal[]): readonly string[] {
  return [
    "# What is measured, and above which value it is bad. `rollwatch config explain` says what each limit means.",
    "signals:",
    ...signals.flatMap(({ lines }) => lines.map((line) => `  ${line}`)),
  ];
}

const POLICY = [
  "# What rollwatch may do: off, shadow (decide and tell, do nothing), recommend (ask a person), auto (act and tell).",
  "# Leave shadow when its decisions are the ones you would have made; recommend and auto need `people`.",
  "policy:",
  "  triggers:",
  ...TRIGGERS.map((trigger) => `    ${trigger}: { mode: shadow }`),
];

const RELEASE = [
  "release:",
  "  bake: 10m # how long every signal must be ok before a release counts as proven",
  "  keep: 5 # captured releases to keep",
];

const NOTIFY = [
  "# Who decides, with tokens that prove it.",
  '# people: { contacts: [{ name: Ada Lovelace, roles: [system-administrator], token: "file:/etc/rollwatch/tokens/ada" }] }',
  "",
  "# check: who is told where. rollwatch's own log alone wakes nobody.",
  "notify:",
  "  channels:",
  "    log: { kind: log }",
  '    # operations: { kind: webhook, url: "${OPERATIONS_WEBHOOK_URL}" }',
  "  routes: { page: [log], tell: [log] }",
];

function serverSection({ state, port }: Survey): readonly string[] {
  return [
    "server:",
    `  listen: 127.0.0.1:${port} # found: nobody listens there; metrics and the API`,
    "",
    "# rollwatch's own folder, for its user alone; made at the start.",
    `state: ${yamlText(state)}`,
  ];
}
