//! Whether this process may have as many sockets as it wants members.

use anyhow::bail;
#[cfg(unix)]
use aside_session::open_files;

/// What a process has open besides its sockets.
#[cfg(unix)]
const OTHERS: u64 = 64;
/// Requests over HTTP that are under way at the same time, at the most.
#[cfg(unix)]
const REQUESTS: u64 = 512;

/// Makes room for so many sockets, or says what to do.
///
/// # Errors
/// The limit is lower, and this process may not raise it so far.
#[cfg(unix)]
pub(crate) fn allow(members: u64) -> anyhow::Result<()> {
    let (wanted, needed) = (members + OTHERS + REQUESTS, members + OTHERS);
    if let Some(now) = open_files::raise_to(wanted).filter(|now| *now < needed) {
        bail!(
            "{members} members need {needed} open files, and this process may have {now}: raise the limit first \
             (`ulimit -n {wanted}` in this shell, or as root), or ask for fewer members; the server needs as many"
        );
    }
    Ok(())
}

/// Elsewhere there is no such limit.
#[cfg(not(unix))]
pub(crate) fn allow(members: u64) -> anyhow::Result<()> {
    if members > 50_000 {
        bail!("{members} members need more ports than one computer has");
    }
    Ok(())
}
