//! Lets Tauri read `tauri.conf.json` and check the capability at build time.
fn main() {
    tauri_build::build();
}
