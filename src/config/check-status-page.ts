import type { ApplicationSettings } from "../model/application.ts";
import type { StatusPageSettings } from "../notify/status-page/settings.ts";
import { duplicates, notOneOf } from "./name-findings.ts";
import type { Finding } from "./problem.ts";
import type { SignalSettings } from "./schema.ts";

interface Parts {
  readonly statusPage?: StatusPageSettings | undefined;
  readonly application: ApplicationSettings | undefined;
  readonly signals: readonly SignalSettings[] | undefined;
}

/** Parts of the public page that could not be told apart, or speak of what there is not. */
export function checkStatusPage({ statusPage, application, signals }: Parts): readonly Finding[] {
  const components = statusPage?.components ?? [];
  const services = application?.services.map(({ name }) => name);
  const known = signals?.map(({ name }) => name);
  const names = components.map(({ name }) => name);
  const place = ["statusPage", "components"];
  return [
    ...duplicates(names, (index) => [...place, index, "name"]),
    ...components.flatMap((one, index) => [
      ...unknown(one.services, services, [...place, index, "services"], "a service of this file"),
      ...unknown(one.signals, known, [...place, index, "signals"], "a signal of this file"),
    ]),
    ...Object.entries(statusPage?.publish ?? {}).flatMap(([page, publisher]) =>
      Object.keys(publisher.components)
        .filter((name) => !names.includes(name))
        .map((name) =>
          notOneOf(
            ["statusPage", "publish", page, "components", name],
            name,
            names,
            "a part of statusPage.components",
          ),
        ),
    ),
  ];
}

/** Nothing where the section that they stand in could not be read. */
function unknown(
  names: readonly string[],
  known: readonly string[] | undefined,
  path: readonly (string | number)[],
  expected: string,
): readonly Finding[] {
  return known === undefined
    ? []
    : names.flatMap((name, index) =>
        known.includes(name) ? [] : [notOneOf([...path, index], name, known, expected)],
      );
}
