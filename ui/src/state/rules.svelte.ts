// What a person wants to stand out and to step back: the rules in force, changing them, and the way back from a mute.
import { asAppError, type Bridge } from "../bridge/bridge";
import type { AppError, Effect, Row, Rule, RuleFault, Rules, Said, Sound, Tried, When } from "../bridge/dto";
import type { Key, Params } from "../i18n/catalogue";
import { UNDO_MS } from "./desk/undo.svelte";
import { Sounds } from "./sounds";

/** The most rules there may be. */
export const MOST_RULES = 200;

/** What was done to a rule a moment ago, and the rules as they were before. */
export interface JustDone {
  readonly words: Key;
  readonly params: Params;
  readonly rule: string;
  readonly before: Rules;
}

export const marked: Effect = { do: "mark", colour: "teal", sound: null, notify: false };

export const newRule = (when: When, effect: Effect, room: string | null = null): Rule => ({ id: crypto.randomUUID(), on: true, room, when, effect });

export class RuleKeeper {
  all = $state.raw<Rules>({ list: [], volume: 50, apart: 5 });
  /** Why the last change was not taken. */
  faults = $state.raw<readonly RuleFault[]>([]);
  error = $state.raw<AppError | null>(null);
  done = $state.raw<JustDone | null>(null);
  readonly #bridge: Bridge;
  readonly #repaint: () => Promise<void>;
  readonly #sounds = new Sounds();
  #turn: Promise<boolean> = Promise.resolve(true);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(bridge: Bridge, repaint: () => Promise<void>) {
    this.#bridge = bridge;
    this.#repaint = repaint;
  }

  async load(): Promise<void> {
    await this.#try(async () => {
      this.all = await this.#bridge.rules.rules();
    });
  }

  /** Puts other rules in force; false where they cannot be, and why stands in `faults`. */
  async save(next: Rules): Promise<boolean> {
    let taken = false;
    await this.#try(async () => {
      this.faults = await this.#bridge.rules.saveRules(next);
      taken = this.faults.length === 0;
      if (taken) await this.heard(next);
    });
    return taken;
  }

  /** These are in force, whichever window put them there. */
  async heard(rules: Rules): Promise<void> {
    const repaint = JSON.stringify(rules.list) !== JSON.stringify(this.all.list);
    this.all = rules;
    if (repaint) await this.#repaint();
  }

  /** Makes other rules of those in force, once those that were chosen before are. */
  change(make: (all: Rules) => Rules | null): Promise<boolean> {
    this.#turn = this.#turn.then(() => {
      const next = make(this.all);
      return next !== null && this.save(next);
    });
    return this.#turn;
  }

  keep(list: readonly Rule[]): Promise<boolean> {
    return this.change((all) => ({ ...all, list: [...list] }));
  }

  /** How loud sounds are, and how far apart. */
  tune(sounds: Partial<Pick<Rules, "volume" | "apart">>): Promise<boolean> {
    return this.change((all) => ({ ...all, ...sounds }));
  }

  /** Puts a rule in the place of its former self, or above all others. */
  put(rule: Rule): Promise<boolean> {
    return this.change(() => this.with(rule));
  }

  with(rule: Rule): Rules {
    const { list } = this.all;
    const known = list.some(({ id }) => id === rule.id);
    return { ...this.all, list: known ? list.map((old) => (old.id === rule.id ? rule : old)) : [rule, ...list] };
  }

  async remove(id: string): Promise<void> {
    let before = this.all;
    const removed = await this.change((all) => ((before = all), { ...all, list: all.list.filter((rule) => rule.id !== id) }));
    if (removed) this.#tell({ words: "rules.removed", params: {}, rule: id, before });
  }

  async move(id: string, by: -1 | 1): Promise<void> {
    await this.change((all) => {
      const list = [...all.list];
      const from = list.findIndex((rule) => rule.id === id);
      const [rule] = list.splice(from, 1);
      if (rule === undefined || from + by < 0 || from + by > list.length) return null;
      list.splice(from + by, 0, rule);
      return { ...all, list };
    });
  }

  /** A person stands out, or steps back, from now on, in this room: elsewhere the id may be somebody else's. */
  async person(room: string | null, { user, name }: Pick<Row, "user" | "name">, effect: Effect): Promise<void> {
    const words = effect.do === "mute" ? "rules.mutedPerson" : "rules.markedPerson";
    await this.#quick(newRule({ by: "person", user, name }, effect, room), words, { name: name || user });
  }

  async mutePhrase(text: string): Promise<void> {
    await this.#quick(newRule({ by: "words", text }, { do: "mute" }), "rules.mutedPhrase", { text });
  }

  async takeBack(): Promise<void> {
    const { done } = this;
    clearTimeout(this.#timer);
    this.done = null;
    if (done) await this.change((all) => ({ ...all, list: restored(all.list, done) }));
  }

  tryOn(rules: Rules, room: string, kind: Said, user: string, text: string): Promise<Tried> {
    return this.#bridge.rules.tryRules(rules, room, kind, user, text);
  }

  /** Why this cannot be a pattern; null where it can, or is empty. */
  async faultOf(pattern: string, room: string): Promise<RuleFault | null> {
    if (pattern === "") return null;
    const list = [newRule({ by: "pattern", text: pattern }, marked)];
    return (await this.tryOn({ ...this.all, list }, room, "message", "", "")).faults[0] ?? null;
  }

  /** What went wrong was seen. */
  forgive(): void {
    this.error = null;
    this.faults = [];
  }

  /** Rows that have just come: the first that has a sound is heard. */
  sound(rows: readonly Row[]): void {
    const sound = rows.find(({ ruled }) => ruled?.sound)?.ruled?.sound;
    if (sound) this.#sounds.play(sound, this.all.volume, this.all.apart);
  }

  listen(sound: Sound): void {
    this.#sounds.play(sound, this.all.volume, 0);
  }

  async #quick(rule: Rule, words: Key, params: Params): Promise<void> {
    let before = this.all;
    if (await this.change((all) => ((before = all), this.with(rule)))) this.#tell({ words, params, rule: rule.id, before });
  }

  #tell(done: JustDone): void {
    clearTimeout(this.#timer);
    this.done = done;
    this.#timer = setTimeout(() => (this.done = null), UNDO_MS);
  }

  async #try(act: () => Promise<void>): Promise<void> {
    try {
      this.error = null;
      await act();
    } catch (thrown) {
      this.error = asAppError(thrown);
    }
  }
}

/** The rule is in its old place again, or away where it was not there; whatever else has changed since stays. */
function restored(list: readonly Rule[], { rule: id, before }: JustDone): Rule[] {
  const others = list.filter((rule) => rule.id !== id);
  const place = before.list.findIndex((rule) => rule.id === id);
  return place < 0 ? others : others.toSpliced(place, 0, ...before.list.slice(place, place + 1));
}
