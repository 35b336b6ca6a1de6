//! The desktop app's entry point; everything else is in the library beside it.

// A release on Windows opens no console beside its window.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

fn main() -> std::process::ExitCode {
    aside_app::run()
}
