// What is to stand out and what to step back, and who somebody is; a part of the one interface.
import type { PersonCard, RuleFault, Rules, Said, Tried } from "./dto";

export interface RulesBridge {
  rules(): Promise<Rules>;
  /** All or none: what cannot be is named, and then nothing changed. */
  saveRules(rules: Rules): Promise<RuleFault[]>;
  tryRules(rules: Rules, room: string, kind: Said, user: string, text: string): Promise<Tried>;
  /** The last page of what somebody said, or the one before a place. */
  person(room: string, user: string, before: number | null): Promise<PersonCard>;
  setPersonNote(room: string, user: string, note: string): Promise<void>;
}
