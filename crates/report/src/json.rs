//! Everything, for programs.

use std::io::Write;

use serde::Serialize;

use crate::asked::Asked;
use crate::export::{Options, Steps, Stop};
use crate::table::time;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    room: &'a str,
    server: &'a str,
    exported_at: String,
}

/// `{"room","server","exportedAt","questions":[…]}`; a question is written as [`Asked`] says, one a line.
pub(crate) fn json(
    asked: &[Asked],
    options: &Options,
    file: impl Write,
    steps: &mut Steps<'_>,
) -> Result<(), Stop> {
    let mut file = std::io::BufWriter::new(file);
    let exported_at = time(options.now_ms, &options.zone);
    let head = Head { room: &options.room, server: &options.server, exported_at };
    let head = serde_json::to_string(&head).map_err(std::io::Error::other)?;
    file.write_all(head.trim_end_matches('}').as_bytes())?;
    file.write_all(b",\"questions\":[")?;
    for (n, one) in asked.iter().enumerate() {
        file.write_all(if n == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut file, one).map_err(std::io::Error::other)?;
        steps.one()?;
    }
    file.write_all(b"\n]}\n")?;
    file.flush()?;
    Ok(())
}
