// The invented backend's rules: words alone, plainly; what real rules find is tried where it is made.
import type { PersonCard, Row, Rule, RuleFault, Ruled, Rules, Said, Tried } from "../dto";
import type { RulesBridge } from "../rules";
import type { FakeRoom } from "./room";

export class FakeRules implements RulesBridge {
  all: Rules = { list: [], volume: 50, apart: 5 };
  readonly notes = new Map<string, string>();
  readonly #room: FakeRoom;
  readonly #answer: <T>(call: string, args: unknown[], answer: () => T) => Promise<T>;
  readonly #tell: (rules: Rules) => void;

  constructor(room: FakeRoom, answer: <T>(call: string, args: unknown[], answer: () => T) => Promise<T>, tell: (rules: Rules) => void) {
    this.#room = room;
    this.#answer = answer;
    this.#tell = tell;
  }

  rules(): Promise<Rules> {
    return this.#answer("rules", [], () => this.all);
  }

  saveRules(rules: Rules): Promise<RuleFault[]> {
    return this.#answer("saveRules", [rules], () => {
      const faults = faultsOf(rules);
      if (faults.length > 0) return faults;
      this.all = rules;
      this.#tell(rules);
      return [];
    });
  }

  tryRules(rules: Rules, room: string, kind: Said, user: string, text: string): Promise<Tried> {
    return this.#answer("tryRules", [rules, room, kind, user, text], () => ({ faults: faultsOf(rules), fits: rules.list.filter((rule) => fits(rule, kind, user, text)).map((rule) => ({ rule: rule.id, found: "text" in rule.when ? rule.when.text : "" })) }));
  }

  person(room: string, user: string, before: number | null): Promise<PersonCard> {
    return this.#answer("person", [room, user, before], () => {
      const all = this.#room.rows.filter((row) => row.user === user && (row.kind === "message" || row.kind === "question"));
      const older = all.filter((row) => row.place < (before ?? Number.POSITIVE_INFINITY));
      const questions = all.filter((row) => row.kind === "question").length;
      return { messages: all.length - questions, questions, firstSeen: all[0]?.createdAt ?? null, note: this.notes.get(user) ?? "", rows: older.slice(-50), hasOlder: older.length > 50 };
    });
  }

  setPersonNote(room: string, user: string, note: string): Promise<void> {
    return this.#answer("setPersonNote", [room, user, note], () => void this.notes.set(user, note));
  }

  paint(row: Row): Row {
    if (row.mine || row.kind === "gap" || row.kind === "boundary") return row;
    const { kind, user, text } = row;
    const rule = this.all.list.find((one) => fits(one, kind, user, text));
    return rule ? { ...row, ruled: ruled(rule) } : row;
  }
}

function ruled({ id, effect }: Rule): Ruled {
  return effect.do === "mute" ? { rule: id, muted: true, colour: null, sound: null } : { rule: id, muted: false, colour: effect.colour, sound: effect.sound };
}

function fits({ on, when }: Rule, kind: Said, user: string, text: string): boolean {
  if (!on) return false;
  if (when.by === "kind") return when.kind === kind;
  if (when.by === "person") return when.user === user;
  return when.text !== "" && text.toLowerCase().includes(when.text.toLowerCase());
}

function faultsOf(rules: Rules): RuleFault[] {
  return rules.list.flatMap(({ id, when }): RuleFault[] => {
    if ("text" in when && when.text.trim() === "") return [{ rule: id, code: "empty", at: null, reason: null }];
    if (when.by === "pattern" && when.text.endsWith("(")) return [{ rule: id, code: "pattern", at: when.text.length, reason: "unclosed group" }];
    return [];
  });
}
