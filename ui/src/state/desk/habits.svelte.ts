// What a person brings to every desk: their snippets, and the keys they chose.
import { asAppError, type Bridge } from "../../bridge/bridge";
import type { AppError, Snippet } from "../../bridge/dto";
import { conflictOf, isBindable, commands, type Bindings, type CommandId } from "./keys";

export class Habits {
  snippets = $state.raw<readonly Snippet[]>([]);
  bound = $state.raw<Bindings>({});
  error = $state.raw<AppError | null>(null);
  readonly #bridge: Bridge;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  async load(): Promise<void> {
    await this.#try(async () => {
      [this.snippets, this.bound] = await Promise.all([this.#bridge.desk.snippets(), this.#bridge.desk.keys()]);
    });
  }

  /** Another key for a command; tells who has it already, and changes nothing then. */
  async bind(id: CommandId, chord: string): Promise<CommandId | "bad" | null> {
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

  async saveSnippet(snippet: Snippet): Promise<boolean> {
    return this.#try(async () => {
      const made = await this.#bridge.desk.saveSnippet(snippet);
      this.snippets = [...this.snippets.filter(({ id }) => id !== made.id), made];
    });
  }

  async removeSnippet(id: string): Promise<void> {
    await this.#try(async () => {
      await this.#bridge.desk.removeSnippet(id);
      this.snippets = this.snippets.filter((snippet) => snippet.id !== id);
    });
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
