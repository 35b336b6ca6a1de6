//! What docs/server.md tells its reader to type, and what it says comes of it.

use std::path::Path;
use std::process::Command;

const DOCUMENT: &str = include_str!("../../../../docs/server.md");

/// The lines of shell that make tokens and print links, in their order, each with the comments below it.
fn lines() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut lines: Vec<(&str, Vec<&str>)> = Vec::new();
    let fenced = DOCUMENT.split("```sh\n").skip(1).filter_map(|part| part.split("```").next());
    for line in fenced.flat_map(str::lines) {
        match (line.strip_prefix("# "), lines.last_mut()) {
            (Some(said), Some((_, printed))) => printed.push(said),
            _ => lines.push((line, Vec::new())),
        }
    }
    let of_rooms = |line: &str| line.contains("token create") || line.contains("room link");
    lines.retain(|(line, _)| of_rooms(line) && !line.contains("--log"));
    lines
}

#[test]
fn the_rooms_of_the_document_are_where_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_aside-server"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let lines = lines();
    assert!(lines.len() >= 3, "{lines:?}");
    for (line, says) in lines {
        let ran = Command::new("sh")
            .args(["-c", line])
            .env("PATH", &path)
            .env("ASIDE_SERVER_DATA", dir.path())
            .output()
            .unwrap();
        let printed = String::from_utf8(ran.stdout).unwrap();
        assert!(ran.status.success(), "{line}: {}", String::from_utf8_lossy(&ran.stderr));
        if !says.is_empty() {
            assert_eq!(printed.lines().collect::<Vec<_>>(), says, "{line}");
        }
        // The first link of the document is the room of its first line.
        let link = "`http://127.0.0.1:8790/r/8001/s1` is the room";
        assert!(!line.contains("room link") || DOCUMENT.contains(link));
    }
}
