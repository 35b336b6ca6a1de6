// One more file is one more language: it is found by key, for its systems, in the settings and on the phone's page; English says the rest.
import { mkdtempSync, copyFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flushSync, mount, unmount } from "svelte";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { gather, LOCALES } from "../words/files";

const folder = mkdtempSync(join(tmpdir(), "locales-"));

beforeAll(() => {
  for (const tag of ["en", "zh-CN"]) copyFileSync(join(LOCALES, `${tag}.json`), join(folder, `${tag}.json`));
  const polish = {
    name: "Polski",
    serves: ["pl"],
    app: { "settings.title": "Ustawienia", "gap.openCount": { one: "Brakuje {n} wpisu.", few: "Brakuje {n} wpisów (few).", many: "Brakuje {n} wpisów.", other: "Brakuje {n} wpisu." } },
    audience: { "door.enter": "Wejdź" },
  };
  writeFileSync(join(folder, "pl.json"), JSON.stringify(polish));
  vi.doMock("virtual:words/app", () => ({ default: gather(folder, "app") }));
  vi.doMock("virtual:words/audience", () => ({ default: gather(folder, "audience") }));
});

afterAll(() => vi.doUnmock("virtual:words/app"));

// The whole app is read here, not before.
test("the app", { timeout: 60_000 }, async () => {
  const { chosenLocale, words } = await import("../src/i18n/catalogue");
  expect(chosenLocale("system", "pl-PL")).toBe("pl");
  expect(words("pl", "settings.title")).toBe("Ustawienia");
  expect([1, 3, 5].map((n) => words("pl", "gap.openCount", { n }))).toEqual(["Brakuje 1 wpisu.", "Brakuje 3 wpisów (few).", "Brakuje 5 wpisów."]);
  expect(words("pl", "settings.language")).toBe("Language");
  expect(words("pl", "rooms.unread", { n: 1 })).toBe("1 unread");

  const { default: App } = await import("../src/App.svelte");
  const { FakeBridge } = await import("../src/bridge/fake/fake");
  const { sceneFrom } = await import("../src/bridge/fake/scenes");
  const { Aside } = await import("../src/state/aside.svelte");
  const { language } = await import("../src/i18n/language.svelte");
  const { guideIn } = await import("../src/state/guide");
  const { later } = await import("../src/later.svelte");
  await later.sheets.come();
  const bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=1")));
  const aside = new Aside(bridge);
  const view = mount(App, { target: document.body, props: { aside } });
  await aside.start();
  aside.sheet = { kind: "settings" };
  flushSync();
  const option = document.querySelector<HTMLOptionElement>("option[value='pl']");
  expect(option?.textContent).toBe("Polski");
  await aside.saveSettings({ locale: "pl" });
  flushSync();
  expect([language.locale, document.documentElement.lang]).toEqual(["pl", "pl"]);
  expect(document.querySelector("dialog")?.textContent).toContain("Ustawienia");
  expect(await guideIn("pl"), "no guide of its own").toEqual(await guideIn("en"));
  await unmount(view);
});

test("the phone's page", async () => {
  const { look, t, tongues } = await import("../audience/words/language.svelte");
  expect(tongues.map(({ text }) => text)).toEqual(["English", "Polski", "简体中文"]);
  look.choose("locale", "pl");
  expect([t("door.enter"), t("door.again")]).toEqual(["Wejdź", "Try again"]);
  look.start();
  expect(look.locale, "it is remembered").toBe("pl");
});
