/** What is wrong with an address that has other percent signs. */
export const ESCAPES_EXPECTED = "expected %25 where a percent sign is meant";

/** Whether every percent sign of an address begins an escape, so that its parts can be decoded. */
export function hasWholeEscapes(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
