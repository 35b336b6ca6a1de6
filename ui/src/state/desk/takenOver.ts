// Claims of this person that a colleague took over, for as long as nobody has taken note.
import type { Person, Question } from "../../bridge/dto";

export interface TakenOver {
  readonly question: string;
  readonly number: number;
  readonly who: Person;
}

type Items = ReadonlyMap<string, Question>;

/** What a room's desk leaves for its next one: colleagues take claims over while another room is looked at, too. */
export interface Left {
  readonly told: readonly TakenOver[];
  readonly items: Items;
  /** What was not sent, as far as somebody has read of it. */
  readonly read: ReadonlySet<string>;
}

export const leftOf = (told: readonly TakenOver[], read: ReadonlySet<string>, items: Items): Left => ({ told, read, items: new Map([...items].filter(([, { claim }]) => claim?.mine)) });

/** What is to be told after a change: what was told stands until the claim is this person's again or the question is gone. */
export function takenOver(told: readonly TakenOver[], before: Items, after: Items): readonly TakenOver[] {
  const news = [...before.values()].flatMap((was) => {
    const claim = was.claim?.mine ? after.get(was.id)?.claim : null;
    return claim && !claim.mine ? [{ question: was.id, number: was.number, who: claim.by }] : [];
  });
  const old = told.filter(({ question }) => after.has(question) && after.get(question)?.claim?.mine !== true && !news.some((one) => one.question === question));
  return news.length === 0 && old.length === told.length ? told : [...old, ...news];
}
