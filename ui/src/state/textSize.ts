// The sizes of text that can be chosen, and the keys that go from one to the next as in a browser.
import type { Aside } from "./aside.svelte";
import { commandFor, takesText, type CommandId } from "./desk/keys";

const SIZES = [50, 75, 90, 100, 110, 125, 150, 175, 200];
const USUAL = 100;

/** All of them, and the one that was chosen elsewhere. */
export const sizesWith = (size: number): readonly number[] => (SIZES.includes(size) ? SIZES : [...SIZES, size].sort((a, b) => a - b));

/** What a command makes of a size; at the end of the row it stays. */
function sizeAfter(id: CommandId | null, size: number): number | null {
  if (id === "textUsual") return USUAL;
  if (id === "textLarger") return SIZES.find((one) => one > size) ?? size;
  if (id === "textSmaller") return SIZES.findLast((one) => one < size) ?? size;
  return null;
}

/** Works in fields and in front of sheets too: who cannot read one is in need of it there. */
export function sizeKey(event: KeyboardEvent, aside: Aside): boolean {
  if (event.defaultPrevented) return false;
  const size = sizeAfter(commandFor(event, aside.habits.bound, takesText(event.target)), aside.settings.textSize);
  if (size === null) return false;
  event.preventDefault();
  if (size !== aside.settings.textSize) void aside.saveSettings({ textSize: size });
  return true;
}
