// Tells an Enter that sends from an Enter that only confirms what an input method composed.
/** WebKit reports the confirming Enter right after `compositionend`, as an ordinary key. */
const AFTERSHOCK_MS = 50;

/** What a key event says; a KeyboardEvent is one. */
export interface KeyPress {
  readonly key: string;
  readonly isComposing: boolean;
  readonly keyCode: number;
  readonly timeStamp: number;
}

export class ImeGuard {
  #composing = false;
  #endedAt = Number.NEGATIVE_INFINITY;

  compositionStarted(): void {
    this.#composing = true;
  }

  compositionEnded(timeStamp: number): void {
    this.#composing = false;
    this.#endedAt = timeStamp;
  }

  /** Whether the input method, not the person, meant this key. */
  owns(press: KeyPress): boolean {
    // 229 stands for "the input method has it" in every engine.
    return this.#composing || press.isComposing || press.keyCode === 229 || this.confirms(press);
  }

  /** Whether it is the Enter that follows the end of a composition. */
  confirms(press: KeyPress): boolean {
    return press.key === "Enter" && press.timeStamp - this.#endedAt < AFTERSHOCK_MS;
  }
}

/** Keeps from every list and form of the page the Enter that only confirms; until the guard is ended. */
export function guardEnter(page: Window): () => void {
  const [ime, end] = [new ImeGuard(), new AbortController()];
  const first = { capture: true, signal: end.signal };
  page.addEventListener("compositionstart", () => ime.compositionStarted(), first);
  page.addEventListener("compositionend", ({ timeStamp }) => ime.compositionEnded(timeStamp), first);
  page.addEventListener(
    "keydown",
    (event) => {
      if (!ime.confirms(event)) return;
      event.preventDefault();
      event.stopPropagation();
    },
    first,
  );
  return () => end.abort();
}
