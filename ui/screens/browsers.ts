// The two browsers that pictures are taken in: the webview's own engine by its driver, and Chromium for phones.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { read, type Picture } from "./picture";
import { DONE, type Wall } from "./wall";

/** Longer, and a screen does not come at all. */
const PATIENCE_MS = 120_000;
/** A window with nothing but the engine, of the same Debian package as the webview, in a folder of the machine's kind. */
const MINI = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/webkit2gtk-4.1/MiniBrowser`;
/** No more of its height is its buttons and its address. */
const BARS = 80;
/** Only what the tests' own command installs, whatever else a machine has and prefers. */
const FONTS = ["truetype/dejavu/DejaVuSans.ttf", "truetype/dejavu/DejaVuSans-Bold.ttf", "truetype/dejavu/DejaVuSansMono.ttf", "opentype/noto/NotoSansCJK-Regular.ttc", "opentype/noto/NotoSansCJK-Bold.ttc", "truetype/noto/NotoColorEmoji.ttf"];
const CONFIG = (folder: string): string => `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}</dir>
  <cachedir>${folder}/cache</cachedir>
  <match target="font">
    <edit name="antialias" mode="assign"><bool>true</bool></edit>
    <edit name="hinting" mode="assign"><bool>true</bool></edit>
    <edit name="hintstyle" mode="assign"><const>hintslight</const></edit>
    <edit name="rgba" mode="assign"><const>none</const></edit>
  </match>
  <alias><family>sans-serif</family><prefer><family>Noto Sans CJK SC</family><family>DejaVu Sans</family></prefer></alias>
  <alias><family>system-ui</family><prefer><family>Noto Sans CJK SC</family><family>DejaVu Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family><family>Noto Sans CJK SC</family></prefer></alias>
