/** The text of an `.env` file with some variables set; the rest, comments included, stays. New ones go to the end. */
export function setVariables(text: string, variables: Readonly<Record<string, string>>): string {
  const lines = text.replace(/\n$/u, "").split("\n");
  for (const [name, value] of Object.entries(variables)) {
    const at = lines.findIndex((line) => line.startsWith(`${name}=`));
    if (at === -1) {
      lines.push(`${name}=${value}`);
    } else {
      lines[at] = `${name}=${value}`;
    }
  }
  return `${lines.join("\n")}\n`;
}
