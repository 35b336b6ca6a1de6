//! A way to the room on which pictures come late: everything else passes at once.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
};

const PICTURES: &str = "/pictures/";
const PICTURE: &[u8] = include_bytes!("../../icons/32x32.png");

/// Where the picture of somebody is, for the room's entries.
pub(crate) fn picture(number: usize) -> String {
    format!("{PICTURES}{number}.png")
}

/// It ends with the runtime.
pub(crate) struct Late {
    pub(crate) addr: SocketAddr,
    asked: Arc<AtomicUsize>,
    come: watch::Sender<bool>,
}

impl Late {
    pub(crate) async fn before(server: SocketAddr) -> Late {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (come, coming) = watch::channel(false);
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, server, Arc::clone(&count), coming.clone()));
            }
        });
        Late { addr, asked, come }
    }

    /// How many pictures were asked for.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// All that were asked for come now, and later ones at once.
    pub(crate) fn come(&self) {
        self.come.send_replace(true);
    }
}

async fn serve(
    mut client: TcpStream,
    server: SocketAddr,
    asked: Arc<AtomicUsize>,
    mut coming: watch::Receiver<bool>,
) -> Option<()> {
    let mut request = [0; 4096];
    let count = client.peek(&mut request).await.ok()?;
    if !request[..count].starts_with(format!("GET {PICTURES}").as_bytes()) {
        let mut server = TcpStream::connect(server).await.ok()?;
        copy_bidirectional(&mut client, &mut server).await.ok()?;
        return Some(());
    }
    let _asked = client.read(&mut request).await.ok()?;
    asked.fetch_add(1, Ordering::Relaxed);
    coming.wait_for(|come| *come).await.ok()?;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nConnection: close\r\n\r\n";
    client.write_all(head.as_bytes()).await.ok()?;
    client.write_all(PICTURE).await.ok()
}
