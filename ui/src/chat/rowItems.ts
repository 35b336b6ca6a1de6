// What may be done about a row and who said it.
import type { Row } from "../bridge/dto";
import { t } from "../i18n/language.svelte";
import { copyText } from "../parts/copyText";
import { displayBody, displayName } from "../state/display";
import { isRemovable, type OrderActions } from "../state/order.svelte";
import { streamer } from "../state/streamer.svelte";

/** What one may do about people and what they say. */
export interface PeopleActions {
  about: (row: Row) => void;
  mark: (row: Row) => void;
  mute: (row: Row) => void;
  mutePhrase: (text: string) => void;
}

export interface RowItem {
  readonly words: string;
  /** Done from this menu. */
  readonly act: (menu: HTMLElement | undefined) => void;
}

/** A phrase that a rule may hold, in characters; of a longer one nobody means every word. */
const PHRASE = 80;

/** `phrase` is what is selected in the row; `context` shows the row among all others, and is null where it stands there. */
export function itemsFor(row: Row, phrase: string, people: PeopleActions, order: OrderActions | null, context: (() => void) | null): RowItem[] {
  const name = displayName(row.name) || displayName(row.user);
  // Somebody who can be known again: an answer's id is whatever the server makes it.
  const isOther = !row.mine && row.kind !== "answer";
  return [
    { words: t("menu.context"), act: () => context?.(), shown: context !== null },
    { words: t("menu.about", { name }), act: () => people.about(row), shown: isOther },
    { words: t("menu.mark"), act: () => people.mark(row), shown: isOther },
    { words: t("menu.mute"), act: () => people.mute(row), shown: isOther },
    { words: t("menu.mutePhrase", { text: phrase }), act: () => people.mutePhrase(phrase), shown: !row.mine && phrase !== "" && phrase.length <= PHRASE },
    { words: t("menu.silence", { name }), act: () => order?.silence(row), shown: order !== null && isOther && row.user !== "" },
    { words: t("menu.remove"), act: () => order?.remove(row), shown: order !== null && isRemovable(row) },
    { words: t("menu.removeWhy"), act: () => order?.removeWhy(row), shown: order !== null && isRemovable(row) },
    { words: t("order.open"), act: () => order?.open(), shown: order !== null },
    { words: t("menu.copy"), act: () => document.execCommand("copy"), shown: phrase !== "" },
    { words: t("menu.copyText"), act: (menu?: HTMLElement) => copyText(displayBody(row.text), menu), shown: phrase === "" && row.text !== "" && !row.removed && !row.retracted && !(streamer.on && row.visibility !== "public") },
  ].filter(({ shown }) => shown);
}
