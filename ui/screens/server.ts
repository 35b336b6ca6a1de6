// Serves what is to be pictured, on this machine: the built pages under the policy of the shipped window, and the wall around them.
import { createServer, type Server } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import type { AddressInfo } from "node:net";
import { NOW, still } from "./still";
import { hang, type Hung } from "./wall";

const TYPES: Record<string, string> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml" };
/** The policy of the shipped window: what it forbids must not be in a picture. */
const POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-src 'none'";

export interface Stage {
  server: Server;
  address: string;
}

/** `hung` says what hangs on the wall of a screen, by its name. */
export async function serve(folder: string, hung: (screen: string) => Hung): Promise<Stage> {
  const server = createServer((request, reply) => {
    const url = new URL(request.url ?? "/", "http://here");
    const send = (type: string, body: string | Buffer, headers: Record<string, string> = {}): void => void reply.writeHead(200, { "content-type": type, ...headers }).end(body);
    if (url.pathname === "/wall") return send(TYPES[".html"] ?? "", `<!doctype html><meta charset="utf-8"><body style="background: #888"><script>(${hang})(${JSON.stringify(hung(url.searchParams.get("screen") ?? ""))})</script>`, { "cache-control": "no-store" });
    if (url.pathname === "/still.js") return send(TYPES[".js"] ?? "", `(${still})(${NOW})`);
    const file = join(folder, normalize(url.pathname));
    readFile(file).then(
      (body) => send(TYPES[extname(file)] ?? "application/octet-stream", extname(file) === ".html" ? stilled(body) : body, { "content-security-policy": POLICY, "cache-control": "max-age=3600" }),
      () => reply.writeHead(404).end(),
    );
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Everything stands still before the page's own script runs. */
const stilled = (page: Buffer): string => page.toString().replace("<head>", '<head><script src="/still.js"></script>');
