//! Lets Tauri read `tauri.conf.json`.

fn main() {
    println!("cargo:rerun-if-changed=page");
    tauri_build::build();
}
