// What is typed into a sheet that was asked for and is not there yet: held, and said again once it has the focus.

export class HeldKeys {
  #keys: KeyboardEvent[] = [];

  /** Chords and what an input method composes are nobody's text. */
  hold(event: KeyboardEvent): void {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#keys.push(event);
  }

  forget(): void {
    this.#keys = [];
  }

  /** To whoever has the focus now, as if it were pressed now. */
  say(): void {
    for (const { key, code, shiftKey } of this.#keys.splice(0)) {
      const target = document.activeElement ?? document.body;
      const unheard = target.dispatchEvent(new KeyboardEvent("keydown", { key, code, shiftKey, bubbles: true, cancelable: true }));
      if (unheard && [...key].length === 1 && (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement)) write(target, key);
    }
  }
}

function write(field: HTMLInputElement | HTMLTextAreaElement, text: string): void {
  // A number's field has no caret that a page could see.
  if (field.selectionStart === null) field.value += text;
  else field.setRangeText(text, field.selectionStart, field.selectionEnd ?? field.selectionStart, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true, data: text, inputType: "insertText" }));
}
