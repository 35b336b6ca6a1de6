// The whole window on the invented desk, as tests of what stands on the screen share it.
import { flushSync, mount, unmount } from "svelte";
import App from "../src/App.svelte";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Aside } from "../src/state/aside.svelte";
import { frames } from "./frames";

export let bridge: FakeBridge;
export let aside: Aside;
let view: Record<string, unknown>;

export const show = (): Promise<void> => showWith("rows=20");

/** The same with more than that, as the preview's address has it. */
export async function showWith(more: string): Promise<void> {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams(`lang=en&desk=server&${more}`)));
  aside = new Aside(bridge, "main", frames);
  view = mount(App, { target: document.body, props: { aside } });
  void aside.start();
  await settle();
}

export async function close(): Promise<void> {
  await unmount(view);
  document.body.replaceChildren();
}

/** The page hears that something has come, and has drawn it. */
export async function settle(): Promise<void> {
  bridge.tick();
  for (let i = 0; i < 8; i++) await new Promise((done) => setTimeout(done, i === 0 ? 20 : 0));
  flushSync();
}
