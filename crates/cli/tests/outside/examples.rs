//! The servers that docs/examples shows to authors of servers keep the core, and outlive what strangers send.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::{PATIENCE, check, report, with};

/// Tokens of docs/examples/room.json.
const TOKENS: [&str; 2] = ["change-me-1", "change-me-2"];

/// Starts an example, which ends with what is returned.
async fn start(program: &str, file: &str) -> (Child, SocketAddr) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples");
    let mut command = Command::new(program);
    command.arg(folder.join(file)).arg(folder.join("room.json")).arg("0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut server = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
    let line = line.expect("it starts; `cargo xtask test --only needs` installs what it needs");
    let addr = line.strip_prefix("listening on http://").unwrap().parse().unwrap();
    (server, addr)
}

/// Sends bytes on a connection of their own, and waits for its end.
async fn send(addr: SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    // How it ends is the server's affair.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await.unwrap();
}

async fn keeps_the_core(program: &str, file: &str) {
    let (_server, addr) = start(program, file).await;
    let auth = format!("host: x\r\nauthorization: {}\r\nconnection: close", TOKENS[0]);
    for request in [
        "nonsense\r\n\r\n".to_owned(),
        format!("GET // HTTP/1.1\r\n{auth}\r\n\r\n"),
        format!(
            "GET /api/message/chatmsg?stream=s1&page=x&resultsPerPage=-1 HTTP/1.1\r\n{auth}\r\n\r\n"
        ),
        format!("POST /api/question/add HTTP/1.1\r\n{auth}\r\ncontent-length: 4\r\n\r\nnull"),
        format!("POST /api/question/add HTTP/1.1\r\n{auth}\r\ncontent-length: -4\r\n\r\n"),
    ] {
        send(addr, request.as_bytes()).await;
    }
    let output = check(addr, TOKENS[0], Some(TOKENS[1]), &["--format", "json"]).await;
    let report = report(&output);
    assert!(with(&report, "fail").is_empty(), "{file}: {report:#}");
    assert_eq!(output.status.code(), Some(0), "{file}");
    // Nobody answers in the core.
    let not_tried = with(&report, "not-tried");
    let missed: Vec<_> = not_tried.iter().filter(|id| !id.starts_with("reserved.")).collect();
    assert_eq!(missed, ["entries.answers"], "{file}: {report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_in_python_keeps_the_core() {
    keeps_the_core("python3", "python/server.py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_in_node_keeps_the_core() {
    keeps_the_core("node", "node/server.js").await;
}
