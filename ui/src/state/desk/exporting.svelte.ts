// An export on its way: what is asked for, how far it is, how it ended.
import { asAppError, type Bridge } from "../../bridge/bridge";
import type { AppError, ExportFormat, ExportProgress } from "../../bridge/dto";

export const FORMATS: readonly ExportFormat[] = ["csv", "xlsx", "json", "html", "report"];

export class Exporting {
  format = $state<ExportFormat>("csv");
  unanswered = $state(false);
  progress = $state.raw<ExportProgress | null>(null);
  error = $state.raw<AppError | null>(null);
  busy = $state(false);
  #newest = 0;
  readonly #room: string;
  readonly #bridge: Bridge;

  constructor(room: string, bridge: Bridge) {
    this.#room = room;
    this.#bridge = bridge;
  }

  async start(): Promise<void> {
    this.busy = true;
    this.error = null;
    this.progress = null;
    try {
      await this.#bridge.desk.exportRoom(this.#room, this.format, this.unanswered);
    } catch (thrown) {
      const error = asAppError(thrown);
      // That no place was chosen is an answer, no failure.
      if (error.code !== "cancelled") this.error = error;
    } finally {
      this.busy = false;
    }
  }

  /** Of another room, or of an export that another has followed, nothing is shown. */
  heard(progress: ExportProgress): void {
    if (progress.room !== this.#room || progress.number < this.#newest) return;
    this.#newest = progress.number;
    this.progress = progress;
  }

  async cancel(): Promise<void> {
    await this.#bridge.desk.cancelExport().catch(() => undefined);
  }
}
