// The join form: what follows from the server's URL, what is refused, what a link may fill in.
import { describe, expect, it } from "vitest";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { parseRoomLink, socketFor } from "../src/state/address";
import { JoinForm } from "../src/state/joinForm.svelte";

const bridge = (): FakeBridge => new FakeBridge(sceneFrom(new URLSearchParams("scene=first&rows=0")));

function filled(): JoinForm {
  const form = new JoinForm(null, () => "made-up");
  Object.assign(form, { server: "https://live.example.org/base/", topic: "42", stream: "s", name: "Ada", token: "abc" });
  return form;
}

describe("the socket's URL", () => {
  it.each([
    ["https://live.example.org", "wss://live.example.org/ws"],
    ["http://127.0.0.1:8080/", "ws://127.0.0.1:8080/ws"],
    ["https://live.example.org/base/?x#y", "wss://live.example.org/ws"],
    ["live.example.org", ""],
    ["ftp://x", ""],
    ["", ""],
  ])("of %s is %s", (server, socket) => expect(socketFor(server)).toBe(socket));

  it("follows the server until it is changed by hand, and again once emptied", () => {
    const form = filled();
    form.setSocket("wss://other.example/live");
    form.server = "https://new.example";
    expect(form.socket).toBe("wss://other.example/live");
    form.setSocket("");
    expect(form.socket).toBe("wss://new.example/ws");
  });
});

describe("the form", () => {
  it("complains about each thing that is missing or wrong", () => {
    const form = new JoinForm(null, () => "");
    expect(form.complaints).toEqual({ server: "join.bad.required", topic: "join.bad.required", stream: "join.bad.required", name: "join.bad.required", token: "join.bad.required" });
    form.server = "live.example.org";
    form.token = "a b";
    expect([form.complaints.server, form.complaints.token]).toEqual(["join.bad.url", "join.bad.token"]);
    form.server = "https://me:secret@live.example.org";
    expect(form.complaints.server).toBe("join.bad.userinfo");
  });

  it("wants a plain connection to another machine allowed on purpose, but not one to this machine", () => {
    const form = filled();
    form.server = "http://live.example.org";
    expect(form.complaints.server).toBe("join.bad.insecure");
    form.allowInsecure = true;
    expect(form.complaints).toEqual({});
    form.allowInsecure = false;
    form.server = "http://127.0.0.1:9";
    expect(form.complaints).toEqual({});
  });

  it("saves what was typed, with a made-up user id where none was given", async () => {
    const backend = bridge();
    const form = filled();
    expect(await form.submit(backend)).not.toBeNull();
    expect(backend.calls.at(-1)).toEqual([
      "saveRoom",
      null,
      { server: "https://live.example.org/base/", socket: "wss://live.example.org/ws", topic: "42", stream: "s", name: "Ada", user: "made-up", avatar: "", allowInsecure: false },
      "abc",
    ]);
  });

  it("keeps everything and shows the code when the backend refuses", async () => {
    const backend = bridge();
    backend.failing.set("saveRoom", "bad_token");
    const form = filled();
    expect(await form.submit(backend)).toBeNull();
    expect([form.error?.code, form.token, form.busy]).toEqual(["bad_token", "abc", false]);
  });
});

describe("a pasted link", () => {
  it("fills the form and never carries a token", () => {
    const form = new JoinForm(null, () => "");
    expect(form.paste(" aside://join?server=https%3A%2F%2Flive.example.org&topic=42&stream=s%201&token=abc ")).toBe(true);
    expect([form.server, form.socket, form.topic, form.stream, form.token, form.note]).toEqual(["https://live.example.org", "wss://live.example.org/ws", "42", "s 1", "", "join.linkHadToken"]);
  });

  it("is only an aside link", () => {
    expect(parseRoomLink("https://live.example.org?topic=1")).toBeNull();
    expect(parseRoomLink("aside://join?topic=1 and more")).toBeNull();
    expect(parseRoomLink("aside://join?ws=wss%3A%2F%2Fx%2Fy")?.form.socket).toBe("wss://x/y");
  });

  it("to another host leaves the stored token behind, and so does a slip", async () => {
    const backend = bridge();
    const saved = await filled().submit(backend);
    const form = new JoinForm(saved && { ...saved, tokenStore: "keyring" }, () => "");
    expect([form.tokenIsKept, form.complaints]).toEqual([true, {}]);
    form.paste("aside://join?server=https%3A%2F%2Fevil.example&topic=42&stream=s");
    expect([form.note, form.tokenIsKept, form.complaints]).toEqual(["join.filled", false, { token: "join.bad.required" }]);
    const asked = backend.calls.length;
    expect([await form.submit(backend), backend.calls.length]).toEqual([null, asked]);
    form.server = "https://LIVE.example.org:8443/other";
    expect([form.tokenIsKept, form.complaints]).toEqual([true, {}]);
    form.setSocket("wss://evil.example/ws");
    expect(form.complaints).toEqual({ token: "join.bad.required" });
    form.token = "another";
    expect(form.complaints).toEqual({});
  });

  describe("whose socket is on another host than its server", () => {
    const LINK = "aside://join?server=https%3A%2F%2Frooms.museum.org&topic=42&stream=s&ws=wss%3A%2F%2Fevil.example%2Fws";
    const pasted = (link: string): JoinForm => {
      const form = new JoinForm(null, () => "");
      Object.assign(form, { server: "https://rooms.museum.org", name: "Ada", token: "abc" });
      form.paste(link);
      return form;
    };

    it("names that host, and brings the token there only on purpose", async () => {
      const [backend, form] = [bridge(), pasted(LINK)];
      expect([form.elsewhere, form.note, form.complaints]).toEqual(["evil.example", "join.filledElsewhere", { server: "join.bad.elsewhere" }]);
      expect([await form.submit(backend), backend.calls]).toEqual([null, []]);
      form.allowElsewhere = true;
      expect(await form.submit(backend)).not.toBeNull();
    });

    it("is looked at again with each link, and by the server that stands there at last", () => {
      const form = pasted("aside://join?ws=wss%3A%2F%2Fevil.example%2Fws");
      form.allowElsewhere = true;
      form.paste(LINK.replace("evil", "worse"));
      expect([form.elsewhere, form.complaints.server]).toEqual(["worse.example", "join.bad.elsewhere"]);
      form.paste("aside://join?name=Bo");
      expect(form.elsewhere).toBe("worse.example");
      form.server = "https://WORSE.example:8443/base";
      expect([form.elsewhere, form.complaints]).toEqual([null, {}]);
      form.server = "https://rooms.museum.org";
      form.setSocket("");
      expect([form.socket, form.elsewhere]).toEqual(["wss://rooms.museum.org/ws", null]);
      expect(pasted("wss://evil.example/ws?topic=7&server=https%3A%2F%2Frooms.museum.org").elsewhere).toBe("evil.example");
    });

    it("is not what a person typed, or saved before", async () => {
      const form = pasted(LINK);
      form.setSocket("wss://live.example/ws");
      expect([form.elsewhere, form.complaints]).toEqual([null, {}]);
      const typed = filled();
      typed.setSocket("wss://live.example/ws");
      const editing = new JoinForm(await typed.submit(bridge()), () => "");
      expect(editing.elsewhere).toBeNull();
      editing.paste(LINK);
      expect(editing.complaints.server).toBe("join.bad.elsewhere");
    });
  });
});
