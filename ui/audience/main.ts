// The entry of the audience's page.
import { mount, unmount } from "svelte";
import App from "./App.svelte";
import { Memory, placeOf, tokenIn } from "./room/place";
import { followContrast } from "../src/state/contrast";
import { look } from "./words/language.svelte";
import "../src/tokens.css";
import "../src/base.css";
import "./page.css";

look.start();
followContrast(document.documentElement);
const place = placeOf(location.pathname);
const memory = place && new Memory(place, sessionStorage, localStorage);

/** Takes the token out of the address bar before anything else happens. */
function takeToken(): boolean {
  const token = tokenIn(location.hash);
  if (location.hash !== "") history.replaceState(null, "", location.pathname);
  if (token !== null) memory?.keepNamed(token);
  return token !== null;
}

takeToken();

const target = document.getElementById("app");
const page = target && mount(App, { target, props: { place, memory } });

// Another invitation, opened in the same tab: whoever was here keeps nothing more in the name of the next.
addEventListener("hashchange", () => {
  if (!takeToken()) return;
  if (page) void unmount(page);
  location.reload();
});
