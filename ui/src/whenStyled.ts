// When the stylesheet is in force: WebKit may run the script first, and what is measured then is wrong.
export function whenStyled(): Promise<void> {
  return new Promise((done) => {
    if (document.readyState === "complete") done();
    else window.addEventListener("load", () => done(), { once: true });
  });
}
