// The app's page on an invented room, brought to the screen that its address names.
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { later } from "../src/later.svelte";
import { start } from "../src/start";
import { Aside } from "../src/state/aside.svelte";
import "../src/tokens.css";
import "../src/base.css";
import { bring, find, until } from "./bring";

const query = new URLSearchParams(location.search);

void bring(query, async (screen) => {
  for (const [name, value] of new URLSearchParams(screen.query)) query.set(name, value);
  const bridge = new FakeBridge(sceneFrom(query));
  const aside = start(bridge, query.get("window") ?? "main");
  if (!(aside instanceof Aside)) return until("the question", () => aside.shown !== null);
  await until("the app is ready", () => aside.ready);
  for (const part of Object.values(later)) await part.come();
  await screen.show({
    aside,
    bridge,
    find,
    until,
    get desk() {
      if (!aside.desk) throw new Error("no room is open");
      return aside.desk;
    },
  });
});
