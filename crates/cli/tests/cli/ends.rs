//! How a command ends that is stopped, that nobody listens to, or that was given what is no token.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crate::{command, finish};

#[tokio::test]
async fn a_token_that_is_no_text_is_a_usage_error_and_shows_nowhere() {
    let home = tempfile::tempdir().unwrap();
    let mut tail = command(home.path(), "http://127.0.0.1:9", &["tail"]);
    tail.env("SEAT", OsStr::from_bytes(b"canary-77ab\xff"));
    let ended = finish(tail).await;
    let said = [ended.stdout, ended.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(!said.contains("canary-77ab"), "{said}");
    assert!(said.contains("the token in SEAT holds characters that no token has"), "{said}");
    assert_eq!(ended.status.code(), Some(2));
}
