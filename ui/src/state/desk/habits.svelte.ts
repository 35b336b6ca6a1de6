// What a person has at hand at every desk: their snippets and their teams', and the keys they chose.
import { asAppError, type Bridge } from "../../bridge/bridge";
import type { AppError, RoomStatus, Snippet } from "../../bridge/dto";
import { conflictOf, isBindable, commands, type Bindings, type CommandId, type FixedId } from "./keys";

export class Habits {
  snippets = $state.raw<readonly Snippet[]>([]);
  bound = $state.raw<Bindings>({});
  error = $state.raw<AppError | null>(null);
  readonly #bridge: Bridge;
  #asked = 0;
  /** Where the lists of the open rooms' teams stand. */
  #marks = "";

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  async load(): Promise<void> {
    await this.#try(async () => {
      [, this.bound] = await Promise.all([this.#reread(), this.#bridge.desk.keys()]);
    });
  }

  /** Other rooms are open now, or their teams have other snippets. */
  heard(statuses: readonly RoomStatus[]): void {
    const marks = statuses.map(({ room, desk }) => `${room} ${desk.teamSnippets}`).join();
    if (marks === this.#marks) return;
    this.#marks = marks;
    void this.#reread().catch(() => undefined);
  }

  /** Another key for a command; tells who has it already, and changes nothing then. */
  async bind(id: CommandId, chord: string): Promise<CommandId | FixedId | "bad" | null> {
    const own = commands.find((command) => command.id === id)?.own === true;
    if (!isBindable(chord, own)) return "bad";
    const other = conflictOf(id, chord, this.bound);
    if (other !== null) return other;
    await this.#keep({ ...this.bound, [id]: chord });
    return null;
  }

  async unbind(id: CommandId): Promise<void> {
    await this.#keep(Object.fromEntries(Object.entries(this.bound).filter(([command]) => command !== id)));
  }

  resetKeys(): Promise<void> {
    return this.#keep({});
  }

  /** The keys are others now, in whichever window they were chosen. */
  rebound(bound: Bindings): void {
    this.bound = bound;
  }

  saveSnippet(snippet: Snippet): Promise<boolean> {
    return this.#change(() => this.#bridge.desk.saveSnippet(snippet));
  }

  removeSnippet(snippet: Snippet): Promise<boolean> {
    return this.#change(() => this.#bridge.desk.removeSnippet(snippet));
  }

  /** Whether it happened or not, what there is now is shown. */
  async #change(act: () => Promise<void>): Promise<boolean> {
    const done = await this.#try(act);
    await this.#reread().catch(() => undefined);
    return done;
  }

  async #reread(): Promise<void> {
    const asked = ++this.#asked;
    const snippets = await this.#bridge.desk.snippets();
    if (asked === this.#asked) this.snippets = snippets;
  }

  async #keep(bound: Bindings): Promise<void> {
    this.bound = bound;
    await this.#try(() => this.#bridge.desk.saveKeys({ ...bound }));
  }

  async #try(act: () => Promise<unknown>): Promise<boolean> {
    try {
      this.error = null;
      await act();
      return true;
    } catch (thrown) {
      this.error = asAppError(thrown);
      return false;
    }
  }
}
