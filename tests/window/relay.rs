//! A network between the app and the room that can be cut, stalled and mended.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// What the network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    Fair,
    /// Every connection is reset, and so is every new one.
    Cut,
    /// Connections stay open and new ones are taken, and nothing passes, either way.
    Stalled,
}

/// It ends with the runtime.
pub(crate) struct Relay {
    pub(crate) addr: SocketAddr,
    weather: watch::Sender<Weather>,
    taken: Arc<AtomicUsize>,
}

impl Relay {
    pub(crate) async fn before(server: SocketAddr) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (weather, seen) = watch::channel(Weather::Fair);
        let taken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(client, server, seen.clone()));
            }
        });
        Relay { addr, weather, taken }
    }

    pub(crate) fn becomes(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// How many connections it took.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

async fn serve(client: TcpStream, server: SocketAddr, weather: watch::Receiver<Weather>) {
    let cut = {
        let mut weather = weather.clone();
        async move {
            let _ended = weather.wait_for(|weather| *weather == Weather::Cut).await;
        }
    };
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let reset = tokio::select! {
        () = cut => true,
        _ = pass(&mut from_server, &mut to_client, weather.clone()) => false,
        _ = pass(&mut from_client, &mut to_server, weather) => false,
    };
    if let (true, Ok(client)) = (reset, from_client.reunite(to_client)) {
        // Closed in an orderly way if that fails, which is a cut, too.
        let _abrupt = client.set_zero_linger();
    }
}

async fn pass(
    from: &mut OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
) -> Option<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = from.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        weather.wait_for(|weather| *weather != Weather::Stalled).await.ok()?;
        to.write_all(&buffer[..count]).await.ok()?;
    }
}
