// The name that was probably meant, for hints. Candidates are found by the pairs and triples of letters that they share with
// the word, and ranked by the edits that lead from one to the other: what the Haskell package fuzzyset does for PostgREST.

const normalized = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}\s,]/gu, "");

function grams(text: string, size: number): Map<string, number> {
  const characters = [...`-${normalized(text)}-`];
  const counts = new Map<string, number>();
  for (let at = 0; at + size <= characters.length; at++) {
    const gram = characters.slice(at, at + size).join("");
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

const magnitude = (counts: Map<string, number>) =>
  Math.sqrt([...counts.values()].reduce((sum, one) => sum + one * one, 0));

/** Levenshtein's distance. */
function edits(one: string, other: string): number {
  const [left, right] = [[...one], [...other]];
  let row = right.map((_, index) => index + 1);
  row.unshift(0);
  for (const [above, character] of left.entries()) {
    const next = [above + 1];
    for (let at = 0; at < right.length; at++) {
      next.push(Math.min(next[at] + 1, row[at + 1] + 1, row[at] + Number(character !== right[at])));
    }
    row = next;
  }
  return row[right.length];
}

/** From 0 to 1. */
function similarity(one: string, other: string): number {
  const longest = Math.max([...one].length, [...other].length);
  return longest === 0 ? 1 : 1 - edits(one, other) / longest;
}

interface Match {
  score: number;
  name: string;
}

const CANDIDATES = 50;
/** Beyond it a word is like no name that Postgres allows (63 bytes), and comparing it would cost. */
const LONGEST = 200;

function matchesOf(names: readonly string[], word: string, leastScore: number, size: number): Match[] {
  const wanted = grams(word, size);
  const length = magnitude(wanted);
  const shared = names.flatMap((name) => {
    const own = grams(name, size);
    let product = 0;
    for (const [gram, count] of wanted) product += count * (own.get(gram) ?? 0);
    return product > 0 ? [{ score: product / (length * magnitude(own)), name }] : [];
  });
  return shared
    .sort((one, other) => other.score - one.score)
    .slice(0, CANDIDATES)
    .map(({ name }) => ({ score: similarity(word, name.toLowerCase()), name }))
    .sort((one, other) => other.score - one.score)
    .filter(({ score }) => score >= leastScore);
}

/** Best first; one that is the same but for capitals is the only one, with score 1. */
export function closestMatches(names: readonly string[], given: string, leastScore = 0.33): Match[] {
  if (given.length > LONGEST) return [];
  const word = given.toLowerCase();
  const same = names.find((name) => name.toLowerCase() === word);
  if (same !== undefined) return [{ score: 1, name: same }];
  const triples = matchesOf(names, word, leastScore, 3);
  return triples.length > 0 ? triples : matchesOf(names, word, leastScore, 2);
}

export const closestMatch = (names: readonly string[], word: string, leastScore?: number): string | undefined =>
  closestMatches(names, word, leastScore)[0]?.name;
