// Before a file of tests all of the page is there. Two look at the page before that: one with other words, one at what comes later.
import { expect } from "vitest";

const BEFORE = /\b(language|later)\.test\.ts$/;

if (!BEFORE.test(expect.getState().testPath ?? "")) {
  const { later } = await import("../src/later.svelte");
  for (const part of Object.values(later)) await part.come();
}
