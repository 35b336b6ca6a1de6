// The one table of keys: it decides what a key does and draws the sheet that explains them.
import type { Key } from "../../i18n/catalogue";

export type CommandId = (typeof table)[number]["id"];
export type Group = "move" | "work" | "moderate" | "stage" | "compose" | "find" | "looks";

interface Entry {
  readonly id: string;
  readonly keys: readonly string[];
  readonly words: Key;
  readonly group: Group;
  /** Works while a text field has the focus, too. */
  readonly fields?: true;
  /** Handled by the field itself: shown, never run from the table. */
  readonly own?: true;
}

export const table = [
  { id: "next", keys: ["j", "ArrowDown"], words: "key.next", group: "move" },
  { id: "previous", keys: ["k", "ArrowUp"], words: "key.previous", group: "move" },
  { id: "extendNext", keys: ["J", "Shift+ArrowDown"], words: "key.extendNext", group: "move" },
  { id: "extendPrevious", keys: ["K", "Shift+ArrowUp"], words: "key.extendPrevious", group: "move" },
  { id: "first", keys: ["Home"], words: "key.first", group: "move" },
  { id: "last", keys: ["End"], words: "key.last", group: "move" },
  { id: "needsMe", keys: ["n"], words: "key.needsMe", group: "move" },
  { id: "goTo", keys: ["g"], words: "key.goTo", group: "move" },
  { id: "lane1", keys: ["1"], words: "lane.review", group: "move" },
  { id: "lane2", keys: ["2"], words: "lane.open", group: "move" },
  { id: "lane3", keys: ["3"], words: "lane.mine", group: "move" },
  { id: "lane4", keys: ["4"], words: "lane.live", group: "move" },
  { id: "lane5", keys: ["5"], words: "lane.done", group: "move" },
  { id: "apply", keys: ["."], words: "key.apply", group: "move" },
  { id: "readHere", keys: ["M"], words: "key.readHere", group: "move" },
  { id: "viewNext", keys: ["Mod+PageDown"], words: "key.viewNext", group: "move", fields: true },
  { id: "viewPrevious", keys: ["Mod+PageUp"], words: "key.viewPrevious", group: "move", fields: true },
  { id: "open", keys: ["Enter"], words: "key.open", group: "work" },
  { id: "reply", keys: ["r"], words: "key.reply", group: "work" },
  { id: "claim", keys: ["c"], words: "key.claim", group: "work" },
  { id: "takeOver", keys: ["C"], words: "key.takeOver", group: "work" },
  { id: "answered", keys: ["e"], words: "key.answered", group: "work" },
  { id: "answeredNext", keys: ["E"], words: "key.answeredNext", group: "work" },
  { id: "dismiss", keys: ["x"], words: "key.dismiss", group: "work" },
  { id: "whyOffTopic", keys: ["u"], words: "key.whyOffTopic", group: "work" },
  { id: "whyDuplicate", keys: ["d"], words: "key.whyDuplicate", group: "work" },
  { id: "whyAbuse", keys: ["b"], words: "key.whyAbuse", group: "work" },
  { id: "sumUp", keys: ["s"], words: "key.sumUp", group: "work" },
  { id: "followUp", keys: ["f"], words: "key.followUp", group: "work" },
  { id: "reopen", keys: ["o"], words: "key.reopen", group: "work" },
  { id: "undo", keys: ["z", "Mod+z"], words: "key.undo", group: "work" },
  { id: "leave", keys: ["Escape"], words: "key.leave", group: "work" },
  { id: "approve", keys: ["a"], words: "key.approve", group: "moderate" },
  { id: "reject", keys: ["X"], words: "key.reject", group: "moderate" },
  { id: "tag", keys: ["t"], words: "key.tag", group: "moderate" },
  { id: "merge", keys: ["m"], words: "key.merge", group: "moderate" },
  { id: "editText", keys: ["i"], words: "key.editText", group: "moderate" },
  { id: "pin", keys: ["p"], words: "key.pin", group: "moderate" },
  { id: "makeQuestion", keys: ["q"], words: "key.makeQuestion", group: "moderate" },
  { id: "removeRow", keys: ["Delete", "Mod+Backspace"], words: "key.removeRow", group: "moderate" },
  { id: "moderation", keys: ["Mod+Shift+m"], words: "key.moderation", group: "moderate", fields: true },
  { id: "live", keys: ["l"], words: "key.live", group: "stage" },
  { id: "stageNext", keys: ["L"], words: "key.stageNext", group: "stage" },
  { id: "advance", keys: ["]"], words: "key.advance", group: "stage" },
  { id: "present", keys: ["v"], words: "key.present", group: "stage" },
  { id: "sendPublic", keys: ["Mod+Enter"], words: "key.sendPublic", group: "compose", own: true },
  { id: "sendPrivate", keys: ["Mod+Shift+Enter"], words: "key.sendPrivate", group: "compose", own: true },
  { id: "snippet", keys: ["Mod+j"], words: "key.snippet", group: "compose", own: true },
  { id: "editLast", keys: ["ArrowUp"], words: "key.editLast", group: "compose", own: true },
  { id: "search", keys: ["/", "Mod+f"], words: "key.search", group: "find", fields: true },
  { id: "date", keys: ["Mod+Shift+d"], words: "key.date", group: "find", fields: true },
  { id: "palette", keys: ["Mod+k"], words: "key.palette", group: "find", fields: true },
  { id: "help", keys: ["?"], words: "key.help", group: "find" },
  { id: "guide", keys: ["F1"], words: "guide.title", group: "find", fields: true },
  { id: "tour", keys: [], words: "tour.start", group: "find", fields: true },
  { id: "export", keys: ["Mod+Shift+e"], words: "key.export", group: "find", fields: true },
  { id: "numbers", keys: ["#"], words: "key.numbers", group: "find" },
  { id: "textLarger", keys: ["Mod+=", "Mod++", "Mod+Shift++"], words: "key.textLarger", group: "looks", fields: true },
  { id: "textSmaller", keys: ["Mod+-"], words: "key.textSmaller", group: "looks", fields: true },
  { id: "textUsual", keys: ["Mod+0"], words: "key.textUsual", group: "looks", fields: true },
] as const satisfies readonly Entry[];

