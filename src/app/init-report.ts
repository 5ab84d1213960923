import { shortVersion } from "./init-database.ts";
import type { Survey } from "./init-survey.ts";

/** What was found, one sentence each. */
export function findingsOf(survey: Survey): readonly string[] {
  const { application, commit, files, endpoints, releaseId, database } = survey;
  const { health, page, metrics, websocket } = endpoints;
  return [
    ...(commit === null
      ? []
      : [`Commit ${commit.slice(0, 12)} is deployed in ${application.root}.`]),
    `A release consists of ${files.artifacts.join(", ")}.`,
    ...health.map(({ service, url, detail }) => `${service} is healthy at ${url} (${detail}).`),
    ...(page === undefined ? [] : [`${page.service} answers at ${page.url} (${page.detail}).`]),
    ...(metrics === undefined
      ? []
      : [`${metrics.service} publishes metrics of its requests at ${metrics.url}.`]),
    ...(websocket === undefined
      ? []
      : [`${websocket.service} speaks WebSocket at ${websocket.url} (${websocket.detail}).`]),
    ...(releaseId === undefined ? [] : [`${releaseId.url} says the commit in ${releaseId.json}.`]),
    ...(database === undefined ? [] : [tellDatabase(database)]),
  ];
}

function tellDatabase({ address, from, answer }: NonNullable<Survey["database"]>): string {
  const known =
    answer.kind === "fails"
      ? "it does not answer"
      : `PostgreSQL ${shortVersion(answer.version)}, ${answer.migrations === undefined ? "no known migrations table" : `migrations in ${answer.migrations.table}`}`;
  return `The database ${address} stands in ${from}: ${known}.`;
}

/** What a person should look at, one sentence each. */
export function checksOf(survey: Survey): readonly string[] {
  const { application, commit, files, endpoints, releaseId, database } = survey;
  return [
    ...application.unnameable.map(
      (name) =>
        `${JSON.stringify(name)} cannot be watched: rename the service, pm2 takes its name for a number or a pattern.`,
    ),
    ...(commit === null && application.isGit
      ? ["The repository has no commit: commit what is deployed."]
      : []),
    ...endpoints.notes.map((note) => `${note}.`),
    ...(endpoints.health.length === 0
      ? [
          "No health address was found: add an http signal, or only pm2 tells that the application is down.",
        ]
      : []),
    ...(releaseId === undefined
      ? ["The application does not say which release it is (application.releaseIdFrom)."]
      : []),
    ...(database === undefined
      ? ["No database was found in the services' environments."]
      : database.answer.kind === "fails"
        ? [`The database did not answer: ${database.answer.reason}.`]
        : []),
    ...(files.left.length === 0 ? [] : [`Not part of a release: ${files.left.join(", ")}.`]),
  ];
}
