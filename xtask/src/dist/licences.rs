//! The licences of what ships: each text once, with everything that is under it.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use anyhow::{Context, Result, ensure};

use super::contents::Part;

/// How files that hold a licence, or a notice that has to stay with it, are called.
const NAMES: [&str; 6] = ["licen", "copying", "copyright", "notice", "unlicense", "authors"];

pub(super) fn document(parts: &[Part]) -> Result<String> {
    let theirs: Vec<&Part> = parts.iter().filter(|part| !part.ours).collect();
    let nameless = theirs.iter().find(|part| part.licence.is_empty());
    ensure!(nameless.is_none(), "{} declares no licence", nameless.map_or("", |part| &part.name));
    let mut document = String::from(
        "What Aside is made of: everything with its licence, then the texts.\n\
         Rust's standard library is compiled in, too (MIT OR Apache-2.0), and SQLite, which is in the public domain.\n\n",
    );
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for part in theirs {
        let label = format!("{} {}", part.name, part.version);
        let found = texts_of(&part.folder)
            .with_context(|| format!("cannot read the licence of {label}"))?;
        let without = if found.is_empty() { " (brings no text of it)" } else { "" };
        writeln!(document, "{label}: {}{without}", part.licence)?;
        for text in found {
            texts.entry(text).or_default().push(label.clone());
        }
    }
    let mut texts: Vec<(String, Vec<String>)> = texts.into_iter().collect();
    texts.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.1.cmp(&b.1)));
    for (text, mut under) in texts {
        under.dedup();
        write!(document, "\n{}\n{}\n\n{text}\n", "=".repeat(72), under.join(", "))?;
    }
    Ok(document)
}

fn texts_of(folder: &Path) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let source = path.extension().is_some_and(|ending| ending == "rs" || ending == "js");
        if path.is_file() && !source && NAMES.iter().any(|start| name.starts_with(start)) {
            let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
            let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
            texts.push(lines.join("\n").trim_matches('\n').to_owned());
        }
    }
    texts.sort();
    Ok(texts)
}
