// The shipped entry: the window on the real backend.
import { tauriBridge, windowLabel } from "./bridge/tauri";
import { start } from "./start";
import "./tokens.css";
import "./base.css";

start(tauriBridge(), windowLabel());
