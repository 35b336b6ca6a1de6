//! What a package tells the system about `aside://` links. The bundler fills the template in; here it is filled in the same way, without a bundle.

#[cfg(target_os = "linux")]
use std::process::Command;

use serde_json::Value;

const CONFIG: &str = include_str!("../../../tauri.conf.json");
const TEMPLATE: &str = include_str!("../../aside.desktop");

fn text<'a>(config: &'a Value, pointer: &str) -> &'a str {
    config.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer}"))
}

/// The template with what the bundler puts into it.
fn entry() -> String {
    let config: Value = serde_json::from_str(CONFIG).unwrap();
    let schemes = config.pointer("/plugins/deep-link/desktop/schemes").unwrap();
    let schemes: Vec<String> = serde_json::from_value(schemes.clone()).unwrap();
    let types: Vec<String> =
        schemes.iter().map(|scheme| format!("x-scheme-handler/{scheme}")).collect();
    TEMPLATE
        .replace("{{name}}", text(&config, "/productName"))
        .replace("{{comment}}", text(&config, "/bundle/shortDescription"))
        .replace("{{exec}}", env!("CARGO_PKG_NAME"))
        .replace("{{icon}}", env!("CARGO_PKG_NAME"))
        .replace("{{mime_type}}", &types.join(";"))
}

#[test]
fn packages_register_links_and_hand_them_over() {
    let config: Value = serde_json::from_str(CONFIG).unwrap();
    for package in ["deb", "rpm"] {
        let template = text(&config, &format!("/bundle/linux/{package}/desktopTemplate"));
        assert_eq!(template, "src-tauri/aside.desktop", "{package}");
    }
    let entry = entry();
    let has = |line: &str| assert!(entry.lines().any(|l| l == line), "no {line} in:\n{entry}");
    has("MimeType=x-scheme-handler/aside;");
    has("Exec=aside %u");
    assert!(!entry.contains("{{"), "what the bundler does not know:\n{entry}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_entry_is_one_that_desktops_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("aside.desktop");
    std::fs::write(&file, entry()).unwrap();
    let told = Command::new("desktop-file-validate").arg(&file).output();
    let told = told.expect("desktop-file-validate, of the Debian package desktop-file-utils");
    let complaints = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success() && complaints.is_empty(), "{complaints}");
}
