//! What Aside is measured beside: a browser with a good page, a window of Tauri with nothing in it, a client of another protocol.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use aside_sample::{SEED, Talk};
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_tungstenite::tungstenite::Message;

use crate::app::{PATIENCE, Stamp, Stamps, binary, shown};
use crate::room::{Relayed, now};
use crate::stage::{Program, SIZE, Stage};

/// Frames that a page may be behind.
const BEHIND: usize = 1 << 17;

/// Frames of a room for pages, without a token, and what those pages say that they have painted.
pub(crate) struct Feed {
    pub(crate) frames: broadcast::Sender<Relayed>,
    painted: Arc<Mutex<Vec<Stamp>>>,
    socket: u16,
    pages: u16,
    /// They end with it.
    _servers: JoinSet<()>,
}

impl Feed {
    pub(crate) async fn open() -> Result<Self> {
        let (frames, _) = broadcast::channel(BEHIND);
        let painted = Arc::default();
        let sockets = TcpListener::bind("127.0.0.1:0").await?;
        let socket = sockets.local_addr()?.port();
        let (source, heard) = (frames.clone(), Arc::clone(&painted));
        let mut servers = JoinSet::new();
        servers.spawn(async move {
            while let Ok((stream, _)) = sockets.accept().await {
                tokio::spawn(feed(stream, source.subscribe(), Arc::clone(&heard)));
            }
        });
        let pages = TcpListener::bind("127.0.0.1:0").await?;
        let page = include_str!("../pages/peer.html");
        let port = pages.local_addr()?.port();
        let served = Router::new().route("/", get(async move || Html(page)));
        servers.spawn(async move { drop(axum::serve(pages, served).await) });
        Ok(Self { frames, painted, socket, pages: port, _servers: servers })
    }

    pub(crate) fn socket(&self) -> String {
        format!("ws://127.0.0.1:{}", self.socket)
    }

    pub(crate) fn page(&self) -> String {
        format!("http://127.0.0.1:{}/?{}", self.pages, self.socket)
    }

