/** Makes the compiler ask for every variant of a union; reached at run time only by data that skipped parsing. */
export function assertNever(value: never): never {
  throw new Error(`unexpected variant: ${JSON.stringify(value)}`);
}
