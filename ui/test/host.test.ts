// Rooms that are hosted here: the doors of the first start, the form, the sheet that shares a room.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import App from "../src/App.svelte";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Aside } from "../src/state/aside.svelte";
import { HostForm } from "../src/state/hostForm.svelte";
import { frames } from "./frames";

let view: Record<string, unknown> | undefined;

afterEach(async () => {
  vi.useRealTimers();
  if (view) await unmount(view);
  view = undefined;
  document.body.replaceChildren();
});


async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await new Promise((done) => setTimeout(done));
  flushSync();
}

async function shown(scene: string, prepare: (bridge: FakeBridge) => void = () => undefined): Promise<{ bridge: FakeBridge; aside: Aside }> {
  const bridge = new FakeBridge(sceneFrom(new URLSearchParams(`scene=${scene}&rows=0&lang=en`)));
  prepare(bridge);
  const aside = new Aside(bridge, "main", frames);
  view = mount(App, { target: document.body, props: { aside } });
  void aside.start();
  await settle();
  return { bridge, aside };
}

/** A hosted room, and its sheet. */
async function shared(prepare: (bridge: FakeBridge) => void = () => undefined): Promise<{ bridge: FakeBridge; aside: Aside }> {
  const both = await shown("busy", prepare);
  const room = await both.bridge.host.host(null, both.bridge.host.form);
  prepare(both.bridge);
  both.aside.rooms = [...both.aside.rooms, room];
  both.aside.sheet = { kind: "hosting", room };
  await settle();
  return both;
}

const words = (): string => document.body.textContent ?? "";
const button = (name: string): HTMLButtonElement | undefined => [...document.querySelectorAll<HTMLButtonElement>("button")].find((one) => (one.getAttribute("aria-label") ?? one.textContent).trim() === name);
const field = (name: string): HTMLInputElement | HTMLSelectElement => {
  const label = [...document.querySelectorAll("label")].find((one) => one.textContent.trim().startsWith(name));
  return (document.getElementById(label?.htmlFor ?? "") ?? label?.querySelector("input")) as HTMLInputElement;
};
const type = (name: string, text: string): void => {
  const input = field(name) as HTMLInputElement;
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
};
const press = async (name: string): Promise<void> => {
  button(name)?.click();
  await settle();
};

function filled(): HostForm {
  const form = new HostForm(null);
  Object.assign(form, { name: "Question time", host: "Hanna" });
  return form;
}

describe("the form", () => {
  it("of a room that is changed is there when it knows how the room is, so that nothing chosen in it is lost", async () => {
    const { bridge, aside } = await shown("busy");
    const room = await bridge.host.host(null, { ...bridge.host.form, reach: { from: "network" } });
    let answer = (): void => undefined;
    const look = bridge.host.look.bind(bridge.host);
    bridge.host.look = async (id) => {
      await new Promise<void>((done) => (answer = done));
      return look(id);
    };
    aside.sheet = { kind: "host", editing: room };
    await settle();
    expect(field("A public address")).toBeUndefined();
    answer();
    await settle();
    expect((field("This network") as HTMLInputElement).checked).toBe(true);
    (field("A public address") as HTMLInputElement).click();
    await settle();
    expect((field("A public address") as HTMLInputElement).checked).toBe(true);
  });

  it("opens no port to others unless somebody says so", () => {
    expect([filled().from, filled().guests, filled().complaints]).toEqual(["here", true, {}]);
  });

  it.each([
    ["name", { name: " " }, "join.bad.required"],
    ["host", { host: "x".repeat(41) }, "join.bad.long"],
    ["logo", { logo: "http://example.org/logo.png" }, "host.bad.logo"],
    ["port", { port: "80" }, "host.bad.port"],
    ["port", { port: "9000x" }, "host.bad.port"],
    ["url", { from: "public", url: "" }, "join.bad.required"],
    ["url", { from: "public", url: "http://room.example" }, "host.bad.public"],
    ["url", { from: "public", url: "https://room.example/below" }, "host.bad.public"],
  ])("complains of %s: %o", (field, change, complaint) => {
    const form = filled();
    Object.assign(form, change);
    expect(form.complaints).toEqual({ [field]: complaint });
  });

  it("keeps everything when the port is taken, and says so beside it", async () => {
    const { bridge } = await shown("first", (bridge) => bridge.failing.set("hostRoom", "port_taken"));
    await press("Host a room");
    type("Room's name", "Question time");
    type("Your name", "Hanna");
    field("This network").click();
    await settle();
    expect(words()).toContain("Now at http://192.168.1.5:8790");
    await press("Host the room");
    expect(field("Port").getAttribute("aria-invalid")).toBe("true");
    expect(words()).toContain("can't be had");
    expect([(field("Room's name") as HTMLInputElement).value, (field("This network") as HTMLInputElement).checked]).toEqual(["Question time", true]);
    bridge.failing.delete("hostRoom");
    type("Port", "8800");
    await press("Host the room");
    const form = { name: "Question time", host: "Hanna", org: "", logo: "", guests: true, review: false, reach: { from: "network" }, port: 8800 };
    expect(bridge.calls.findLast(([name]) => name === "hostRoom")).toEqual(["hostRoom", null, form]);
    expect(words()).toContain("Share Question time");
  });

  it("says that this computer is in no network, before somebody waits for phones", async () => {
    await shown("first", (bridge) => (bridge.host.addresses = []));
    await press("Host a room");
    field("This network").click();
    await settle();
    expect(words()).toContain("in no network now");
  });

  it("is filled from the room that is changed", async () => {
    const { bridge } = await shown("busy");
    bridge.host.form = { ...bridge.host.form, reach: { from: "public", url: "https://room.example/" }, review: true };
    const room = await bridge.host.tryDemo();
    const form = new HostForm(room);
    await form.look(bridge);
    expect([form.name, form.from, form.url, form.review, form.port]).toEqual(["Northlight 2026", "public", "https://room.example/", true, "8790"]);
    await form.submit(bridge);
    expect(bridge.calls.at(-1)?.[1]).toBe(room.id);
  });

  it("has a demo beside it", async () => {
    const { bridge, aside } = await shown("first");
    await press("Try the demo");
    expect([bridge.calls.some(([name]) => name === "tryDemo"), aside.rooms.map(({ demo }) => demo)]).toEqual([true, [true]]);
  });
});