    pub(crate) fn painted(&self) -> Vec<Stamp> {
        self.painted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until a page has painted a row of this number or a later one.
    pub(crate) async fn paints(&self, seq: u64) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while self.painted().last().is_none_or(|stamp| stamp.seq < seq) {
            ensure!(Instant::now() < end, "the page does not paint what was said");
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

async fn feed(
    stream: TcpStream,
    mut frames: broadcast::Receiver<Relayed>,
    painted: Arc<Mutex<Vec<Stamp>>>,
) -> Result<()> {
    stream.set_nodelay(true)?;
    let (mut write, mut read) = tokio_tungstenite::accept_async(stream).await?.split();
    loop {
        tokio::select! {
            frame = frames.recv() => {
                write.feed(Message::text(frame?.text.as_ref())).await?;
                // What is there already goes out in one write.
                while let Ok(frame) = frames.try_recv() {
                    write.feed(Message::text(frame.text.as_ref())).await?;
                }
                write.flush().await?;
            }
            said = read.next() => {
                let said = said.context("the page has gone")??;
                if let Ok(stamp) = serde_json::from_str::<Stamp>(said.to_text()?) {
                    let mut painted = painted.lock().unwrap_or_else(PoisonError::into_inner);
                    painted.push(Stamp { at: now(), ..stamp });
                }
            }
        }
    }
}

/// Chromium without its frame around a page, as a program of web parts has it.
pub(crate) async fn chromium(stage: &Stage, feed: &Feed) -> Result<Program> {
    let profile = stage.home()?;
    let mut command = stage.command("chromium");
    command
        .args(["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--password-store=basic", "--window-position=0,0"])
        .arg(format!("--window-size={},{}", SIZE.0, SIZE.1))
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--app={}", feed.page()));
    let mut program = stage.start(&mut command, "chromium")?;
    shown(stage, &mut program, "Peer").await?;
    Ok(program)
}

pub(crate) struct Bare {
    pub(crate) program: Program,
    pub(crate) stamps: Stamps,
    pub(crate) started: u64,
}

/// Tauri with nothing in it; `args` as src/main.rs of aside-bare takes them.
pub(crate) fn bare(stage: &Stage, args: &[&str]) -> Result<Bare> {
    let stamps = Stamps(stage.home()?.join("stamps.jsonl"));
    let mut command = stage.command(binary("aside-bare")?);
    command.args(args).env("ASIDE_MEASURE", &stamps.0);
    let started = now();
    Ok(Bare { program: stage.start(&mut command, "aside-bare")?, stamps, started })
}

impl Bare {
    pub(crate) async fn is_shown(&mut self, stage: &Stage) -> Result<()> {
        shown(stage, &mut self.program, "Bare").await
    }

    /// Waits for its first rows.
    pub(crate) async fn painted(&mut self) -> Result<Stamp> {
        self.stamps.wait(&mut self.program, |stamp| stamp.rows > 0).await
    }
}

/// weechat without a screen, in a channel of an ngircd: it parses, buffers and logs what is said.
pub(crate) struct Weechat {
    pub(crate) program: Program,
    _server: Program,
    talker: TcpStream,
    talk: Talk,
    log: PathBuf,
}

impl Weechat {
    pub(crate) async fn start(stage: &Stage) -> Result<Self> {
        let home = stage.home()?;
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        let conf = home.join("ngircd.conf");
        fs::write(
            &conf,
            format!(
                "[Global]\nName = bench.example\nInfo = Bench\nListen = 127.0.0.1\nPorts = {port}\nMotdPhrase = Bench\n\
                 [Limits]\nMaxConnectionsIP = 0\nMaxPenaltyTime = 0\n[Options]\nIdent = no\nPAM = no\nDNS = no\nChrootDir = \n"
            ),
        )?;
        let mut ngircd = stage.command("/usr/sbin/ngircd");
        let server = stage.start(ngircd.args(["--nodaemon", "--config"]).arg(&conf), "ngircd")?;
        let mut talker = retry(port).await?;
        register(&mut talker, "talker").await?;
        let mut weechat = stage.command("weechat-headless");
        weechat
            .arg("--dir")
            .arg(home.join("weechat"))
            .args([
                "--run-command",
                &format!("/server add bench 127.0.0.1/{port} -notls -autojoin=#bench"),
            ])
            // What it has logged is written once a second, not once in two minutes: somebody waits for it.
            .args(["--run-command", "/set logger.file.flush_delay 1"])
            .args(["--run-command", "/connect bench"]);
        let mut program = stage.start(&mut weechat, "weechat-headless")?;
        let log = home.join("weechat/logs/irc.bench.#bench.weechatlog");
        let end = Instant::now() + PATIENCE;
        while !log.is_file() {
            program.lives()?;
            ensure!(Instant::now() < end, "weechat does not join");
            sleep(Duration::from_millis(50)).await;
        }
        Ok(Self { program, _server: server, talker, talk: Talk::new(SEED), log })
    }

    /// Says so many lines a second for a time, and waits until the last of them is in weechat's log.
    pub(crate) async fn hear(&mut self, per_second: u32, time: Duration) -> Result<u32> {
        let (begun, mut said) = (Instant::now(), 0);
        let step = Duration::from_micros(16_667);
        let count = (f64::from(per_second) * time.as_secs_f64()).round() as u32;
        for number in 1.. {
            let due = begun + step * number;
            sleep_until(due).await;
            let wanted = (f64::from(per_second) * (due - begun).as_secs_f64()).round() as u32;
            let mut lines = String::new();
            for _ in said..wanted.min(count) {
                let Some(entry) = self.talk.next() else { break };
                // A line of IRC has 512 bytes.
                let text: String = entry.body().text().chars().take(100).collect();
                let text = text.replace(['\r', '\n', '\0'], " ");
                lines.push_str(&format!(
                    "PRIVMSG #bench :Person {}: {text}\r\n",
                    entry.display_name
                ));
            }
            said = wanted.min(count);
            self.talker.write_all(lines.as_bytes()).await?;
            if said == count {
                break;
            }
        }
        self.talker.write_all(b"PRIVMSG #bench :that was all\r\n").await?;
        let end = Instant::now() + PATIENCE;
        let mut log = String::new();
        while !log.contains("that was all") {
            ensure!(Instant::now() < end, "weechat does not hear the last line");
            sleep(Duration::from_millis(200)).await;
            log = String::from_utf8_lossy(&fs::read(&self.log)?).into_owned();
        }
        let heard = log.lines().filter(|line| line.contains("Person ")).count() as u32;
        ensure!(heard == count, "weechat heard {heard} of {count} lines");
        Ok(heard)
    }
}

async fn retry(port: u16) -> Result<TcpStream> {
    let end = Instant::now() + PATIENCE;
    loop {
        match TcpStream::connect(("127.0.0.1", port)).await {
            Ok(stream) => return Ok(stream),
            Err(error) if Instant::now() > end => return Err(error).context("ngircd"),
            Err(_not_yet) => sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Signs in, joins, and from then on reads nothing but answers pings by not being asked: the run is shorter than its patience.
async fn register(stream: &mut TcpStream, nick: &str) -> Result<()> {
    let hello = format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\nJOIN #bench\r\n");
    stream.write_all(hello.as_bytes()).await?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next_line().await? {
        // The end of the list of names: it is in.
        if line.contains(" 366 ") {
            return Ok(());
        }
    }
    anyhow::bail!("ngircd closed")
}
