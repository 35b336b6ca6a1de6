// What the backend wants known, until somebody has read it.
import type { Notice } from "../bridge/dto";

export class Notices {
  all = $state.raw<readonly Notice[]>([]);

  dismiss(notice: Notice): void {
    this.all = this.all.filter((other) => other !== notice);
  }
}
