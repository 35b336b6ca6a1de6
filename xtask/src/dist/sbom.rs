//! The bill of materials: what ships, with versions, licences and checksums, as CycloneDX 1.5. The same source gives the same bytes.

use serde_json::{Value, json};

use super::contents::{PROGRAMS, Part};

pub(super) fn document(parts: &[Part], version: &str) -> Value {
    let (ours, theirs): (Vec<&Part>, Vec<&Part>) = parts.iter().partition(|part| part.ours);
    let whole = format!("aside-suite@{version}");
    let programs = ours.iter().filter(|part| PROGRAMS.contains(&part.name.as_str()));
    let programs: Vec<&str> = programs.map(|part| part.purl.as_str()).collect();
    // The page is part of the app, whose build puts it inside.
    let page = theirs.iter().filter(|part| part.purl.starts_with("pkg:npm/"));
    let page: Vec<&str> = page.map(|part| part.purl.as_str()).collect();
    let mut needs = vec![json!({ "ref": whole, "dependsOn": programs })];
    needs.extend(parts.iter().map(|part| {
        let mut on: Vec<&str> = part.needs.iter().map(String::as_str).collect();
        if part.ours && part.name == PROGRAMS[0] {
            on.extend(&page);
        }
        on.sort_unstable();
        on.dedup();
        json!({ "ref": part.purl, "dependsOn": on })
    }));
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": whole,
                "name": "Aside",
                "version": version,
                "licenses": [{ "expression": "MIT OR Apache-2.0" }],
            },
        },
        "components": parts.iter().map(component).collect::<Vec<_>>(),
        "dependencies": needs,
    })
}

fn component(part: &Part) -> Value {
    let mut component = json!({
        "type": if part.ours && PROGRAMS.contains(&part.name.as_str()) { "application" } else { "library" },
        "bom-ref": part.purl,
        "name": part.name,
        "version": part.version,
        "purl": part.purl,
    });
    if !part.licence.is_empty() {
        // An older way to write "or", which SPDX does not know.
        let expression = part.licence.replace('/', " OR ");
        component["licenses"] = json!([{ "expression": expression }]);
    }
    if let Some(sha256) = &part.sha256 {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": sha256 }]);
    }
    component
}
