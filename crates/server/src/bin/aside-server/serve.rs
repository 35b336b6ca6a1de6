//! Running the server, which is what happens without a subcommand.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use tokio::net::TcpListener;

use crate::settings::{MetricsSettings, Settings};
use crate::{Data, print};

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen (127.0.0.1:8790 if nobody says otherwise); port 0 picks a free one, which is printed.
    #[arg(long)]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) data: Data,
    /// Keep nothing on disk; rooms and tokens are then made in code alone.
    #[arg(long, hide = true)]
    in_memory: bool,
    /// Know nothing beyond part 1 of the protocol.
    #[arg(long)]
    core_only: bool,
    /// A web origin that may connect; may be repeated.
    #[arg(long = "origin")]
    origins: Vec<String>,
    /// The topic of a room that anybody with its link may enter as a guest of the audience; may be repeated.
    #[arg(long, value_name = "TOPIC")]
    guests: Vec<String>,
    /// Do not limit rates (for tests and load).
    #[arg(long)]
    no_rate_limits: bool,
    /// Where `/metrics` is served; nowhere if nobody says so. Beyond this machine it needs a token (`metrics.token_file`).
    #[arg(long)]
    metrics: Option<SocketAddr>,
}

/// Where to listen if nobody says otherwise: on this machine alone.
const LISTEN: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8790));

impl Serve {
    /// What the command line says, over what the environment and the file say.
    fn settings(&self) -> anyhow::Result<Settings> {
        let below = self.data.settings()?;
        let flags = Settings {
            listen: self.listen,
            core_only: self.core_only.then_some(true),
            origins: (!self.origins.is_empty()).then(|| self.origins.clone()),
            guests: (!self.guests.is_empty()).then(|| self.guests.clone()),
            metrics: MetricsSettings { listen: self.metrics, ..MetricsSettings::default() },
            ..Settings::default()
        };
        let settings = below.under(flags);
        Ok(if self.no_rate_limits { settings.without_rates() } else { settings })
    }
}

pub(crate) async fn serve(serve: Serve) -> anyhow::Result<()> {
    let settings = serve.settings()?;
    let mut end = EndSignals::listen()?;
    let listener = bind(settings.listen.unwrap_or(LISTEN)).await?;
    let token = metrics_token(&settings)?;
    let metrics = match settings.metrics.listen {
        Some(addr) => Some(bind(addr).await?),
        None => None,
    };
    let data = (!serve.in_memory).then(|| serve.data.dir(&settings));
    let running = aside_server::start(settings.config(data), listener).await?;
    if let Some(listener) = metrics {
        tracing::info!(addr = %listener.local_addr()?, "metrics are served");
        running.serve_metrics(listener, token.as_deref());
    }
    // The one line on stdout: scripts wait for it, and read the port from it.
    print(&format!("listening {}", running.addr()))?;
    end.next().await;
    let patience = Duration::from_secs(settings.drain_seconds.unwrap_or(0).into());
    if !patience.is_zero() {
        running.drain();
        // A second signal says that nobody wants to wait.
        tokio::select! {
            () = end.next() => {}
            () = tokio::time::sleep(patience) => {}
        }
    }
    running.stop().await;
    Ok(())
}

async fn bind(addr: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(addr).await.with_context(|| format!("cannot listen on {addr}"))
}

/// The token that whoever reads what is counted must have. Without one, only this machine may.
pub(crate) fn metrics_token(settings: &Settings) -> anyhow::Result<Option<String>> {
    let MetricsSettings { listen, token_file } = &settings.metrics;
    let Some(file) = token_file else {
        match listen {
            Some(addr) if !addr.ip().is_loopback() => {
                bail!(
                    "metrics.listen: {addr} is reachable from elsewhere; that needs metrics.token_file"
                )
            }
            _ => return Ok(None),
        }
    };
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("metrics.token_file: cannot read {}", file.display()))?;
    let token = text.trim();
    if token.len() < 16 {
        bail!("metrics.token_file: {} holds fewer than 16 characters", file.display());
    }
    Ok(Some(token.to_owned()))
}

/// Requests to end: Ctrl-C, or a service manager's. They are listened for from the beginning, so that none comes too early.
struct EndSignals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl EndSignals {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        Ok(Self { interrupt: signal(interrupt)?, terminate: signal(terminate)? })
    }

    #[cfg(not(unix))]
    fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    /// The next one.
    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "nothing can be heard of Ctrl-C");
            std::future::pending::<()>().await;
        }
    }
}
