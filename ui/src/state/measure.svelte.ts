// What this page has painted, told to the shell where somebody measures: once the second animation frame after a change has begun, the first has been drawn.
import type { Painted } from "../bridge/dto";
import type { Aside } from "./aside.svelte";

const LATE_MS = 25;
/** Frames are counted until nothing has changed for so long. */
const CALM_MS = 1_000;
/** Wider than what is between two rows. */
const APART_PX = 24;

export function measure(aside: Aside, told: (painted: Painted) => void): () => void {
  const counted = { frames: 0, late: 0, blank: 0 };
  let last: number | null = null;
  let until = 0;
  let wheeledAt = Number.NEGATIVE_INFINITY;

  const frame = (now: number): void => {
    counted.frames++;
    if (last !== null && now - last > LATE_MS) counted.late++;
    // Looked at while somebody scrolls: it costs part of a frame.
    if (now < wheeledAt + CALM_MS && isBlank()) counted.blank++;
    last = now < until ? now : null;
    if (last !== null) requestAnimationFrame(frame);
  };
  const busy = (): void => {
    until = performance.now() + CALM_MS;
    if (last !== null) return;
    last = performance.now();
    requestAnimationFrame(frame);
  };

  const wheeled = (): void => {
    wheeledAt = performance.now();
    busy();
  };
  window.addEventListener("wheel", wheeled, { passive: true });
  const stop = $effect.root(() => {
    $effect(() => {
      const items = aside.timeline?.items ?? [];
      if (items.length === 0) return;
      busy();
      // What is in the page now; until it is told, newer ones may be in it that nobody has drawn.
      const drawn = { seq: items.findLast(({ row }) => row.seq !== null)?.row.seq ?? 0, rows: items.length };
      requestAnimationFrame(() => requestAnimationFrame(() => told({ ...drawn, ...counted })));
    });
  });
  return () => {
    window.removeEventListener("wheel", wheeled);
    stop();
  };
}

/** Whether the middle of the list shows no row, and neither does what is right above and below it: between two rows are some pixels of nothing, too. */
function isBlank(): boolean {
  const box = document.querySelector("[role=log]")?.getBoundingClientRect();
  if (!box) return false;
  const [x, middle] = [box.left + box.width / 2, box.top + box.height / 2];
  return [middle, middle - APART_PX, middle + APART_PX].every((y) => {
    const at = document.elementFromPoint(x, y);
    return at !== null && at.closest("[role=log]") !== null && at.closest("[role=article], [role=separator]") === null;
  });
}