/** Keys that stay what they are: no command has one of them, however it was bound. */
export const fixed = [
  { id: "hide", keys: ["Mod+w"], words: "key.hide" },
  { id: "strip", keys: ["Mod+b"], words: "window.strip" },
  { id: "room", keys: [..."123456789"].map((digit) => `Mod+${digit}`), words: "key.room" },
  { id: "moveRoom", keys: ["Alt+Shift+ArrowUp", "Alt+Shift+ArrowDown"], words: "key.moveRoom" },
] as const satisfies readonly { readonly id: string; readonly keys: readonly string[]; readonly words: Key }[];

export type FixedId = (typeof fixed)[number]["id"];

export const commands: readonly (Entry & { readonly id: CommandId })[] = table;
export const GROUPS: readonly Group[] = ["move", "work", "moderate", "stage", "compose", "find", "looks"];

/** What a key event says; a KeyboardEvent is one. */
export interface Press {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly isComposing: boolean;
  readonly keyCode: number;
  getModifierState(name: string): boolean;
}

const onMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.platform);

/** The press as the table writes it, by the character that was produced; null for what is no business of ours. */
export function chordOf(press: Press, mac = onMac()): string | null {
  const { key } = press;
  if (press.isComposing || press.keyCode === 229 || ["Dead", "Process", "Unidentified", "Shift", "Control", "Alt", "Meta", "AltGraph"].includes(key)) return null;
  const letter = [...key].length === 1;
  // Many layouts have `]` or `#` only behind AltGr, which some systems report as Ctrl with Alt: a character is a character.
  if (press.getModifierState("AltGraph")) return letter ? key : null;
  if (press.altKey || (mac ? press.ctrlKey : press.metaKey)) return null;
  const mod = mac ? press.metaKey : press.ctrlKey;
  if (!mod && letter) return key;
  return `${mod ? "Mod+" : ""}${press.shiftKey ? "Shift+" : ""}${letter ? key.toLowerCase() : key}`;
}

/** Whether what has the focus takes text: letters are its own there. */
export function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit", "reset"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

export type Bindings = Readonly<Record<string, string>>;

const fixedOf = (chord: string | null): FixedId | null => fixed.find(({ keys }) => keys.some((key) => key === chord))?.id ?? null;

/** Which of the keys that cannot be chosen this is. */
export const fixedFor = (press: Press, mac = onMac()): FixedId | null => fixedOf(chordOf(press, mac));

/** The keys of a command: the chosen one, or those of the table. An empty choice is none. */
export function keysOf(id: CommandId, bound: Bindings): readonly string[] {
  const chosen = bound[id];
  if (chosen !== undefined && fixedOf(chosen) === null) return chosen === "" ? [] : [chosen];
  return commands.find((command) => command.id === id)?.keys ?? [];
}

/** What a press asks for, here. */
export function commandFor(press: Press, bound: Bindings, inField: boolean, mac = onMac()): CommandId | null {
  const chord = chordOf(press, mac);
  if (chord === null) return null;
  // In a field only what no text is made of, and only where the table says so.
  if (inField && !chord.startsWith("Mod+") && !/^F\d/.test(chord)) return null;
  return commands.find((command) => !command.own && (!inField || command.fields === true) && keysOf(command.id, bound).includes(chord))?.id ?? null;
}

/** Who else has this key. Keys of the composer live apart from those that are silent in fields. */
export function conflictOf(id: CommandId, chord: string, bound: Bindings): CommandId | FixedId | null {
  const asked = commands.find((command) => command.id === id);
  const meet = (other: Entry): boolean => (other.own === asked?.own ? true : (other.own ? asked : other)?.fields === true);
  return fixedOf(chord) ?? commands.find((command) => command.id !== id && meet(command) && keysOf(command.id, bound).includes(chord))?.id ?? null;
}

/** Whether a chord may be chosen: no Alt, and no bare key that types nothing or leaves a field. */
export function isBindable(chord: string, own: boolean): boolean {
  if (["Escape", "Tab", "Shift+Tab", "Enter"].includes(chord)) return false;
  return !own || chord.startsWith("Mod+");
}

const NAMES: Record<string, string> = { ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", PageUp: "PgUp", PageDown: "PgDn", Escape: "Esc", " ": "Space" };

/** A chord as it stands on the keys. */
export function chordWords(chord: string, mac = onMac()): string {
  const parts = chord === "+" ? ["+"] : chord.split(/\+(?=.)/);
  const key = parts.at(-1) ?? "";
  const shifted = parts.length === 1 && key.length === 1 && key !== key.toLowerCase();
  const names = [...parts.slice(0, -1).map((part) => (part === "Mod" ? (mac ? "⌘" : "Ctrl") : part)), ...(shifted ? ["Shift"] : []), NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key)];
  return names.join(mac ? " " : "+");
}
