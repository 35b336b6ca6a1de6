//! Servers that pass on what one says to many: ours, and what others build on. Each is told the same, to as many.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use aside_protocol::{ClientFrame, Join, Nonce, OutgoingMessage, StreamId, Token, Topic};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::app::{PATIENCE, binary};
use crate::room::{STREAM, TOPIC};
use crate::stage::{Program, Stage};

/// What is said, in bytes, stamp included.
pub(crate) const TEXT: usize = 300;

const SUBJECT: &str = "room";

/// How somebody comes in to listen.
#[derive(Clone)]
pub(crate) struct Line {
    /// What is sent, and what stands in the answer.
    pub(crate) opening: Vec<(Vec<u8>, &'static str)>,
    pub(crate) join: Vec<u8>,
    /// What a member has to say now and then to be taken for alive.
    pub(crate) beat: Option<(Duration, Vec<u8>)>,
}

/// A server that runs.
pub(crate) struct Hub {
    pub(crate) name: &'static str,
    pub(crate) program: Program,
    pub(crate) addr: SocketAddr,
    pub(crate) line: Line,
    speech: Speech,
}

/// How somebody says something to all.
enum Speech {
    Aside(Token),
    /// Whatever comes in a frame of text goes to all.
    Plain,
    SocketIo,
    Nats,
    /// The same, in a stream that is kept on disk.
    JetStream,
    Redis,
}

/// A frame from a client. Masked with zeroes, which leave it as it is.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match u16::try_from(payload.len()) {
        Ok(length @ ..126) => frame.push(0x80 | length as u8),
        Ok(length) => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => {
            frame.push(0x80 | 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend_from_slice(payload);
    frame
}

const TEXT_FRAME: u8 = 1;
const BINARY_FRAME: u8 = 2;

fn handshake(path: &str, headers: &str) -> (Vec<u8>, &'static str) {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    (request.into_bytes(), "\r\n\r\n")
}

impl Hub {
    /// Our own room server, as it ships, with its database on disk.
    pub(crate) async fn aside(stage: &Stage) -> Result<Self> {
        let (home, addr) = (stage.home()?, free()?);
        let config = home.join("server.toml");
        let settings = format!(
            "listen = \"{addr}\"\ndata = \"{}\"\n[limits]\noff = true\nsockets = 20000\nsockets_per_user = 20000\n[log]\nfilter = \"warn\"\n",
            home.join("data").display()
        );
        fs::write(&config, settings)?;
        let server = binary("aside-server")?;
        let mut create = stage.command(&server);
        create.args(["token", "create", "--room", TOPIC, "--stream", STREAM, "--user", "ana"]);
        create.args(["--name", "Ana", "--config"]).arg(&config).stdout(Stdio::piped());
        let made = create.output()?;
        ensure!(made.status.success(), "no token: {}", String::from_utf8_lossy(&made.stderr));
        let token = Token::new(String::from_utf8(made.stdout)?.trim());
        let mut command = stage.command(&server);
        let program = stage.start(command.arg("--config").arg(&config), "aside-server")?;
        let say = |frame: ClientFrame| {
            anyhow::Ok(self::frame(TEXT_FRAME, frame.encode(&token)?.as_bytes()))
        };
        let join = Join { topic: Topic::new(TOPIC), resume: None, triage: false };
        let line = Line {
            opening: vec![handshake("/ws", &format!("Authorization: {}\r\n", token.expose()))],
            join: say(ClientFrame::Join(join))?,
            beat: Some((Duration::from_secs(5), say(ClientFrame::Heartbeat)?)),
        };
        Self { name: "aside-server", program, addr, line, speech: Speech::Aside(token) }
            .ready()
            .await
    }

    /// The library that most servers in Node.js are made with, and ten lines around it.
    pub(crate) async fn ws(stage: &Stage) -> Result<Self> {
        let (program, addr) = node(stage, "ws")?;
        let line = Line { opening: vec![handshake("/", "")], join: Vec::new(), beat: None };
        Self { name: "npm ws", program, addr, line, speech: Speech::Plain }.ready().await
    }

    pub(crate) async fn socket_io(stage: &Stage) -> Result<Self> {
        let (program, addr) = node(stage, "socket-io")?;
        let opening = vec![
            handshake("/socket.io/?EIO=4&transport=websocket", ""),
            (frame(TEXT_FRAME, b"40"), "40{"),
        ];
        let line = Line { opening, join: Vec::new(), beat: None };
        Self { name: "npm socket.io", program, addr, line, speech: Speech::SocketIo }.ready().await
    }

    /// Over its WebSocket, as a page would.
    pub(crate) async fn nats(stage: &Stage) -> Result<Self> {
        let (home, client, addr) = (stage.home()?, free()?, free()?);
        let config = home.join("nats.conf");
        let settings = format!(
            "listen: \"{client}\"\nping_interval: \"10m\"\nmax_connections: 20000\nwebsocket {{ listen: \"{addr}\", no_tls: true }}\n"
        );
        fs::write(&config, settings)?;
        let mut command = stage.command("nats-server");
        let program = stage.start(command.arg("-c").arg(&config), "nats-server")?;
        let connect = b"CONNECT {\"verbose\":false,\"pedantic\":false}\r\nPING\r\n";
        let subscribe = format!("SUB {SUBJECT} 1\r\n");
        let line = Line {
            opening: vec![handshake("/", ""), (frame(BINARY_FRAME, connect), "PONG")],
            join: frame(BINARY_FRAME, subscribe.as_bytes()),
            beat: None,
        };
        Self { name: "nats-server", program, addr, line, speech: Speech::Nats }.ready().await
    }

    /// A stream in a file, and a listener for its receipts.
    pub(crate) async fn jetstream(stage: &Stage) -> Result<Self> {
        let (home, addr) = (stage.home()?, free()?);
        let config = home.join("nats.conf");
        let store = home.join("store");
        let settings =
            format!("listen: \"{addr}\"\njetstream {{ store_dir: \"{}\" }}\n", store.display());
        fs::write(&config, settings)?;
        let mut command = stage.command("nats-server");
        let program = stage.start(command.arg("-c").arg(&config), "nats-server")?;
        let create = json!({"name": "LOG", "subjects": [SUBJECT], "storage": "file"}).to_string();
        let connect = b"CONNECT {\"verbose\":false,\"pedantic\":false}\r\nPING\r\n".to_vec();
        let make = format!(
            "SUB receipts.> 1\r\nPUB $JS.API.STREAM.CREATE.LOG receipts.made {}\r\n{create}\r\n",
            create.len()
        );
        let line = Line {
            opening: vec![(connect, "PONG"), (make.into_bytes(), "stream_create_response")],
            join: Vec::new(),
            beat: None,
        };
        Self { name: "JetStream", program, addr, line, speech: Speech::JetStream }.ready().await
    }

    pub(crate) async fn redis(stage: &Stage) -> Result<Self> {
        let addr = free()?;
        let mut command = stage.command("redis-server");
        command.args(["--port", &addr.port().to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.args(["--appendonly", "no", "--maxclients", "20000"]);
        let program = stage.start(&mut command, "redis-server")?;
        let opening = vec![(format!("SUBSCRIBE {SUBJECT}\r\n").into_bytes(), "subscribe")];
        let line = Line { opening, join: Vec::new(), beat: None };
        Self { name: "redis-server", program, addr, line, speech: Speech::Redis }.ready().await
    }

    /// How somebody comes in who only says something.
    pub(crate) fn speaker(&self) -> Line {
        match self.speech {
            // Who subscribes to Redis can't say anything.
            Speech::Redis => {
                Line { opening: vec![(b"PING\r\n".to_vec(), "PONG")], join: Vec::new(), beat: None }
            }
            _ => self.line.clone(),
        }
    }

    /// One line for all, as bytes. Where its receipt carries a name, `stamp` is that name, else it stands in the line.
    pub(crate) fn says(&self, stamp: &str, receipt: bool) -> Result<Vec<u8>> {
        let shown = if receipt { "" } else { stamp };
        let text = format!("{shown}{}", "x".repeat(TEXT - shown.len()));
        Ok(match &self.speech {
            Speech::Aside(token) => {
                let message = OutgoingMessage {
                    topic: Topic::new(TOPIC),
                    stream: StreamId::new(STREAM),
                    user: "ana".to_owned(),
                    display_name: "Ana".to_owned(),
                    avatar_url: String::new(),
                    content: text,
                    created_at: "2026-1-1 12:00".to_owned(),
                    nonce: receipt.then(|| Nonce::new(stamp)),
                };
                frame(TEXT_FRAME, ClientFrame::Send(message).encode(token)?.as_bytes())
            }
            Speech::Plain => frame(TEXT_FRAME, text.as_bytes()),
            Speech::SocketIo => frame(TEXT_FRAME, format!("42[\"say\",\"{text}\"]").as_bytes()),
            Speech::Nats => {
                frame(BINARY_FRAME, format!("PUB {SUBJECT} {TEXT}\r\n{text}\r\n").as_bytes())
            }
            Speech::JetStream => {
                format!("PUB {SUBJECT} receipts.{stamp} {TEXT}\r\n{text}\r\n").into_bytes()
            }
            Speech::Redis => format!(
                "*3\r\n$7\r\nPUBLISH\r\n${}\r\n{SUBJECT}\r\n${TEXT}\r\n{text}\r\n",
                SUBJECT.len()
            )
            .into_bytes(),
        })
    }

    async fn ready(mut self) -> Result<Self> {
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(self.addr).await.is_err() {
            self.program.lives()?;
            if Instant::now() > end {
                bail!("{} does not listen", self.name);
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(self)
    }
}

/// One of the peers in bench/peers.
fn node(stage: &Stage, script: &str) -> Result<(Program, SocketAddr)> {
    let addr = free()?;
    let file = Path::new("bench/peers").join(script).with_extension("js");
    ensure!(file.is_file(), "{} is not here: run it from the repository", file.display());
    let mut command = stage.command("node");
    command.arg(file).arg(addr.port().to_string());
    Ok((stage.start(&mut command, "node")?, addr))
}

/// An address that nobody uses now.
fn free() -> Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr().context("no free port")
}
