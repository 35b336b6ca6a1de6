// What the backend wants known, until somebody has read it.
import type { Notice } from "../bridge/dto";
import type { Aside } from "./aside.svelte";

export class Notices {
  all = $state.raw<readonly Notice[]>([]);
  readonly #aside: Aside;

  constructor(aside: Aside) {
    this.#aside = aside;
  }

  /** Comes with every pull; what is on screen stays there as it is. */
  heard(notices: readonly Notice[]): void {
    if (JSON.stringify(notices) !== JSON.stringify(this.all)) this.all = notices;
  }

  dismiss(notice: Notice): void {
    this.all = this.all.filter((other) => other !== notice);
    // Gone already is as good.
    void this.#aside.bridge.dismissNotice({ ...notice }).catch(() => undefined);
  }
}
