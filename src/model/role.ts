/** The roles of the rollback team, by the runbook's names. */
export const ROLES = [
  "system-administrator",
  "database-administrator",
  "devops-engineer",
  "project-manager",
  "security-team",
  "senior-management",
  "executives",
] as const;
export type Role = (typeof ROLES)[number];
