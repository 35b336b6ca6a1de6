// Snippets in a text: where one is being looked for, what is filled in, and which fields still wait for a person.
import type { Question, Snippet } from "../../bridge/dto";

/** What a person is asked for, and what should have been filled in and was not known. */
const FIELD = /\{(?:ask:([^{}\n]{1,40})|(asker|number|org))\}/;

export interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** The first field that nobody has filled in. */
export function missingField(text: string): Field | null {
  return fieldAfter(text, 0);
}

/** The first field at or after a place; from the start again behind the last one. */
export function fieldAfter(text: string, from: number): Field | null {
  const found = FIELD.exec(text.slice(from));
  if (found) return { name: found[1] ?? found[2] ?? "", from: from + found.index, to: from + found.index + found[0].length };
  return from === 0 ? null : fieldAfter(text, 0);
}

/** What the text before the caret asks for: `/` at the start of a word and what follows it. */
export function slashBefore(text: string, caret: number): { from: number; query: string } | null {
  const found = /(?:^|[\s(（「“])\/([^\s/]{0,30})$/u.exec(text.slice(0, caret));
  return found ? { from: caret - (found[1]?.length ?? 0) - 1, query: found[1] ?? "" } : null;
}

/** The text with all that is known filled in. Braces in a name could be taken for a field, so they are taken out. */
export function fill(text: string, question: Question | null, org: string): string {
  const plain = (value: string): string => value.replace(/[{}]/g, "");
  const known: Record<string, string> = { asker: plain([question?.asker.name ?? "", ...(question?.alsoAsked ?? [])].filter((name) => name !== "").join(", ")), number: question ? `#${question.number}` : "", org: plain(org) };
  return text.replace(/\{(asker|number|org)\}/g, (whole, name: string) => known[name] || whole);
}

/** How well a text answers to letters typed in order; higher is better, null is not at all. */
export function fuzzy(query: string, text: string): number | null {
  const wanted = query.toLocaleLowerCase();
  const given = text.toLocaleLowerCase();
  if (wanted === "") return 0;
  const whole = given.indexOf(wanted);
  if (whole >= 0) return 1_000 - whole;
  let at = -1;
  let score = 0;
  for (const letter of wanted) {
    const next = given.indexOf(letter, at + 1);
    if (next < 0) return null;
    score += next === at + 1 ? 4 : /\s/.test(given[next - 1] ?? " ") ? 2 : 0;
    at = next;
  }
  return score;
}

/** A snippet's own name among all of them: rooms' servers name theirs without knowing of each other. */
export function snippetKey({ id, room, team }: Snippet): string {
  return team ? `${room}/${id}` : id;
}

/** The snippets for what was typed, best first: by name, then by text; of two with one name one's own first. */
export function matching(snippets: readonly Snippet[], query: string): Snippet[] {
  const score = (snippet: Snippet): number | null => {
    const byName = fuzzy(query, snippet.name);
    if (byName !== null) return byName + 2_000;
    return snippet.text.toLocaleLowerCase().includes(query.toLocaleLowerCase()) ? 1 : null;
  };
  return snippets
    .flatMap((snippet) => {
      const found = score(snippet);
      return found === null ? [] : [{ snippet, found }];
    })
    .sort((a, b) => b.found - a.found || a.snippet.name.localeCompare(b.snippet.name) || Number(a.snippet.team) - Number(b.snippet.team))
    .map(({ snippet }) => snippet);
}
