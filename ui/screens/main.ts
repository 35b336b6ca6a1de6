// `cargo xtask screens`: takes a picture of every screen and keeps it in docs/screens, or with --check compares with what is kept.
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { chromium, webkit, type Browser } from "./browsers";
import { differing, drawn, MOST_PIXELS, type Box } from "./compare";
import { drawnBy, file, gallery } from "./gallery";
import { screens, type Screen } from "./list";
import { read, reduced, write, type Picture } from "./picture";
import { serve } from "./server";

const [LOCALES, THEMES] = [["en", "zh-CN"], ["light", "dark"]] as const;
const [HEIGHT, GAP, TURNS] = [480, 8, 6];
const root = resolve(process.cwd(), "..");
const [kept, page, failed] = [join(root, "docs/screens"), join(root, "target/screens/page"), join(root, "target/screens")];
const README = "README.md";

const args = process.argv.slice(2);
const check = args.includes("--check");
const only = args.includes("--only") ? args[args.indexOf("--only") + 1] : null;
const say = (line: string): void => console.log(line);

interface Cell extends Box {
  what: string;
}

/** The windows of a screen, in the order in which they hang. */
function cells({ widths }: Screen): Cell[] {
  return LOCALES.flatMap((locale, page) =>
    THEMES.flatMap((theme, row) => {
      let left = GAP;
      return widths.map((width) => {
        const cell = { what: `${locale}, ${theme}, ${width} px`, left, top: GAP + (page * THEMES.length + row) * (HEIGHT + GAP), width, height: HEIGHT };
        left += width + GAP;
        return cell;
      });
    }),
  );
}

function size({ widths }: Screen): { width: number; height: number } {
  return { width: widths.reduce((sum, width) => sum + width + GAP, GAP), height: GAP + LOCALES.length * THEMES.length * (HEIGHT + GAP) };
}

/** The windows that differ from what is kept; null where nothing is. */
async function look(screen: Screen, actual: Picture): Promise<string[] | null> {
  const expected = await read(join(kept, file(screen))).catch(() => null);
  if (!expected || expected.width !== actual.width || expected.height !== actual.height) return null;
  const marks = new Uint8Array(actual.width * actual.height);
  const found = cells(screen).flatMap((cell) => {
    const count = differing(expected, actual, cell, marks);
    return count > MOST_PIXELS ? [`${cell.what}: ${count} pixels`] : [];
  });
  if (check && found.length > 0) {
    await copyFile(join(kept, file(screen)), join(failed, `${screen.name}.expected.webp`));
    await write(join(failed, `${screen.name}.difference.webp`), drawn(actual, marks));
  }
  return found;
}

/** A picture may be taken a moment too early on a busy machine: one that is kept is seen twice, one that differs so often is no accident. */
const TAKES = 3;

async function take(browser: Browser, address: string, screen: Screen): Promise<string[]> {
  const shoot = async (): Promise<Picture> => reduced(await browser.picture(`${address}/wall?screen=${screen.name}`, size(screen)), screen.colours);
  let actual = await shoot();
  let found = await look(screen, actual);
  for (let takes = 1; takes < TAKES && found?.length !== 0; takes++) {
    const again = await shoot();
    if (!check && isSame(screen, actual, again)) break;
    actual = again;
    found = await look(screen, actual);
  }
  if (found?.length === 0) return [];
  await write(check ? join(failed, `${screen.name}.actual.webp`) : join(kept, file(screen)), actual);
  return (found ?? ["no such picture is kept"]).map((what) => `${screen.name}: ${what}`);
}

const isSame = (screen: Screen, one: Picture, other: Picture): boolean => cells(screen).every((cell) => differing(one, other, cell) <= MOST_PIXELS);

/** One browser takes picture after picture; what it cannot show is a difference, too. */
async function work(browser: Browser, address: string, queue: Screen[]): Promise<string[]> {
  const found: string[] = [];
  for (let screen = queue.shift(); screen; screen = queue.shift()) {
    const start = performance.now();
    const { name } = screen;
    const taken = await take(browser, address, screen).catch((error: unknown) => [`${name}: ${error instanceof Error ? error.message : String(error)}`]);
    for (const line of taken) say(`screens: ${line}`);
    found.push(...taken);
    if (process.env["ASIDE_TIMES"]) say(`${name}: ${Math.round(performance.now() - start)} ms`);
  }
  await browser.close();
  return found;
}

/** Pictures of screens that are no more, and a gallery that is not of these. */
async function beside(by: string): Promise<string[]> {
  const names = new Set([README, ...screens.map(file)]);
  const strangers = (await readdir(kept)).filter((name) => !names.has(name));
  const words = gallery(screens, by);
  const same = (await readFile(join(kept, README), "utf8").catch(() => "")) === words;
  if (!check) {
    for (const name of strangers) await rm(join(kept, name));
    await writeFile(join(kept, README), words);
  }
  return [...strangers.map((name) => `${name}: no such screen`), ...(same ? [] : [`${README}: not of these screens`])];
}

/** What draws, and with what: another version of it draws otherwise, and no screen has changed. */
async function drawers(): Promise<string> {
  const packages = ["libwebkit2gtk-4.1-0", "chromium", "fonts-noto-cjk", "fonts-dejavu-core", "fonts-noto-color-emoji"];
  const { stdout } = await promisify(execFile)("dpkg-query", ["--show", "--showformat", "${Package} ${Version}, ", ...packages]);
  return `Drawn by ${stdout.slice(0, -2)}.`;
}

async function main(): Promise<number> {
  const wanted = screens.filter(({ name }) => only === null || only?.split(",").includes(name));
  if (wanted.length === 0) throw new Error(`no such screen: ${screens.map(({ name }) => name).join(" ")}`);
  for (const name of await readdir(failed)) if (name.endsWith(".webp")) await rm(join(failed, name));
  await mkdir(kept, { recursive: true });
  const { server, address } = await serve(page, (name) => {
    const screen = screens.find((one) => one.name === name) ?? screens[0];
    if (!screen) throw new Error(name);
    const html = screen.page === "app" ? "index.html" : "audience.html";
    return { address: `${address}/${html}?screen=${screen.name}`, locales: LOCALES, themes: THEMES, widths: screen.widths, height: HEIGHT, gap: GAP, turns: TURNS };
  });
  const [app, audience] = [wanted.filter(({ page }) => page === "app"), wanted.filter(({ page }) => page === "audience")];
  const of = async (queue: Screen[], open: () => Promise<Browser>): Promise<string[]> => (queue.length === 0 ? [] : work(await open(), address, queue));
  const window = (): Promise<Browser> => webkit({ width: Math.max(...app.map((one) => size(one).width)), height: Math.max(...app.map((one) => size(one).height)) });
  // As many as there are cores on the machines that compare.
  const found = (await Promise.all([of(app, window), of(app, window), of(audience, chromium)])).flat();
  const before = drawnBy(await readFile(join(kept, README), "utf8").catch(() => ""));
  const by = await drawers();
  if (only === null) {
    const strange = await beside(check ? before : by);
    for (const line of strange) say(`screens: ${line}`);
    found.push(...strange);
  }
  server.close();
  say(`${wanted.length} screens, ${found.length === 0 ? "none differs" : check ? "see target/screens" : "written where they differed: look at them"}.`);
  if (!check || found.length === 0) return 0;
  if (before === by || found.some((line) => !line.endsWith(" pixels"))) return 1;
  say(`What differs may be the drawing: it is no failure while the versions differ.\nkept: ${before}\nhere: ${by}`);
  return 0;
}

process.exitCode = await main();