</fontconfig>`;

export interface Size {
  width: number;
  height: number;
}

export interface Browser {
  /** A picture of the wall at an address, once all on it stands still. */
  picture(url: string, size: Size): Promise<Picture>;
  close(): Promise<void>;
}

/** Whatever was started ends with us, and what it started itself: a driver leaves its browser behind. */
const started = new Set<number>();
process.on("exit", () => started.forEach(end));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

function along(child: ChildProcess): void {
  if (child.pid !== undefined) started.add(child.pid);
}

function end(leader: number): void {
  started.delete(leader);
  process.kill(-leader, "SIGKILL");
}

/** A home that is thrown away with what is written into it, and nothing of whoever runs this. */
async function home(): Promise<NodeJS.ProcessEnv & { HOME: string }> {
  const folder = await mkdtemp(join(tmpdir(), "aside-screens-"));
  const fonts = join(folder, "fonts");
  await mkdir(fonts);
  for (const font of FONTS) await symlink(join("/usr/share/fonts", font), join(fonts, basename(font)));
  const config = join(folder, "fonts.conf");
  await writeFile(config, CONFIG(fonts));
  const { PATH } = process.env;
  return { PATH, HOME: folder, XDG_RUNTIME_DIR: folder, FONTCONFIG_FILE: config, TZ: "UTC", LANG: "C.UTF-8", GDK_BACKEND: "x11", GSETTINGS_BACKEND: "memory", NO_AT_BRIDGE: "1", LIBGL_ALWAYS_SOFTWARE: "1", WEBKIT_DISABLE_DMABUF_RENDERER: "1", WEBKIT_DISABLE_COMPOSITING_MODE: "1" };
}

/** The webview's engine on a display of its own, without a window manager: its window is as large as the display. */
export async function webkit(largest: Size): Promise<Browser> {
  const env = await home();
  const screen = { width: largest.width, height: largest.height + BARS };
  const display = spawn("Xvfb", ["-displayfd", "1", "-screen", "0", `${screen.width}x${screen.height}x24`, "-fbdir", env.HOME, "-nolisten", "tcp"], { stdio: ["ignore", "pipe", "ignore"], detached: true });
  along(display);
  env["DISPLAY"] = `:${String(await once(display.stdout, "data")).trim()}`;
  const port = await freePort();
  const driver = spawn("WebKitWebDriver", [`--port=${port}`], { env, stdio: "ignore", detached: true });
  along(driver);
  const close = async (): Promise<void> => {
    for (const { pid } of [driver, display]) if (pid !== undefined) end(pid);
    await rm(env.HOME, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const session = await Session.open(port, env.HOME, screen);
    return { picture: (url, size) => session.picture(url, size), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, "127.0.0.1", done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}

/** A window that a driver holds. */
class Session {
  readonly #address: string;
  readonly #home: string;
  /** How far below its upper edge the window's page begins. */
  readonly #top: number;

  private constructor(address: string, home: string, top: number) {
    [this.#address, this.#home, this.#top] = [address, home, top];
  }

  static async open(port: number, home: string, screen: Size): Promise<Session> {
    const driver = `http://127.0.0.1:${port}/session`;
    const options = { binary: MINI, args: ["--automation"] };
    const wish = { capabilities: { alwaysMatch: { browserName: "MiniBrowser", "webkitgtk:browserOptions": options } } };
    const { sessionId } = await patiently("the driver answers", () => ask<{ sessionId: string }>("POST", driver, wish).catch(unlessRefused));
    const address = `${driver}/${sessionId}`;
    await ask("POST", `${address}/window/rect`, { x: 0, y: 0, ...screen });
    const top = await patiently("the window is as large as the display", async () => {
      const [width, height] = await run<[number, number]>(address, "return [innerWidth, innerHeight];");
      return width === screen.width && height > screen.height - BARS ? screen.height - height : null;
    });
    return new Session(address, home, top);
  }

  async picture(url: string, size: Size): Promise<Picture> {
    await ask("POST", `${this.#address}/url`, { url });
    await patiently(`all of ${url} is shown`, async () => {
      const wall = await run<Wall | null>(this.#address, "return window.wall ?? null;");
      if (wall?.complaint) throw new Error(wall.complaint);
      return wall?.done ? true : null;
    });
    let last = await this.#shot(size);
    return patiently(`${url} stands still`, async () => {
      const next = await this.#shot(size);
      if (done(next) && Buffer.compare(next.rgb, last.rgb) === 0) return next;
      last = next;
      return null;
    });
  }

  /** What the display shows, out of its own memory: the driver's pictures never come where there is no graphics card. */
  async #shot({ width, height }: Size): Promise<Picture> {
    const memory = await readFile(join(this.#home, "Xvfb_screen0"));
    const word = (nth: number): number => memory.readUInt32BE(nth * 4);
    const [stride, pixels] = [word(XWD.stride), word(XWD.header) + word(XWD.colours) * XWD.colour];
    const rgb = new Uint8Array(width * height * 3);
    for (let y = 0, to = 0; y < height; y++) {
      let from = pixels + (y + this.#top) * stride;
      for (let x = 0; x < width; x++, from += 4) {
        rgb[to++] = memory[from + 2] ?? 0;
        rgb[to++] = memory[from + 1] ?? 0;
        rgb[to++] = memory[from] ?? 0;
      }
    }
    return { width, height, rgb };
  }
}

/** Of the format in which a display keeps its memory: the numbers of words in its header, and how many bytes a colour takes. */
const XWD = { header: 0, stride: 12, colours: 19, colour: 12 };

async function ask<T = unknown>(method: string, address: string, body: object): Promise<T> {
  const reply = await fetch(address, { method, body: JSON.stringify(body), signal: AbortSignal.timeout(PATIENCE_MS) });
  const { value } = (await reply.json()) as { value: T };
  if (!reply.ok) throw new Error(`${method} ${address}: ${JSON.stringify(value)}`);
  return value;
}

function run<T>(session: string, script: string): Promise<T> {
  return ask("POST", `${session}/execute/sync`, { script, args: [] });
}

/** A driver that is still starting refuses the connection; what it says itself is final. */
function unlessRefused(error: unknown): null {
  if (error instanceof TypeError) return null;
  throw error;
}

async function patiently<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await new Promise((done) => setTimeout(done, 20))) {
    const found = await look();
    if (found !== null) return found;
  }
  throw new Error(`after ${PATIENCE_MS / 1_000} s still not: ${what}`);
}

/** Without a window of its own, one run for each picture; its time passes as fast as there is nothing left to do. */
export async function chromium(): Promise<Browser> {
  const env = await home();
  const file = join(env.HOME, "picture.png");
  const picture = async (url: string, { width, height }: Size): Promise<Picture> => {
    const looks = ["--hide-scrollbars", "--force-color-profile=srgb", "--disable-lcd-text", "--font-render-hinting=slight"];
    const args = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", ...looks, "--virtual-time-budget=10000", `--window-size=${width},${height}`, `--screenshot=${file}`, `--user-data-dir=${env.HOME}/profile`, url];
    await promisify(execFile)("chromium", args, { env, timeout: PATIENCE_MS });
    const taken = await read(file);
    if (!done(taken)) throw new Error(`not all of ${url} is shown`);
    return taken;
  };
  return { picture, close: () => rm(env.HOME, { recursive: true, force: true, maxRetries: 5 }) };
}

/** The wall has said so where it is seen: with the same picture, not before. */
const done = ({ rgb, width }: Picture): boolean => DONE.every((part, index) => rgb[(width + 1) * 3 + index] === part);
