// The focus stays in a line that is put elsewhere in its list, and goes on to the next when its line is taken away: with the page's body, whoever types on would be heard by the keys of the desk.

/** What can have the focus, or could if it were of use at the moment. */
const STOPS = "button, input, select, textarea, a[href], [tabindex='0']";
const stops = (line: Element): HTMLElement[] => [...line.querySelectorAll<HTMLElement>(STOPS)];

/** The nearest element on that side of a place between nodes. */
function beside(node: Node | null, side: "nextSibling" | "previousSibling"): Element | null {
  let at = node;
  while (at !== null && !(at instanceof Element)) at = at[side];
  return at?.isConnected === true ? at : null;
}

/** Watches what is in `box`; where no line is left, or what went was none, `otherwise` is asked. */
export function focusGoesOn(box: HTMLElement, otherwise: () => void): () => void {
  let held: Element | null = null;
  const came = ({ target }: FocusEvent): void => void (held = target instanceof Element ? target : null);
  // Some engines say so of what is taken away, too: that is known by then.
  const went = ({ target }: FocusEvent): void => void setTimeout(() => {
    if (held === target && document.activeElement !== held) held = null;
  });
  const watch = new MutationObserver((changes) => {
    const [gone, line] = [held, held?.closest("li")];
    if (gone === null || (document.activeElement ?? document.body) !== document.body) return;
    const change = changes.findLast(({ removedNodes }) => [...removedNodes].some((node) => node === line));
    if (gone.isConnected) return change && gone instanceof HTMLElement ? gone.focus() : undefined;
    held = null;
    const next = change && (beside(change.nextSibling, "nextSibling") ?? beside(change.previousSibling, "previousSibling"));
    const same = line && next ? stops(next)[stops(line).findIndex((one) => one === gone)] : undefined;
    if (same) same.focus();
    else otherwise();
  });
  box.addEventListener("focusin", came);
  box.addEventListener("focusout", went);
  watch.observe(box, { childList: true, subtree: true });
  return () => {
    watch.disconnect();
    box.removeEventListener("focusin", came);
    box.removeEventListener("focusout", went);
  };
}
