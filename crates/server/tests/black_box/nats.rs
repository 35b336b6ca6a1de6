//! A NATS server that a test may kill, and a wire to it that a test may cut.

use std::net::{SocketAddr, TcpListener as Listener};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aside_server::LogPlace;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::client::soon;

/// Debian's `nats-server`, one or a cluster of them, with JetStream on a directory of its own. Killed when the test ends.
pub(crate) struct Nats {
    servers: Vec<Server>,
    dir: tempfile::TempDir,
}

struct Server {
    child: Option<Child>,
    port: u16,
    /// Where the others of a cluster find it.
    route: u16,
}

/// The password of every NATS server here.
pub(crate) const PASSWORD: &str = "canary-password";

fn url(addr: SocketAddr) -> String {
    format!("nats://aside:{PASSWORD}@{addr}")
}

fn free_port() -> u16 {
    Listener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Nats {
    pub(crate) async fn start() -> Self {
        Self::cluster(1).await
    }

    pub(crate) async fn cluster(count: usize) -> Self {
        let server = |_| Server { child: None, port: free_port(), route: free_port() };
        let servers = (0..count).map(server).collect();
        let mut nats = Self { servers, dir: tempfile::tempdir().unwrap() };
        for number in 0..count {
            nats.again(number).await;
        }
        nats
    }

    pub(crate) fn url(&self) -> String {
        let urls: Vec<String> =
            (0..self.servers.len()).map(|number| url(self.addr(number))).collect();
        urls.join(",")
    }

    pub(crate) fn place(&self) -> LogPlace {
        LogPlace::new(self.url())
    }

    pub(crate) fn addr(&self, number: usize) -> SocketAddr {
        let server = &self.servers[number % self.servers.len()];
        SocketAddr::from(([127, 0, 0, 1], server.port))
    }

    /// `kill -9`. What it acknowledged is in files.
    pub(crate) fn kill(&mut self, number: usize) {
        if let Some(mut child) = self.servers[number].child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Loses all that it has acknowledged, as a disk does that was not flushed.
    pub(crate) fn forget(&self, number: usize) {
        std::fs::remove_dir_all(self.dir.path().join(number.to_string())).unwrap();
    }

    /// Starts it again, on the same port and directory.
    pub(crate) async fn again(&mut self, number: usize) {
        let dir = self.dir.path().join(number.to_string());
        std::fs::create_dir_all(&dir).unwrap();
        let config = dir.join("nats.conf");
        // `sync_interval: always` would be here, too, but 2.9 does not know it yet.
        let mut text = format!(
            "server_name: n{number}\nlisten: \"{}\"\njetstream {{ store_dir: {dir:?} }}\nauthorization {{ user: aside, password: {PASSWORD} }}\n",
            self.addr(number),
        );
        if self.servers.len() > 1 {
            let routes: Vec<String> = self
                .servers
                .iter()
                .map(|server| format!("\"nats-route://127.0.0.1:{}\"", server.route))
                .collect();
            // A server that is told of the others would go around the wire of a test.
            text.push_str(&format!(
                "cluster {{ name: c, no_advertise: true, listen: \"127.0.0.1:{}\", routes: [{}] }}\n",
                self.servers[number].route,
                routes.join(", ")
            ));
        }
        std::fs::write(&config, text).unwrap();
        let child = Command::new("nats-server")
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("this test needs `nats-server` (Debian: apt-get install nats-server)");
        self.servers[number].child = Some(child);
        soon("NATS listens", async {
            while TcpStream::connect(self.addr(number)).await.is_err() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await;
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        for number in 0..self.servers.len() {
            self.kill(number);
        }
    }
}

/// A wire between a server and NATS.
pub(crate) struct Wire {
    addr: SocketAddr,
    state: Arc<State>,
    cuts: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    /// Nobody gets through.
    down: AtomicBool,
    /// What NATS says is lost.
    deaf: AtomicBool,
}

impl Wire {
    pub(crate) async fn to(nats: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let state = Arc::<State>::default();
        let (cuts, cut) = watch::channel(0);
        tokio::spawn({
            let state = state.clone();
            async move {
                while let Ok((here, _)) = listener.accept().await {
                    if state.down.load(Ordering::Relaxed) {
                        continue;
                    }
                    let Ok(there) = TcpStream::connect(nats).await else { continue };
                    let (mut cut, state) = (cut.clone(), state.clone());
                    cut.mark_unchanged();
                    tokio::spawn(async move {
                        tokio::select! {
                            _ = cut.changed() => {}
                            () = pass(here, there, &state) => {}
                        }
                    });
                }
            }
        });
        Self { addr, state, cuts }
    }

    pub(crate) fn place(&self) -> LogPlace {
        LogPlace::new(url(self.addr))
    }

    /// From now on nothing that NATS says arrives; what is said to NATS does.
    pub(crate) fn deafen(&self) {
        self.state.deaf.store(true, Ordering::Relaxed);
    }

    /// Cuts what is connected, and lets nobody through.
    pub(crate) fn cut(&self) {
        self.state.down.store(true, Ordering::Relaxed);
        self.cuts.send_modify(|count| *count += 1);
    }

    /// Whole again, with new connections.
    pub(crate) fn mend(&self) {
        self.state.down.store(false, Ordering::Relaxed);
        self.state.deaf.store(false, Ordering::Relaxed);
        self.cuts.send_modify(|count| *count += 1);
    }
}

async fn pass(here: TcpStream, there: TcpStream, state: &State) {
    let ((mut from_here, mut to_here), (mut from_there, mut to_there)) =
        (here.into_split(), there.into_split());
    let out = tokio::io::copy(&mut from_here, &mut to_there);
    let back = async {
        let mut buffer = [0; 8192];
        loop {
            let count = from_there.read(&mut buffer).await.unwrap_or(0);
            if count == 0 {
                return;
            }
            if !state.deaf.load(Ordering::Relaxed)
                && to_here.write_all(&buffer[..count]).await.is_err()
            {
                return;
            }
        }
    };
    tokio::select! {
        _ = out => {}
        () = back => {}
    }
}
