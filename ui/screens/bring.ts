// Says of a page when it shows its screen, or why it does not.
import { screens, type Screen } from "./list";

const PATIENCE_MS = 60_000;

export async function bring(query: URLSearchParams, show: (screen: Screen) => Promise<unknown>): Promise<void> {
  const name = query.get("screen");
  const root = document.documentElement;
  try {
    const screen = screens.find((one) => one.name === name);
    if (!screen) throw new Error("no such screen");
    await show(screen);
    root.dataset["shown"] = "";
  } catch (error) {
    root.dataset["shown"] = `${name}: ${String(error)}`;
  }
}

export async function until(what: string, come: () => boolean): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !come(); await new Promise((done) => setTimeout(done, 10)))
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
}

export async function find(selector: string): Promise<HTMLElement> {
  await until(selector, () => document.querySelector(selector) !== null);
  return document.querySelector(selector) as HTMLElement;
}
