// What the views of a timeline are called, and what they say while there is nothing in them.
import type { Key } from "../i18n/catalogue";
import { BUILT_IN, type BuiltIn } from "../state/views.svelte";

interface Said {
  /** What everybody calls it; a person's own has a name of its own. */
  readonly name: Key;
  readonly empty: Key;
  readonly hint: Key;
}

const words: Record<BuiltIn, Said> = {
  questions: { name: "views.questions", empty: "views.empty.questions", hint: "views.hint.questions" },
  mentions: { name: "views.mentions", empty: "views.empty.mentions", hint: "views.hint.mentions" },
  staff: { name: "views.staff", empty: "views.empty.staff", hint: "views.hint.staff" },
};
const own: Said = { name: "views.label", empty: "views.empty.own", hint: "views.hint.own" };

export const wordsOf = (view: string): Said => {
  const known = BUILT_IN.find((id) => id === view);
  return known ? words[known] : own;
};
