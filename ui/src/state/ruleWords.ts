// What a rule is called where rules are listed, and what is wrong with one.
import type { RuleFault, Rule, Said } from "../bridge/dto";
import { t } from "../i18n/language.svelte";
import type { Key } from "../i18n/catalogue";
import { displayName } from "./display";

const everything: Record<Said, Key> = { message: "rule.saysMessage", question: "rule.saysQuestion", answer: "rule.saysAnswer" };
const faults: Readonly<Record<string, Key>> = { empty: "fault.empty", too_long: "fault.too_long", pattern: "fault.pattern", pattern_large: "fault.pattern_large", room: "fault.room" };

export function describe({ when }: Rule): string {
  switch (when.by) {
    case "words":
      return t("rule.saysWords", { text: when.text });
    case "pattern":
      return t("rule.saysPattern", { text: when.text });
    case "person":
      return t("rule.saysPerson", { name: displayName(when.name) || displayName(when.user) });
    case "kind":
      return t(everything[when.kind]);
  }
}

export const complaint = (fault: RuleFault): string => t(faults[fault.code] ?? "fault.not_taken", { at: fault.at ?? 1, reason: fault.reason ?? "?" });
