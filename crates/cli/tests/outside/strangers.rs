//! Servers that are none: they hang, they talk nonsense, they hang up; and what the report must never show.

use std::net::SocketAddr;

use aside_server::Config;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::proxy::{Down, NONE, Plant, framed};
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
        ("is not there", ([127, 0, 0, 1], 9).into()),
    ];
    for (name, addr) in addrs {
        let output = check(addr, TOKEN, None, &["--format", "json", "--timeout", "1"]).await;
        assert_eq!(output.status.code(), Some(1), "{name}: {output:?}");
        let tried = report(&output);
        assert!(tried["counts"]["fail"].as_u64() > Some(0) || name == "is not there", "{tried:#}");
        let heard = [output.stdout, output.stderr].concat();
        let heard = String::from_utf8_lossy(&heard);
        assert!(!heard.contains("canary-9b41") && !heard.contains("panicked"), "{name}: {heard}");
    }
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
            .contains("write about forty short entries into room 1")
    );
    let junit = check(addr, &room.staff, None, &args("junit")).await;
    let xml = String::from_utf8(junit.stdout).unwrap();
    assert!(xml.starts_with("<?xml") && xml.trim_end().ends_with("</testsuites>"), "{xml}");
    assert_eq!(xml.matches("<failure ").count(), 1, "{xml}");
    let json = check(addr, &room.staff, None, &args("json")).await;
    assert!(with(&report(&json), "not-tried").contains("talk.others"));
}
