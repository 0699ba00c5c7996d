/** Sentences as one text, and how many more there are: one cause says the same of dozens of things. */
export function firstFew(sentences: readonly string[], most: number): string {
  const more = sentences.length - most;
  return `${sentences.slice(0, most).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
