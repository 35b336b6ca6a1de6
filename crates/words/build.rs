//! Takes the languages into the program: every file of `locales` as a table, and every key of the English one as a constant.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

/// What Rust says; the rest of a file is for the pages.
const AREAS: [&str; 2] = ["shell", "report"];
const MASTER: &str = "en";

type Outcome<T> = Result<T, Box<dyn Error>>;
/// A tag, and what its file holds.
type Files = BTreeMap<String, Value>;

fn main() -> Outcome<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?);
    let mut files = gather(Path::new("../../locales"))?;
    let english = files.get(MASTER).ok_or("locales/en.json is missing")?;
    fs::write(out.join("keys.rs"), keys(english)?)?;
    fs::write(out.join("languages.rs"), languages(&files)?)?;
    // What one more file leads to, for the test of it.
    files.extend(gather(Path::new("tests/third"))?);
    fs::write(out.join("third.rs"), languages(&files)?)?;
    Ok(())
}

fn gather(folder: &Path) -> Outcome<Files> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Files::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let (Some(tag), Some("json")) = (
            path.file_stem().and_then(|tag| tag.to_str()),
            path.extension().and_then(|e| e.to_str()),
        ) else {
            continue;
        };
        let file = serde_json::from_str(&fs::read_to_string(&path)?)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        files.insert(tag.to_owned(), file);
    }
    Ok(files)
}

fn words<'a>(file: &'a Value, area: &str) -> Outcome<&'a Map<String, Value>> {
    Ok(file[area].as_object().ok_or_else(|| format!("a language has no `{area}`"))?)
}

/// `Key::SHELL_TRAY_QUIT` for `tray.quit` of `shell`.
fn keys(english: &Value) -> Outcome<String> {
    let (mut code, mut count) = (String::from("impl Key {\n"), 0);
    for area in AREAS {
        for (key, value) in words(english, area)? {
            let says = value.as_str().or_else(|| value["other"].as_str()).unwrap_or_default();
            writeln!(
                code,
                "#[doc = {says:?}]\npub const {}: Self = Self({count});",
                name(area, key)
            )?;
            count += 1;
        }
    }
    code.push_str("}\n");
    Ok(code)
}

fn name(area: &str, key: &str) -> String {
    let mut name = area.to_uppercase() + "_";
    for c in key.chars() {
        if c.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(if c == '.' { '_' } else { c.to_ascii_uppercase() });
    }
    name
}

/// The tables, in the order of the keys; English where a language is silent.
fn languages(files: &Files) -> Outcome<String> {
    let english = files.get(MASTER).ok_or("locales/en.json is missing")?;
    let mut code = String::from("[\n");
    for (tag, file) in files {
        let own = file["name"].as_str().ok_or_else(|| format!("{tag} has no name"))?;
        let serves: Vec<String> = serde_json::from_value(file["serves"].clone())
            .map_err(|error| format!("what {tag} serves: {error}"))?;
        writeln!(code, "Table {{ tag: {tag:?}, name: {own:?}, serves: &{serves:?}, words: &[")?;
        for area in AREAS {
            for (key, said) in words(english, area)? {
                let (speaker, words) =
                    file[area].get(key).map_or((MASTER, said), |words| (tag.as_str(), words));
                writeln!(
                    code,
                    "{},",
                    said_as(speaker, words).map_err(|e| format!("{tag}: {key}: {e}"))?
                )?;
            }
        }
        code.push_str("] },\n");
    }
    code.push_str("]\n");
    Ok(code)
}

fn said_as(speaker: &str, words: &Value) -> Outcome<String> {
    if let Some(text) = words.as_str() {
        return Ok(format!("Words::Plain({text:?})"));
    }
    let forms = words.as_object().ok_or("neither a text nor its plural forms")?;
    let other = forms.get("other").and_then(Value::as_str).ok_or("no form `other`")?;
    let mut code = format!("Words::Counted {{ speaker: {speaker:?}, other: {other:?}, forms: &[");
    for (form, text) in forms {
        let text = text.as_str().ok_or("a plural form that is no text")?;
        write!(code, "({form:?}, {text:?}),")?;
    }
    code.push_str("] }");
    Ok(code)
}
