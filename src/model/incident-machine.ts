/** Where the decision about an incident can stand; `docs/recovery.md` numbers them after those of a recovery. */
export const INCIDENT_STATES = ["unopened", "undecided", "decided", "planned", "closed"] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

/** What the journal can say of an incident. */
export const INCIDENT_EVENTS = [
  "incident-opened",
  "incident-grown",
  "judged",
  "decided",
  "planned",
  "acknowledged",
  "noted",
  "labelled",
  "closed",
  "closed-over-recovery",
] as const;
export type IncidentEvent = (typeof INCIDENT_EVENTS)[number];

type Row<To> = Readonly<Record<IncidentEvent, To>>;

const NOTHING: Row<"impossible"> = {
  "incident-opened": "impossible",
  "incident-grown": "impossible",
  judged: "impossible",
  decided: "impossible",
  planned: "impossible",
  acknowledged: "impossible",
  noted: "impossible",
  labelled: "impossible",
  closed: "impossible",
  "closed-over-recovery": "impossible",
};

/** What each event does in each state. The journal takes no fact that is `impossible` here. */
export const INCIDENT_TRANSITIONS: Readonly<
  Record<IncidentState, Row<IncidentState | "impossible">>
> = {
  // Rows of a kept database may be noted when their incident is too old to be remembered.
  unopened: { ...NOTHING, "incident-opened": "undecided", noted: "unopened" },
  undecided: {
    ...openRow("undecided"),
    decided: "decided",
  },
  decided: openRow("decided"),
  planned: openRow("planned"),
  // A person may close it while it is being judged: that answer comes late, and nothing follows from it.
  closed: { ...NOTHING, judged: "closed", decided: "closed", noted: "closed", labelled: "closed" },
};

function openRow<S extends IncidentState>(same: S): Row<S | "planned" | "closed" | "impossible"> {
  return {
    "incident-opened": "impossible",
    "incident-grown": same,
    judged: same,
    decided: same,
    planned: "planned",
    acknowledged: same,
    noted: same,
    labelled: same,
    closed: "closed",
    "closed-over-recovery": "impossible",
  };
}
