// The parts of the page that the first picture does without. Each is a script of its own with its styles; it comes when somebody asks for it, and otherwise once the first rows are on the screen.
import type { Component } from "svelte";
import type { Aside } from "./state/aside.svelte";
import type { AnswerDesk } from "./state/desk/desk.svelte";
import type { Presenter } from "./state/desk/presenter.svelte";

export class Later<Props extends Record<string, unknown>> {
  /** Itself, once it has come: a tag without a component draws nothing. */
  here = $state.raw<Component<Props> | null>(null);
  readonly #load: () => Promise<{ default: Component<Props> }>;
  #coming: Promise<boolean> | null = null;

  constructor(load: () => Promise<{ default: Component<Props> }>) {
    this.#load = load;
  }

  /** Whether it has come. Where it could not, the next one who asks tries again. */
  come(): Promise<boolean> {
    return (this.#coming ??= this.#load().then(
      (part) => {
        this.here = part.default;
        return true;
      },
      () => {
        this.#coming = null;
        return false;
      },
    ));
  }
}

export const later = {
  sheets: new Later<{ aside: Aside }>(() => import("./chrome/Sheets.svelte")),
  desk: new Later<{ aside: Aside; desk: AnswerDesk }>(() => import("./questions/Desk.svelte")),
  deskSheets: new Later<{ aside: Aside; desk: AnswerDesk; showTimeline: () => void }>(() => import("./questions/DeskSheets.svelte")),
  doors: new Later<{ aside: Aside }>(() => import("./chrome/Doors.svelte")),
  /** In a window of its own. */
  present: new Later<{ presenter: Presenter }>(() => import("./questions/Present.svelte")),
};

/** All that a room's window needs, one after the other: between them the page does what somebody asks of it. */
export async function comeAll(): Promise<void> {
  for (const part of [later.sheets, later.desk, later.deskSheets]) await part.come();
}
