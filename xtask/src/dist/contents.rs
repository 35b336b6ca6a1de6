//! What ships inside the programs: crates by cargo's own graph, packages of the page by npm's lock file.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::PathBuf,
    process::Command,
};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::{self, cargo, root};

/// The programs that we hand out.
pub(crate) const PROGRAMS: [&str; 3] = ["aside", "aside-cli", "aside-server"];

/// Something that a program is made of.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) version: String,
    /// As its authors declare it, an SPDX expression.
    pub(super) licence: String,
    /// Its address among all packages of the world.
    pub(super) purl: String,
    pub(super) sha256: Option<String>,
    pub(super) folder: PathBuf,
    /// Whether it is of this repository.
    pub(super) ours: bool,
    /// The purls of what it is made of in turn.
    pub(super) needs: Vec<String>,
}

/// Everything that ships, in the order of its purls.
pub(super) fn parts() -> Result<Vec<Part>> {
    let mut parts = crates()?;
    parts.extend(packages()?);
    parts.sort_by(|a, b| a.purl.cmp(&b.purl));
    Ok(parts)
}

/// What the programs need when they run: not what builds or tests them.
fn crates() -> Result<Vec<Part>> {
    let host = host()?;
    let ask = ["metadata", "--format-version", "1", "--locked", "--filter-platform", &host];
    let told: Value = serde_json::from_str(&command::output(cargo().args(ask))?)?;
    let checksums = checksums()?;
    let by_id = |pointer: &str| -> HashMap<&str, &Value> {
        let list = told.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
        list.map(|one| (text(one, "id"), one)).collect()
    };
    let (known, nodes) = (by_id("/packages"), by_id("/resolve/nodes"));
    let mut waiting: Vec<&str> = known
        .iter()
        .filter(|(_, about)| about["source"].is_null() && PROGRAMS.contains(&text(about, "name")))
        .map(|(id, _)| *id)
        .collect();
    let mut found = BTreeMap::new();
    while let Some(id) = waiting.pop() {
        if found.contains_key(id) {
            continue;
        }
        let about = known.get(id).with_context(|| format!("cargo knows no {id}"))?;
        let needed = nodes.get(id).and_then(|node| node["deps"].as_array());
        let needed: Vec<&str> = needed
            .into_iter()
            .flatten()
            .filter(|needed| runs_along(needed))
            .map(|needed| text(needed, "pkg"))
            .collect();
        let purls = needed.iter().filter_map(|id| known.get(id)).map(|about| purl(about));
        let (name, version) = (text(about, "name"), text(about, "version"));
        let key = format!("{name} {version}");
        let part = Part {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: text(about, "license").to_owned(),
            purl: purl(about),
            sha256: checksums.get(&key).cloned(),
            folder: PathBuf::from(text(about, "manifest_path")).parent().unwrap_or(&root()).into(),
            ours: about["source"].is_null(),
            needs: purls.collect(),
        };
        found.insert(id, part);
        waiting.extend(needed);
    }
    Ok(found.into_values().collect())
}

fn runs_along(needed: &Value) -> bool {
    let kinds = needed["dep_kinds"].as_array().into_iter().flatten();
    kinds.into_iter().any(|kind| kind["kind"].is_null())
}

fn purl(about: &Value) -> String {
    format!("pkg:cargo/{}@{}", text(about, "name"), text(about, "version"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The machine that we are on, as rustc calls it.
fn host() -> Result<String> {
    let told = command::output(Command::new("rustc").arg("-vV"))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say where it is")?.to_owned())
}

/// By name and version, as the lock file has them.
fn checksums() -> Result<HashMap<String, String>> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).context("no Cargo.lock")?;
    let value = |entry: &str, key: &str| {
        let line = entry.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        line.map(|quoted| quoted.trim_matches('"').to_owned())
    };
    let entry = |entry: &str| {
        let key = format!("{} {}", value(entry, "name")?, value(entry, "version")?);
        Some((key, value(entry, "checksum")?))
    };
    Ok(lock.split("[[package]]").filter_map(entry).collect())
}

/// What npm does not call a tool: the page's packages, and a few that only their compiler reads.
fn packages() -> Result<Vec<Part>> {
    let lock = fs::read(root().join("ui/package-lock.json")).context("no package-lock.json")?;
    let lock: Value = serde_json::from_slice(&lock)?;
    let entries = lock["packages"].as_object().context("a lock file without packages")?;
    let part = |(path, about): (&String, &Value)| {
        let name = path.rsplit_once("node_modules/")?.1;
        if about["dev"] == true || about["optional"] == true {
            return None;
        }
        let version = text(about, "version");
        Some(Part {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: text(about, "license").to_owned(),
            purl: format!("pkg:npm/{}@{version}", name.replace('@', "%40")),
            sha256: None,
            folder: root().join("ui").join(path),
            ours: false,
            needs: Vec::new(),
        })
    };
    Ok(entries.iter().filter_map(part).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::{licences, sbom};

    #[test]
    fn what_ships_is_listed_and_what_builds_it_is_not() -> Result<()> {
        let parts = parts()?;
        let has = |start: &str| parts.iter().any(|part| part.purl.starts_with(start));
        for ships in ["cargo/aside-server", "cargo/tauri", "cargo/libsqlite3-sys", "npm/svelte"] {
            assert!(has(&format!("pkg:{ships}@")), "{ships} is missing");
        }
        for stays in ["cargo/proptest", "cargo/tauri-build", "cargo/xtask", "npm/vite"] {
            assert!(!has(&format!("pkg:{stays}@")), "{stays} does not ship");
        }

        let bill = sbom::document(&parts, "1.2.3");
        let refs: Vec<&str> = bill["components"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|c| text(c, "bom-ref"))
            .collect();
        for needs in bill["dependencies"].as_array().into_iter().flatten() {
            for on in needs["dependsOn"].as_array().into_iter().flatten() {
                assert!(on.as_str().is_some_and(|on| refs.contains(&on)), "{on} is nowhere");
            }
        }
        let licences = licences::document(&parts)?;
        assert!(
            licences.contains("\nlibsqlite3-sys ") && licences.contains("Permission is hereby")
        );
        Ok(())
    }
}
