//! From a name to a TCP connection: the race of its addresses, and the options that watch over the winner.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use url::Host;

use crate::network::{DialError, Routes};

/// One address may take this long.
pub(super) const ADDRESS: Duration = Duration::from_secs(5);
/// The next address starts this much later, or when one failed.
const STAGGER: Duration = Duration::from_millis(250);
/// The system's own watch over a silent peer, behind ours.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(5);
const KEEPALIVE_TRIES: u32 = 3;
/// Somewhere else, of either family: addresses set aside for documentation. Nothing is ever sent there.
const ELSEWHERE: [&str; 2] = ["192.0.2.1:9", "[2001:db8::1]:9"];

/// Connects to a host by whichever of its addresses answers first.
pub(super) async fn reach(host: &Host<&str>, port: u16) -> Result<TcpStream, DialError> {
    let stream = race(addresses(host, port).await?).await?;
    watch_over(&stream);
    Ok(stream)
}

/// From which addresses of ours the rest of the world would be reached: the system is asked for its choice, no packet goes
/// out.
pub(super) fn routes() -> Routes {
    let [v4, v6] = ELSEWHERE.map(|there| {
        let there: SocketAddr = there.parse().ok()?;
        let here = if there.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(here).ok()?;
        socket.connect(there).ok()?;
        socket.local_addr().ok().map(|addr| addr.ip()).filter(|ip| !ip.is_unspecified())
    });
    Routes { v4, v6 }
}

async fn addresses(host: &Host<&str>, port: u16) -> Result<Vec<SocketAddr>, DialError> {
    let name = match host {
        Host::Ipv4(ip) => return Ok(vec![SocketAddr::from((*ip, port))]),
        Host::Ipv6(ip) => return Ok(vec![SocketAddr::from((*ip, port))]),
        Host::Domain(name) => *name,
    };
    let found = timeout(ADDRESS, tokio::net::lookup_host((name, port))).await;
    let found: Vec<_> = found.map_err(|_| DialError::Dns)?.map_err(|_| DialError::Dns)?.collect();
    // The system's first choice first, then the families by turns: one that is broken costs 250 ms, not a timeout.
    let Some(first) = found.first().copied() else { return Err(DialError::Dns) };
    let (same, other): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|a| a.is_ipv4() == first.is_ipv4());
    let mut mixed = Vec::with_capacity(same.len() + other.len());
    let (mut same, mut other) = (same.into_iter(), other.into_iter());
    loop {
        let pair = [same.next(), other.next()];
        if pair == [None, None] {
            return Ok(mixed);
        }
        mixed.extend(pair.into_iter().flatten());
    }
}

async fn race(addresses: Vec<SocketAddr>) -> Result<TcpStream, DialError> {
    let mut rest = addresses.into_iter();
    let mut tries = FuturesUnordered::new();
    let mut last = DialError::Dns;
    let dial = |address| async move {
        match timeout(ADDRESS, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(_)) => Err(DialError::Unreachable),
            Err(_) => Err(DialError::Timeout),
        }
    };
    tries.extend(rest.next().map(dial));
    while !tries.is_empty() {
        tokio::select! {
            Some(tried) = tries.next() => match tried {
                Ok(stream) => return Ok(stream),
                Err(error) => {
                    last = error;
                    tries.extend(rest.next().map(dial));
                }
            },
            () = sleep(STAGGER), if rest.len() > 0 => tries.extend(rest.next().map(dial)),
        }
    }
    Err(last)
}

/// Options that help and that no connection depends on: a system without one of them is none the worse.
fn watch_over(stream: &TcpStream) {
    let _unsupported = stream.set_nodelay(true);
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE_EVERY);
    #[cfg(any(target_os = "linux", target_os = "macos", target_os = "windows"))]
    let keepalive = keepalive.with_retries(KEEPALIVE_TRIES);
    let _unsupported = socket.set_tcp_keepalive(&keepalive);
    #[cfg(target_os = "linux")]
    let _unsupported = socket.set_tcp_user_timeout(Some(KEEPALIVE));
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn the_system_watches_over_a_silent_peer_too() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = reach(&Host::Domain("localhost"), port).await.unwrap();
        assert!(stream.nodelay().unwrap());
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        #[cfg(target_os = "linux")]
        {
            assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEPALIVE);
            assert_eq!(socket.tcp_keepalive_interval().unwrap(), KEEPALIVE_EVERY);
            assert_eq!(socket.tcp_keepalive_retries().unwrap(), KEEPALIVE_TRIES);
            assert_eq!(socket.tcp_user_timeout().unwrap(), Some(KEEPALIVE));
        }
    }

    #[tokio::test]
    async fn an_address_that_is_dead_costs_a_moment_and_none_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let alive = listener.local_addr().unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dead = closed.local_addr().unwrap();
        drop(closed);
        assert!(race(vec![dead, alive]).await.is_ok());
        assert_eq!(race(vec![dead]).await.err(), Some(DialError::Unreachable));
        assert_eq!(race(Vec::new()).await.err(), Some(DialError::Dns));
    }

    #[test]
    fn a_look_at_the_routes_is_quick_and_the_same_twice() {
        assert_eq!(routes(), routes());
        assert!(Routes::default().none());
    }
}
