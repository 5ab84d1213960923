/** The newest `count` of a list that would otherwise grow for ever. */
export function keepLast<T>(count: number, list: readonly T[]): readonly T[] {
  return list.length > count ? list.slice(-count) : list;
}

/** The list without its oldest finished members beyond `count`; unfinished ones always stay. */
export function keepLastFinished<T>(
  count: number,
  list: readonly T[],
  isFinished: (one: T) => boolean,
): readonly T[] {
  let surplus = list.filter((one) => isFinished(one)).length - count;
  if (surplus <= 0) {
    return list;
  }
  return list.filter((one) => {
    if (surplus > 0 && isFinished(one)) {
      surplus -= 1;
      return false;
    }
    return true;
  });
}
