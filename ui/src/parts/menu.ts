// What every menu does: it stands where it fits, and is walked through by keys.

/** The least that is left between a menu and the window's edge, in pixels. */
const EDGE = 4;

const choicesOf = (menu: HTMLElement | undefined): HTMLElement[] => [...(menu?.querySelectorAll<HTMLElement>("button") ?? [])];

/** Puts a menu as near to a place as the window lets it be whole, and the focus on its first choice. */
export function standAt(menu: HTMLElement, left: number, top: number): void {
  const within = (at: number, size: number, room: number): string => `${Math.max(EDGE, Math.min(at, room - size - EDGE))}px`;
  menu.style.setProperty("left", within(left, menu.offsetWidth, window.innerWidth));
  menu.style.setProperty("top", within(top, menu.offsetHeight, window.innerHeight));
  choicesOf(menu)[0]?.focus();
}

export function menuKey(event: KeyboardEvent, menu: HTMLElement | undefined, leave: () => void): void {
  const all = choicesOf(menu);
  const at = all.indexOf(document.activeElement as HTMLElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (next !== undefined) all.at(next % all.length)?.focus();
  else if (event.key === "Escape" || event.key === "Tab") leave();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
