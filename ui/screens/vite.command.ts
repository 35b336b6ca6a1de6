// Builds the command that takes the pictures, for Node.
import { resolve } from "node:path";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  logLevel: "warn",
  build: { ssr: "main.ts", outDir: resolve(import.meta.dirname, "../../target/screens/command"), emptyOutDir: true, target: "node20" },
});