describe("the sheet", () => {
  it("shows the link as it is copied, typed and scanned, for the address that is chosen", async () => {
    const { bridge } = await shared();
    const invitation = (): string => (field("Link for a colleague's Aside") as HTMLInputElement).value;
    expect(invitation()).toContain(encodeURIComponent("http://192.168.1.5:8790"));
    expect((field("Link") as HTMLInputElement).value).toBe("http://192.168.1.5:8790/r/kmwhtz");
    expect(words()).toContain("To type: 192.168.1.5:8790/r/kmwhtz");
    expect(document.querySelector("svg[role=img]")?.getAttribute("aria-label")).toContain("192.168.1.5");
    const address = field("Address of this computer") as HTMLSelectElement;
    address.value = "http://10.8.0.3:8790/r/kmwhtz";
    address.dispatchEvent(new Event("change", { bubbles: true }));
    await settle();
    expect(words()).toContain("To type: 10.8.0.3:8790/r/kmwhtz");
    expect(bridge.calls).toContainEqual(["chooseAddress", "hosted", "http://10.8.0.3:8790/r/kmwhtz"]);
    expect(invitation()).toContain(encodeURIComponent("http://10.8.0.3:8790"));
    expect(words()).toContain("3 people are there");
  });

  it("makes a token that is never in the page, lists who has one, and revokes it", async () => {
    const { bridge } = await shared();
    expect(button("Make a token and copy it")?.disabled).toBe(true);
    type("Whom it is for", " Cleo ");
    await settle();
    await press("Make a token and copy it");
    expect(bridge.calls.findLast(([name]) => name === "makeKey")?.[2]).toEqual({ name: "Cleo", role: "staff", hours: 24 });
    expect(words()).toContain("The token of Cleo was copied.");
    expect((field("Whom it is for") as HTMLInputElement).value).toBe("");
    await press("Revoke the token of Cleo");
    expect(words()).toContain("The token of Cleo opens nothing any more.");
    expect(bridge.host.keys.map(({ name }) => name)).toEqual(["Mira Okafor"]);
  });

  it("keeps the name where the clipboard could not be written", async () => {
    const { bridge } = await shared();
    bridge.failing.set("makeKey", "clipboard_failed");
    type("Whom it is for", "Cleo");
    await settle();
    await press("Make a token and copy it");
    expect(document.querySelector("[role=alert]")?.textContent).toContain("no token was made");
    expect((field("Whom it is for") as HTMLInputElement).value).toBe("Cleo");
  });

  it("stops and starts, and says what is in the way", async () => {
    const { bridge } = await shared();
    await press("Stop the room");
    expect(words()).toContain("nobody can come in");
    bridge.failing.set("runHosting", "port_taken");
    bridge.host.state = "portTaken";
    await press("Start the room");
    expect(words()).toContain("another program has port 8790");
    bridge.failing.delete("runHosting");
    await press("Try again");
    expect(words()).toContain("Running");
  });

  it("sees that a room which was still to start is running", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { bridge } = await shared((one) => (one.host.state = "stopped"));
    expect(document.querySelector("[data-state=stopped]")).not.toBeNull();
    bridge.host.state = "running";
    vi.advanceTimersByTime(3_000);
    await settle();
    expect(document.querySelector("[data-state=running]")).not.toBeNull();
  });

  it("comes by itself where a room is chosen that does not run", async () => {
    const { bridge, aside } = await shared();
    aside.sheet = null;
    bridge.host.state = "stopped";
    bridge.failing.set("openRoom", "hosting_stopped");
    await aside.open("hosted");
    await settle();
    expect(words()).toContain("nobody can come in");
    expect(aside.error).toBeNull();
  });

  it("says that a link which only this computer reaches is no link for phones, and what removing takes away", async () => {
    const { aside } = await shared((bridge) => (bridge.host.form = { ...bridge.host.form, reach: { from: "here" }, guests: false }));
    expect(words()).toContain("Only this computer reaches this link");
    expect(words()).toContain("The link alone lets nobody in");
    const room = aside.rooms.find(({ hosted }) => hosted);
    if (room) aside.sheet = { kind: "forget", room };
    await settle();
    expect(words()).toContain("This can't be undone");
  });
});
