// Puts the settings that change how everything looks onto the page's root.
import type { Settings } from "../bridge/dto";

const SIZES = { "--fs-small": 12, "--lh-small": 16, "--fs-body": 14, "--lh-body": 20, "--fs-title": 16, "--lh-title": 24 };

/** So much larger an icon still fits its button. */
const MOST_ICON = 1.5;

export function applyAppearance(root: HTMLElement, settings: Settings, letsThrough = false): void {
  // What stands behind the side window shows through its background, never through its text.
  const solid = letsThrough ? settings.sideOpacity : 100;
  root.toggleAttribute("data-glass", solid < 100);
  root.style.setProperty("--solid", `${solid}%`);
  root.dataset["theme"] = settings.theme;
  root.dataset["density"] = settings.density;
  const scale = Math.min(200, Math.max(50, settings.textSize)) / 100;
  // Icons stand in buttons that do not grow.
  root.style.setProperty("--icon-scale", String(Math.min(MOST_ICON, Math.max(1, scale))));
  // Whole pixels: row heights must add up without rounding, or a held view would creep.
  for (const [name, size] of Object.entries(SIZES)) root.style.setProperty(name, `${Math.round(size * scale)}px`);
}
