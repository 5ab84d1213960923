/** Does something that must never trouble the application: what it throws is forgotten. */
export function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // Nobody here to tell: a measurement is missing, and rollwatch says so.
  }
}
