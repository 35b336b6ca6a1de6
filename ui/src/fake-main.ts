// The entry for development and pictures: the same window on an invented room. Never part of the shipped bundle.
import { FakeBridge } from "./bridge/fake/fake";
import { sceneFrom } from "./bridge/fake/scenes";
import { start } from "./start";
import "./tokens.css";
import "./base.css";

const query = new URLSearchParams(location.search);
const bridge = new FakeBridge(sceneFrom(query));
Object.assign(window, { fake: bridge, aside: start(bridge, query.get("window") ?? "main") });
