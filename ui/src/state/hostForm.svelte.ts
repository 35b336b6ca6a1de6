// The form of a room that is hosted here: what is missing or wrong, and what becomes of it.
import { asAppError, type Bridge } from "../bridge/bridge";
import type { AppError, HostForm as Form, HostPlaces, Reach, SavedRoom } from "../bridge/dto";
import type { Key } from "../i18n/catalogue";
import { parse } from "./address";

export type HostField = "name" | "host" | "org" | "logo" | "url" | "port";
export type HostComplaints = Partial<Record<HostField, Key>>;

const LONGEST: Partial<Record<HostField, number>> = { name: 40, host: 40, org: 40, logo: 2_048, url: 2_048 };
const [LEAST_PORT, LAST_PORT] = [1_024, 65_535];

export class HostForm {
  name = $state("");
  host = $state("");
  org = $state("");
  logo = $state("");
  guests = $state(true);
  review = $state(false);
  /** A port that others can reach is opened on purpose, never by default. */
  from = $state<Reach["from"]>("here");
  url = $state("");
  port = $state("");
  busy = $state(false);
  error = $state<AppError | null>(null);
  /** After the first attempt every complaint shows; before it, none. */
  tried = $state(false);
  places = $state.raw<HostPlaces | null>(null);

  readonly complaints = $derived(this.#complaints());
  /** The port that the room has, or would get. */
  readonly likelyPort = $derived(this.port.trim() === "" ? (this.places?.port ?? 0) : Number(this.port));
  readonly editing: SavedRoom | null;
  /** Whether it shows what holds now: what somebody chooses before that would be lost. */
  ready = $state(false);

  constructor(editing: SavedRoom | null) {
    this.editing = editing;
    this.ready = editing === null;
  }

  /** Where it could be, and of a room that is changed, how it is. */
  async look(bridge: Bridge): Promise<void> {
    try {
      this.places = await bridge.host.places();
      if (this.editing) this.#fill((await bridge.host.look(this.editing.id)).form);
      this.ready = true;
    } catch (thrown) {
      this.error = asAppError(thrown);
    }
  }

  async submit(bridge: Bridge): Promise<SavedRoom | null> {
    this.tried = true;
    if (this.busy || Object.keys(this.complaints).length > 0) return null;
    this.busy = true;
    this.error = null;
    try {
      return await bridge.host.host(this.editing?.id ?? null, this.#form());
    } catch (thrown) {
      this.error = asAppError(thrown);
      return null;
    } finally {
      this.busy = false;
    }
  }

  #form(): Form {
    const reach: Reach = this.from === "public" ? { from: "public", url: this.url.trim() } : { from: this.from };
    return { name: this.name.trim(), host: this.host.trim(), org: this.org.trim(), logo: this.logo.trim(), guests: this.guests, review: this.review, reach, port: Number(this.port) };
  }

  #fill({ name, host, org, logo, guests, review, reach, port }: Form): void {
    [this.name, this.host, this.org, this.logo, this.guests, this.review] = [name, host, org, logo, guests, review];
    this.from = reach.from;
    if (reach.from === "public") this.url = reach.url;
    this.port = String(port);
  }

  #complaints(): HostComplaints {
    const found: Partial<Record<HostField, Key | undefined>> = {};
    for (const [field, most] of Object.entries(LONGEST) as [HostField, number][]) if (this[field].length > most) found[field] = "join.bad.long";
    for (const field of ["name", "host"] as const) if (this[field].trim() === "") found[field] = "join.bad.required";
    if (this.logo.trim() !== "" && parse(this.logo)?.protocol !== "https:") found.logo ??= "host.bad.logo";
    if (this.from === "public" && !isBare(this.url)) found.url ??= this.url.trim() === "" ? "join.bad.required" : "host.bad.public";
    const port = Number(this.port);
    if (this.port.trim() !== "" && !(Number.isInteger(port) && port >= LEAST_PORT && port <= LAST_PORT)) found.port = "host.bad.port";
    return Object.fromEntries(Object.entries(found).filter(([, complaint]) => complaint !== undefined)) as HostComplaints;
  }
}

/** Nothing but https:// and a name. */
function isBare(text: string): boolean {
  const url = parse(text);
  return url?.protocol === "https:" && url.pathname === "/" && url.search === "" && url.hash === "" && url.username === "" && url.password === "";
}
