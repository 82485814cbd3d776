/**
 * Device ids: words in lower case with hyphens, fit for a topic, unique in a street. `taken` remembers those given out;
 * a second device of the same name gets a number behind it.
 */
export function deviceId(taken: Set<string>, ...words: string[]): string {
  const slug = words
    .map((word) =>
      word
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-+|-+$/g, ''),
    )
    .filter((word) => word !== '')
    .join('-')
    .slice(0, 90);
  let id = slug;
  for (let n = 2; taken.has(id); n++) id = `${slug}-${n}`;
  taken.add(id);
  return id;
}
