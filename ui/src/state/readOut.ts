// What of a room is said to who cannot see it.
import type { Row } from "../bridge/dto";
import { t } from "../i18n/language.svelte";
import { Announcer } from "./announcer.svelte";
import { displayBody, displayName } from "./display";
import { isEntry } from "./fresh.svelte";

/** Whoever wants more of it goes to the row. */
const LONGEST = 200;

export const roomAnnouncer = (): Announcer => new Announcer((n) => t("say.new", { n }));

/** Others have said this. Behind the desk only questions are of interest, whose list tells what becomes of them, and what concerns this person. */
export function readOut(announcer: Announcer, rows: readonly Row[], covered: boolean): void {
  for (const row of rows) {
    if (!isEntry(row) || row.ruled?.muted || row.removed || row.retracted || (covered && row.kind !== "question" && !row.toMe)) continue;
    const [answers, name] = [row.toMe && row.kind === "answer", row.kind === "answer" && row.org !== "" ? row.org : row.name];
    const words = (): string => t(answers ? "say.answered" : "say.said", { name: displayName(name), text: displayBody(row.text).slice(0, LONGEST) });
    if (row.toMe) announcer.say(words());
    else announcer.mention(words);
  }
}
