/** Whether every value of one type is one of the other, and looks the same to a program that reads it. */
export function isWider(then: string, now: string): boolean {
  const text = /^character varying(?:\((\d+)\))?$/u;
  const [before, after] = [text.exec(then), text.exec(now)];
  if (before !== null && (now === "text" || after !== null)) {
    return sizeOf(after?.[1]) >= sizeOf(before[1]);
  }
  const number = /^numeric\((\d+),(\d+)\)$/u;
  const [less, more] = [number.exec(then), number.exec(now)];
  // With another scale the same number is written, rounded and compared as text in another way.
  return (
    less !== null && more !== null && less[2] === more[2] && Number(more[1]) >= Number(less[1])
  );
}

function sizeOf(text: string | undefined): number {
  return text === undefined ? Infinity : Number(text);
}
