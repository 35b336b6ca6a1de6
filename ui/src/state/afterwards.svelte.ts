// Where a notification or a link leads while somebody writes in a sheet: there, once the sheet is gone with what they wrote.
import { takesText } from "./desk/keys";
import { openedIn, type Sheet } from "./sheet";

/** What may stand in front of the room. */
interface Window {
  readonly sheet: Sheet | null;
  readonly desk: { readonly sheet: { readonly kind: string } | null } | null;
}

/** Sheets that keep what is typed for themselves until it is saved. */
const FORMS = new Set(["join", "host", "hosting", "settings", "token", "rules", "silence", "remove", "view", "tags", "text", "note", "reject", "snippets"]);

const inFront = ({ sheet, desk }: Window): { readonly kind: string } | null => openedIn(sheet) ?? desk?.sheet ?? null;

class Afterwards {
  /** Somewhere was to be gone to. */
  waits = $state(false);
  #written: object | null = null;
  #then: (() => void) | null = null;

  /** Something was typed, perhaps in what stands in front. */
  typed(field: EventTarget | null, window: Window): void {
    const front = inFront(window);
    if (front && FORMS.has(front.kind) && takesText(field) && (field as HTMLElement).matches("dialog :not(select)")) this.#written = front;
  }

  /** Goes there at once where nothing would be lost by it. Of those that wait, the last is meant. */
  lead(window: Window, there: () => void): void {
    const front = inFront(window);
    if (front === null || front !== this.#written) return there();
    [this.#then, this.waits] = [there, true];
  }

  /** Another sheet stands in front, or none. */
  turned(window: Window): void {
    const then = this.#then;
    if (then === null || inFront(window) !== null) return;
    [this.#then, this.waits] = [null, false];
    then();
  }
}

export const afterwards = new Afterwards();
