// The shipped entry: the window on the real backend.
import { mount } from "svelte";
import App from "./App.svelte";
import { tauriBridge } from "./bridge/tauri";
import { Aside } from "./state/aside.svelte";
import { whenStyled } from "./whenStyled";
import "./tokens.css";
import "./base.css";

const target = document.getElementById("app");
if (target) whenStyled(() => mount(App, { target, props: { aside: new Aside(tauriBridge()) } }));
