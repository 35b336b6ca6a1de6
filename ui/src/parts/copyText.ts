// A text goes to the clipboard that stands nowhere to be selected.

/** The page may not write to the clipboard by itself; a person's press may copy what is selected. `near` has the focus in it. */
export function copyText(text: string, near: HTMLElement = document.body): void {
  const field = document.createElement("textarea");
  field.value = text;
  near.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
