// Put into the page once: everything that only a script of a stranger, or a request to one, would do.
const caught = [];
for (const name of ["alert", "confirm", "prompt", "print", "open"]) {
  window[name] = () => {
    caught.push(`called ${name}`);
    return null;
  };
}
document.addEventListener("securitypolicyviolation", (event) => {
  caught.push(`blocked by the policy: ${event.violatedDirective} ${event.blockedURI}`);
});
window.addEventListener("error", (event) => caught.push(`an error: ${event.message}`));
// The page's own files, its calls of the shell, and pictures that the shell hands out.
const ours = /^(tauri|ipc|avatar):\/\/localhost\//;
const requests = new PerformanceObserver((list) => {
  for (const { name } of list.getEntries()) if (!ours.test(name)) caught.push(`a request: ${name}`);
});
requests.observe({ type: "resource", buffered: true });
const state = () => ({
  title: document.title,
  href: location.href,
  cookie: document.cookie,
  name: window.name,
  properties: Object.getOwnPropertyNames(window).sort().join(),
  around: [...document.querySelectorAll("script, style, link, iframe, object, embed, base, meta, form")].map((el) => el.outerHTML).join(),
  stored: JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
});
const kept = { caught, state, before: "" };
Object.defineProperty(window, "kept", { value: kept });
kept.before = JSON.stringify(state());
return null;
