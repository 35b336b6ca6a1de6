// The keys of the present window, for the window itself and for the sheet that explains them.
import type { PresentStep } from "../../bridge/dto";
import type { Key } from "../../i18n/catalogue";

export const presentKeys: readonly { readonly step: PresentStep | "close"; readonly keys: readonly string[]; readonly words: Key }[] = [
  { step: "next", keys: ["ArrowRight", " ", "PageDown"], words: "key.answeredNext" },
  { step: "back", keys: ["ArrowLeft", "PageUp"], words: "key.previous" },
  { step: "blank", keys: ["b"], words: "key.blank" },
  { step: "qr", keys: ["q"], words: "key.qr" },
  { step: "bigger", keys: ["+", "="], words: "key.textLarger" },
  { step: "smaller", keys: ["-"], words: "key.textSmaller" },
  { step: "close", keys: ["Escape"], words: "action.close" },
];
