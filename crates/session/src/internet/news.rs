//! The system's own word that a way out may have come or gone, or that the machine woke: Linux has one, and a room that hears
//! it need not wake every other second to look for itself.

use std::io;

use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, netlink, socket_with};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
// Reads whatever can be waited for, though it is named after one of them.
use tokio::net::unix::pipe::Receiver;
use tokio::sync::watch;

/// Interfaces, and the addresses, routes and rules of both families: `RTMGRP_LINK`, `RTMGRP_IPV4_IFADDR`, `RTMGRP_IPV4_ROUTE`,
/// `RTMGRP_IPV4_RULE`, `RTMGRP_IPV6_IFADDR`, `RTMGRP_IPV6_ROUTE` and the bit of `RTNLGRP_IPV6_RULE` of linux/rtnetlink.h.
const GROUPS: u32 = 0x1 | 0x10 | 0x40 | 0x80 | 0x100 | 0x400 | 1 << 18;
/// What is said does not matter, only that something is; longer messages are cut. In bytes.
const WORD: usize = 256;
/// A moment that never comes: in the year 2200, in seconds since 1970.
const NEVER: i64 = 7_258_118_400;

/// Listens for as long as somebody holds the other end. Inside a runtime with I/O.
///
/// # Errors
/// What the system said: no such sockets in this sandbox, or too many open files.
pub(super) fn listen() -> io::Result<watch::Receiver<()>> {
    let routes = Receiver::from_owned_fd_unchecked(routes()?)?;
    let clock = Receiver::from_owned_fd_unchecked(clock()?)?;
    let (tell, news) = watch::channel(());
    tokio::spawn(async move {
        let heard = async {
            loop {
                tokio::select! {
                    said = said(&routes) => said?,
                    set = said(&clock) => {
                        set?;
                        wind(&clock)?;
                    }
                }
                tell.send_replace(());
            }
        };
        let ended: io::Result<()> = tokio::select! {
            ended = heard => ended,
            () = tell.closed() => Ok(()),
        };
        if let Err(error) = ended {
            tracing::warn!(%error, "the system's word about the network is not heard any more");
        }
    });
    Ok(news)
}

/// Waits for a word, and takes all that were said.
async fn said(who: &Receiver) -> io::Result<()> {
    who.readable().await?;
    let mut word = [0; WORD];
    loop {
        match who.try_read(&mut word) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => match Errno::from_io_error(&error) {
                // The clock was set; more was said than the system keeps. Something it was.
                Some(Errno::CANCELED | Errno::NOBUFS) => return Ok(()),
                _ => return Err(error),
            },
        }
    }
}

fn routes() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    // Without a protocol it is `NETLINK_ROUTE`.
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
    bind(&socket, &netlink::SocketAddrNetlink::new(0, GROUPS))?;
    Ok(socket)
}

/// A timer that only ends early: when the wall clock is set, which the system does also after a sleep.
fn clock() -> io::Result<OwnedFd> {
    let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
    let clock = timerfd_create(TimerfdClockId::Realtime, flags)?;
    wind(&clock)?;
    Ok(clock)
}

fn wind(clock: impl AsFd) -> io::Result<()> {
    let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
    let it_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
    let it_value = Timespec { tv_sec: NEVER, tv_nsec: 0 };
    match timerfd_settime(clock, flags, &Itimerspec { it_interval, it_value }) {
        // It is wound, and the clock was set meanwhile.
        Ok(_) | Err(Errno::CANCELED) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// The rest of the next test, in which a network may be changed that is nobody's.
    const INSIDE: &str = "internet::news::tests::inside_a_network_of_its_own";

    #[test]
    fn an_interface_that_comes_up_is_heard() {
        let this = std::env::current_exe().unwrap();
        let inside = [INSIDE, "--exact", "--ignored", "--nocapture"];
        let mut unshare = Command::new("unshare");
        let ran = unshare.args(["--map-root-user", "--net"]).arg(this).args(inside).output();
        let ran = ran.expect("unshare is a part of util-linux");
        let said = String::from_utf8_lossy(&ran.stdout) + String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success() && said.contains("1 passed"), "{said}");
    }

    #[tokio::test]
    #[ignore = "the one before runs it"]
    async fn inside_a_network_of_its_own() {
        let mut news = listen().unwrap();
        assert!(timeout(Duration::from_millis(300), news.changed()).await.is_err(), "all is calm");
        for way in ["up", "down"] {
            let set = Command::new("ip").args(["link", "set", "lo", way]).status().unwrap();
            assert!(set.success());
            timeout(Duration::from_secs(30), news.changed()).await.expect(way).unwrap();
            while timeout(Duration::from_millis(300), news.changed()).await.is_ok() {}
        }
    }
}
