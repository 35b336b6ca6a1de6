// What came back after an outage, as the timeline marks it: once it was read it stays marked for whoever looks on, until they look elsewhere.
import type { Recovery } from "../bridge/dto";

export class Recovered {
  /** What is marked. */
  shown: Recovery | null = null;
  #told: Recovery | null = null;
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** So it stands in the room. */
  tell(told: Recovery | null): void {
    this.#told = told;
    if (told === null || (told.count === this.shown?.count && told.first === this.shown.first && told.last === this.shown.last)) return;
    this.shown = told;
    this.#changed();
  }

  /** Nobody looks any more. */
  leave(): void {
    this.shown = this.#told;
  }
}
