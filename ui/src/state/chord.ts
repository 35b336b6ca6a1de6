// Keys for every program, as the backend writes them (`Control+Alt+KeyR`) and as a person reads them (`Ctrl+Alt+R`).

export interface Press {
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly metaKey: boolean;
}

const MODIFIERS = /^(Control|Alt|Shift|Meta|OS)(Left|Right)?$/;

/** The chord of a press; null while only modifiers are held. */
export function globalChord(press: Press): string | null {
  if (press.code === "" || MODIFIERS.test(press.code)) return null;
  const held = [press.ctrlKey && "Control", press.altKey && "Alt", press.shiftKey && "Shift", press.metaKey && "Super"].filter((part) => part !== false);
  return [...held, press.code].join("+");
}

export function readChord(chord: string): string {
  return chord
    .split("+")
    .map((part) => part.replace(/^Control$/, "Ctrl").replace(/^(Key|Digit)/, ""))
    .join("+");
}
