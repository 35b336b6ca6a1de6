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

export async function show(): Promise<void> {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=20&lang=en&desk=server")));
  aside = new Aside(bridge, "main", frames);
  view = mount(App, { target: document.body, props: { aside } });
  void aside.start();
  await settle();
}

export const close = (): Promise<void> => unmount(view);

/** The page hears that something has come, and has drawn it. */
export async function settle(): Promise<void> {
  bridge.tick();
  for (let i = 0; i < 8; i++) await new Promise((done) => setTimeout(done, i === 0 ? 20 : 0));
  flushSync();
}
