// The entry for development and pictures: the same window on an invented room. Never part of the shipped bundle.
import { mount } from "svelte";
import App from "./App.svelte";
import { FakeBridge } from "./bridge/fake/fake";
import { sceneFrom } from "./bridge/fake/scenes";
import { Aside } from "./state/aside.svelte";
import { whenStyled } from "./whenStyled";
import "./tokens.css";
import "./base.css";

const target = document.getElementById("app");
const bridge = new FakeBridge(sceneFrom(new URLSearchParams(location.search)));
const aside = new Aside(bridge);
Object.assign(window, { fake: bridge, aside });
if (target) whenStyled(() => mount(App, { target, props: { aside } }));
