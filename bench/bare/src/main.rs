//! A window of Tauri with nothing in it but forty rows: the floor of every figure that a window has.
//!
//! `aside-bare`: forty rows that stand still. `aside-bare naive ws://…`: rows from a socket, appended one by one to a list that
//! only grows. `aside-bare emit RATE`: so many messages a second cross to the page, an event for each; they are counted, not shown.

use std::fs::File;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use serde_json::{Value, json};
use tauri::{AppHandle, Emitter as _, State, WebviewUrl, WebviewWindowBuilder};

/// As the app that is measured beside it, see src-tauri/src/measure.rs.
const VARIABLE: &str = "ASIDE_MEASURE";

struct Stamps(Option<Mutex<File>>);

#[tauri::command]
fn painted(stamps: State<'_, Stamps>, painted: Value) {
    let Some(file) = &stamps.0 else { return };
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut line = painted;
    line["at"] = json!(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX));
    let _lost = writeln!(file.lock().unwrap_or_else(PoisonError::into_inner), "{line}");
}

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (way, rate) = match args[..] {
        [] => (json!({"way": "still"}), None),
        ["naive", socket] => (json!({"way": "naive", "socket": socket}), None),
        ["emit", rate] => {
            (json!({"way": "emit"}), Some(rate.parse::<u32>().context("a rate is a number")?))
        }
        _ => anyhow::bail!("aside-bare [naive SOCKET | emit RATE]"),
    };
    let file = std::env::var_os(VARIABLE)
        .map(|path| File::options().create(true).append(true).open(path))
        .transpose()?;
    tauri::Builder::default()
        .manage(Stamps(file.map(Mutex::new)))
        .invoke_handler(tauri::generate_handler![painted])
        .setup(move |app| {
            WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
                .title("Bare")
                .inner_size(420.0, 800.0)
                .initialization_script(format!("window.wish = {way};"))
                .build()?;
            if let Some(rate) = rate {
                let app = app.handle().clone();
                std::thread::spawn(move || emit(&app, rate));
            }
            Ok(())
        })
        .run(tauri::generate_context!())?;
    Ok(())
}

/// Messages of the usual size, each an event, evenly.
fn emit(app: &AppHandle, rate: u32) {
    std::thread::sleep(Duration::from_secs(2));
    let (begun, mut sent) = (Instant::now(), 0u64);
    loop {
        let due = (begun.elapsed().as_secs_f64() * f64::from(rate)) as u64;
        while sent < due {
            let message = json!({"seq": sent, "user": format!("user-{}", sent % 500), "name": format!("Person {}", sent % 500),
                "text": "thanks for answering my question about the second part of the talk", "place": sent << 20,
                "createdAt": 1_700_000_000_000_u64 + sent, "receivedAt": 1_700_000_000_000_u64 + sent, "delivery": "received",
                "standing": "confirmed", "id": format!("e-{sent}")});
            if app.emit("message", message).is_err() {
                return;
            }
            sent += 1;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
