//! Running the server, which is what happens without a subcommand.

use std::net::SocketAddr;

use anyhow::Context;
use aside_server::{Config, Limits};
use clap::Args;

use crate::{Data, print};

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 picks a free one, which is printed.
    #[arg(long, default_value = "127.0.0.1:8790")]
    listen: SocketAddr,
    #[command(flatten)]
    data: Data,
    /// Keep nothing on disk; rooms and tokens are then made in code alone.
    #[arg(long, hide = true)]
    in_memory: bool,
    /// Know nothing beyond part 1 of the protocol.
    #[arg(long)]
    core_only: bool,
    /// A web origin that may connect; may be repeated.
    #[arg(long = "origin")]
    origins: Vec<String>,
    /// Do not limit rates (for tests and load).
    #[arg(long)]
    no_rate_limits: bool,
}

pub(crate) async fn serve(serve: Serve) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(serve.listen)
        .await
        .with_context(|| format!("cannot listen on {}", serve.listen))?;
    let config = Config {
        data: (!serve.in_memory).then(|| serve.data.dir()),
        core_only: serve.core_only,
        origins: serve.origins,
        limits: if serve.no_rate_limits { Limits::without_rates() } else { Limits::default() },
        ..Config::default()
    };
    let running = aside_server::start(config, listener).await?;
    // The one line on stdout: scripts wait for it, and read the port from it.
    print(&format!("listening {}", running.addr()))?;
    stop_signal().await?;
    running.stop().await;
    Ok(())
}

/// Waits for Ctrl-C, or for a service manager's request.
async fn stop_signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
