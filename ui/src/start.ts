// Which page a window shows: the room, or the one question of the second screen.
import { mount } from "svelte";
import App from "./App.svelte";
import type { Bridge } from "./bridge/bridge";
import { tCode } from "./i18n/language.svelte";
import { later } from "./later.svelte";
import { followContrast } from "./state/contrast";
import { Aside } from "./state/aside.svelte";
import { Presenter } from "./state/desk/presenter.svelte";
import { onceDrawn } from "./state/onceDrawn";
import { whenStyled } from "./whenStyled";

export function start(bridge: Bridge, label: string): Aside | Presenter {
  const target = document.getElementById("app");
  if (/\bLinux\b/.test(navigator.userAgent)) document.documentElement.dataset["system"] = "linux";
  followContrast(document.documentElement);
  if (label === "present") {
    const presenter = new Presenter(bridge);
    void presenter.start();
    if (target) void whenStyled().then(() => present(presenter, target));
    return presenter;
  }
  const aside = new Aside(bridge, label);
  if (!target) return aside;
  const mounted = whenStyled().then(() => void mount(App, { target, props: { aside } }));
  // The shell is asked first: it looks its answer up while the page makes the window's frame.
  void aside.start(() => mounted.then(onceDrawn));
  return aside;
}

async function present(presenter: Presenter, target: HTMLElement): Promise<void> {
  await later.present.come();
  if (later.present.here) mount(later.present.here, { target, props: { presenter } });
  else target.textContent = tCode("error", "part_missing");
}
