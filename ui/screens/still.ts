// What stands still in a picture: the time, chance, the focus, bars that fade. Runs in each frame before its page does, written out as text.

/** A Wednesday afternoon. */
export const NOW = Date.UTC(2026, 10, 25, 14, 3, 20);

export function still(now: number): void {
  const Real = Date;
  class Stopped extends Real {
    constructor(...parts: unknown[]) {
      if (parts.length === 0) super(now);
      else super(...(parts as [number]));
    }

    static override now(): number {
      return now;
    }
  }
  Object.assign(window, { Date: Stopped });
  // What is due within the time that an eye waits is due at once; the rest would come while a slow machine takes its picture.
  const later = window.setTimeout.bind(window);
  const soon = (what: TimerHandler, ms = 0, ...args: unknown[]): number => (ms > 1_000 ? 0 : later(what, 0, ...args));
  Object.assign(window, { setTimeout: soon });
  let seed = 1;
  Math.random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  // Twelve windows cannot all have the focus, and which of them got it would be chance: to its page, each has.
  Document.prototype.hasFocus = () => true;
  for (const name of ["focus", "blur"])
    addEventListener(name, (event) => void (event.target === window && event.stopImmediatePropagation()), true);
  const style = new CSSStyleSheet();
  style.replaceSync(`*, *::before, *::after, *::backdrop {
    animation-duration: 0s !important; animation-delay: 0s !important; animation-iteration-count: 1 !important;
    transition: none !important; caret-color: transparent !important; scroll-behavior: auto !important;
    scrollbar-width: none !important; }`);
  document.adoptedStyleSheets.push(style);
}
