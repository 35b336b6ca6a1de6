//! Servers that are none: they hang, they talk nonsense, they hang up; and what the report must never show.

use std::net::SocketAddr;

use aside_server::Config;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::proxy::{Down, NONE, Plant, Reply, Request, framed};
use crate::{Room, check, proxy, report, with};

const TOKEN: &str = "canary-9b41\"7e";

async fn stranger<F: Future<Output = ()> + Send + 'static>(
    serve: impl Fn(TcpStream) -> F + Send + Sync + Copy + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    addr
}

async fn hang(mut stream: TcpStream) {
    while stream.read(&mut [0; 1024]).await.is_ok_and(|count| count > 0) {}
}

async fn hang_up(stream: TcpStream) {
    drop(stream);
}

async fn babble(mut stream: TcpStream) {
    let _ = stream.read(&mut [0; 8192]).await;
    while stream.write_all(&[0xff, b'{', 0, b'\r', b'\n']).await.is_ok() {}
}

async fn page(mut stream: TcpStream) {
    let _ = stream.read(&mut [0; 8192]).await;
    let reply = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: 13\r\n\r\n<html></html>";
    let _ = stream.write_all(reply.as_bytes()).await;
}

async fn flood(mut stream: TcpStream) {
    let _ = stream.read(&mut [0; 8192]).await;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{\"code\":200,\"data\":\"";
    let _ = stream.write_all(head.as_bytes()).await;
    while stream.write_all(&[b'x'; 65536]).await.is_ok() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_answers_the_check_ends_and_says_so() {
    let addrs = [
        ("hangs", stranger(hang).await),
        ("hangs up", stranger(hang_up).await),
        ("babbles", stranger(babble).await),
        ("is a web page", stranger(page).await),
        ("floods", stranger(flood).await),
    ];
    for (name, addr) in addrs {
        let output = check(addr, TOKEN, None, &["--format", "json", "--timeout", "1"]).await;
        assert_eq!(output.status.code(), Some(1), "{name}: {output:?}");
        let tried = report(&output);
        assert!(tried["counts"]["fail"].as_u64() > Some(0), "{tried:#}");
        let heard = [output.stdout, output.stderr].concat();
        let heard = String::from_utf8_lossy(&heard);
        assert!(!heard.contains("canary-9b41") && !heard.contains("panicked"), "{name}: {heard}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_no_list_of_faults() {
    let output = check(([127, 0, 0, 1], 9).into(), TOKEN, None, &[]).await;
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the server can't be reached"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_report_shows_a_token_even_if_the_server_says_it_aloud() {
    const LOUD: Plant = Plant {
        down: |memory, _, text| {
            let said = json!({ "type": "message", "content": memory.good, "token": memory.good });
            vec![framed(&said), Down::Text(text)]
        },
        ..NONE
    };
    let room = Room::new(Config::for_tests()).await;
    let addr = proxy::start(room.server.addr(), room.staff.clone(), LOUD).await;
    for format in ["text", "json", "junit"] {
        let output =
            check(addr, &room.staff, Some(&room.audience), &["--verbose", "--format", format])
                .await;
        let heard = [output.stdout, output.stderr].concat();
        let heard = String::from_utf8_lossy(&heard);
        assert!(!heard.contains(&room.staff) && !heard.contains(&room.audience), "{format}");
        assert!(
            heard.contains(if format == "junit" { "&lt;token&gt;" } else { "<token>" })
                || format == "junit"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_words_json_or_xml_and_leads_to_what_to_do() {
    const SILENT: Plant = Plant {
        down: |_, data, text| {
            if data["type"] == "message" { vec![] } else { vec![Down::Text(text)] }
        },
        ..NONE
    };
    let room = Room::new(Config { core_only: true, ..Config::for_tests() }).await;
    let addr = proxy::start(room.server.addr(), room.staff.clone(), SILENT).await;
    let args = |format| ["--timeout", "1", "--format", format];
    let text = check(addr, &room.staff, None, &args("text")).await;
    let words = String::from_utf8(text.stdout).unwrap();
    assert!(words.contains("FAIL      talk.echo"), "{words}");
    assert!(words.contains("\nBegin with talk.echo: On a type 2 frame, broadcast"), "{words}");
    let last = words.lines().last().unwrap();
    assert!(last.contains(" pass, 1 fail, ") && last.ends_with(" could not be tried"), "{last}");
    assert!(
        String::from_utf8_lossy(&text.stderr)
            .contains("write about seventy short entries into room 1")
    );
    let junit = check(addr, &room.staff, None, &args("junit")).await;
    let xml = String::from_utf8(junit.stdout).unwrap();
    assert!(xml.starts_with("<?xml") && xml.trim_end().ends_with("</testsuites>"), "{xml}");
    assert_eq!(xml.matches("<failure ").count(), 1, "{xml}");
    let json = check(addr, &room.staff, None, &args("json")).await;
    assert!(with(&report(&json), "not-tried").contains("talk.others"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_is_no_fault_of_the_server_and_no_success() {
    for core_only in [false, true] {
        let room = Room::new(Config { core_only, ..Config::for_tests() }).await;
        let output = check(room.server.addr(), TOKEN, None, &["--json"]).await;
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let report = report(&output);
        assert!(with(&report, "fail").is_empty(), "{report:#}");
        assert!(with(&report, "not-tried").contains("socket.open"), "{report:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_refused_over_http_may_be_another_and_is_no_success() {
    const CLOSED: Plant = Plant { reply: |_, reply| reply.status = 403, ..NONE };
    for core_only in [false, true] {
        let room = Room::new(Config { core_only, ..Config::for_tests() }).await;
        let addr = proxy::start(room.server.addr(), room.staff.clone(), CLOSED).await;
        let output = check(addr, &room.staff, None, &["--json"]).await;
        let report = report(&output);
        assert_eq!(output.status.code(), Some(3), "{report:#}");
        assert!(with(&report, "fail").is_empty(), "{report:#}");
        assert!(with(&report, "pass").contains("talk.echo"), "{report:#}");
        let findings = report["findings"].as_array().unwrap();
        let history = findings.iter().find(|finding| finding["id"] == "history.reply").unwrap();
        assert!(history["why"].as_str().unwrap().contains("--stream"), "{history:#}");
    }
}

/// Keeps what an object is and whom it is for, and nothing else of its form.
fn mangled(data: &Value, into: fn(&Value) -> Value) -> Value {
    let Some(object) = data.as_object() else { return into(data) };
    let keep = ["type", "nonce", "content", "code", "data", "items"];
    let mangle = |(key, value): (&String, &Value)| {
        let kept = keep.contains(&key.as_str());
        let value = match value {
            Value::Object(_) if kept => mangled(value, into),
            Value::Array(items) if kept => items.iter().map(|item| mangled(item, into)).collect(),
            _ if kept => value.clone(),
            _ => into(value),
        };
        (key.clone(), value)
    };
    object.iter().map(mangle).collect()
}

fn down_as(data: &Value, text: String, into: fn(&Value) -> Value) -> Vec<Down> {
    if data.is_object() { vec![framed(&mangled(data, into))] } else { vec![Down::Text(text)] }
}

fn reply_as(request: &Request, reply: &mut Reply, into: fn(&Value) -> Value) {
    // What it announces stays, so that all of it is tried.
    if !request.path.ends_with("capabilities") {
        reply.json(|body| *body = mangled(body, into));
    }
}

const NULL: fn(&Value) -> Value = |_| Value::Null;
const NEST: fn(&Value) -> Value = |value| json!([[value], { "": [value] }]);
const HUGE: fn(&Value) -> Value =
    |value| if value.is_number() { json!(u64::MAX) } else { json!(-1e300) };

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_any_form_are_judged_and_break_nothing() {
    let plants = [
        (
            "null",
            Plant {
                down: |_, data, text| down_as(&data, text, NULL),
                reply: |request, reply| reply_as(request, reply, NULL),
                ..NONE
            },
        ),
        (
            "nested",
            Plant {
                down: |_, data, text| down_as(&data, text, NEST),
                reply: |request, reply| reply_as(request, reply, NEST),
                ..NONE
            },
        ),
        (
            "huge",
            Plant {
                down: |_, data, text| down_as(&data, text, HUGE),
                reply: |request, reply| reply_as(request, reply, HUGE),
                ..NONE
            },
        ),
    ];
    for (name, plant) in plants {
        let room = Room::new(Config::for_tests()).await;
        let addr = proxy::start(room.server.addr(), room.staff.clone(), plant).await;
        let args = ["--json", "--timeout", "1"];
        let output = check(addr, &room.staff, Some(&room.audience), &args).await;
        assert_eq!(output.status.code(), Some(1), "{name}: {output:?}");
        let report = report(&output);
        assert!(with(&report, "fail").contains("seq.live"), "{name}: {report:#}");
        assert!(with(&report, "pass").contains("talk.echo"), "{name}: {report:#}");
    }
}
