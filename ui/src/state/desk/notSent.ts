// Answers of this person that were held or refused: their words are here, and nobody has read them.
import type { Person, Question } from "../../bridge/dto";

export interface NotSent {
  readonly question: string;
  readonly number: number;
  /** Its guard holds it; else it failed. */
  readonly held: boolean;
  /** The rows of what failed, and what is held: whoever has read of them all is told of others alone. */
  readonly marks: readonly string[];
  /** Who is about to answer, where that is why it is held. */
  readonly who: Person | null;
}

const marksOf = (id: string, held: boolean, unsent: Question["unsent"]): string[] => [...unsent.filter(({ failed }) => failed).map(({ key }) => key), ...(held ? [`held ${id}`] : [])];

/** In the order of the board. What is in doubt is none: it may have arrived. */
export function notSent(items: ReadonlyMap<string, Question>): NotSent[] {
  const all = [...items.values()].filter(({ held, unsent }) => held || unsent.some(({ failed }) => failed));
  return all.map(({ id, number, held, unsent, claim }) => ({ question: id, number, held, marks: marksOf(id, held, unsent), who: claim && !claim.mine ? claim.by : null }));
}
