/** Characters that XML cannot hold, not even escaped. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const UNHOLDABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/gu;

/** A text as it stands between the tags, or in a quoted attribute, of HTML and XML. */
export function escaped(text: string): string {
  return text
    .replaceAll(UNHOLDABLE, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
