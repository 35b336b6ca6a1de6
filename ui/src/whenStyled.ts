// Starts the window once its stylesheet is in force: WebKit may run the script first, and what is measured then is wrong.
export function whenStyled(start: () => void): void {
  if (document.readyState === "complete") start();
  else window.addEventListener("load", start, { once: true });
}
