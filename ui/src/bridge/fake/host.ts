// Rooms that the invented backend hosts: no server, but everything that the page is told of one.
import type { HostForm, HostKey, Hosting, HostPlaces, HostState, KeyWish, SavedRoom } from "../dto";
import type { HostBridge } from "../host";

interface Backend {
  answer<T>(call: string, args: unknown[], answer: () => T): Promise<T>;
  list(room: SavedRoom): void;
}

const PORT = 8790;
const TOPIC = "kmwhtz";

export class FakeHost implements HostBridge {
  people = 3;
  addresses: string[] = ["192.168.1.5", "10.8.0.3"];
  state: HostState = "running";
  form: HostForm = { name: "Northlight 2026", host: "Alex", org: "Northlight Institute", logo: "", guests: true, review: false, reach: { from: "network" }, port: PORT };
  /** The link that was chosen; the first unless one was. */
  chosen = "";
  keys: HostKey[] = [{ id: "k1", name: "Mira Okafor", role: "staff", expires: Date.UTC(2026, 11, 1, 18) }];
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  places(): Promise<HostPlaces> {
    return this.#backend.answer("hostPlaces", [], () => ({ addresses: this.addresses, port: PORT }));
  }

  host(room: string | null, form: HostForm): Promise<SavedRoom> {
    return this.#backend.answer("hostRoom", [room, form], () => {
      this.form = { ...form, port: form.port || PORT };
      this.state = "running";
      return this.#saved(room ?? "hosted");
    });
  }

  look(room: string): Promise<Hosting> {
    return this.#backend.answer("hosting", [room], () => this.#look());
  }

  run(room: string, on: boolean): Promise<void> {
    return this.#backend.answer("runHosting", [room, on], () => void (this.state = on ? "running" : "stopped"));
  }

  chooseAddress(room: string, link: string): Promise<void> {
    return this.#backend.answer("chooseAddress", [room, link], () => void (this.chosen = link));
  }

  makeKey(room: string, wish: KeyWish): Promise<void> {
    return this.#backend.answer("makeKey", [room, wish], () => {
      const expires = wish.hours === 0 ? null : Date.now() + wish.hours * 3_600_000;
      this.keys = [...this.keys, { id: `k${this.keys.length + 1}`, name: wish.name, role: wish.role, expires }];
    });
  }

  revokeKey(room: string, key: string): Promise<void> {
    return this.#backend.answer("revokeKey", [room, key], () => void (this.keys = this.keys.filter(({ id }) => id !== key)));
  }

  tryDemo(): Promise<SavedRoom> {
    return this.#backend.answer("tryDemo", [], () => this.#saved("demo"));
  }

  #look(): Hosting {
    const { form, state, keys } = this;
    const { reach, port } = form;
    const bases = reach.from === "public" ? [reach.url.replace(/\/$/, "")] : (reach.from === "here" ? ["127.0.0.1"] : this.addresses).map((ip) => `http://${ip}:${port}`);
    const links = state === "running" ? bases.map((base) => ({ url: `${base}/r/${TOPIC}`, qr: CODE, qrSize: 9 })) : [];
    const chosen = links.find(({ url }) => url === this.chosen)?.url ?? links[0]?.url ?? "";
    const invitation = chosen === "" ? "" : `aside://join?server=${encodeURIComponent(new URL(chosen).origin)}&topic=${TOPIC}&stream=${TOPIC}`;
    return { form, state, listening: state === "running" ? `${reach.from === "network" ? "0.0.0.0" : "127.0.0.1"}:${port}` : "", links, chosen, invitation, people: this.people, keys };
  }

  #saved(id: string): SavedRoom {
    const form = { server: `http://127.0.0.1:${this.form.port}/`, socket: "", topic: TOPIC, stream: TOPIC, name: this.form.host, user: "host-1", avatar: "", allowInsecure: false };
    const room: SavedRoom = { id, label: id === "demo" ? "Demo" : this.form.name, form, tokenStore: "session", demo: id === "demo", open: true, hosted: id !== "demo", archived: false };
    this.#backend.list(room);
    return room;
  }
}

/** What stands for a code here. */
const CODE = "M0 0h3v3h-3z M6 0h3v3h-3z M0 6h3v3h-3z M4 4h1v1h-1z M6 6h1v1h-1z";
