//! Brings a picture's bytes: one request that says nothing about us, to an address that was checked after it was resolved.

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, redirect};

use super::policy::{Source, is_public};

/// From the first look at the name to the last byte.
const PATIENCE: Duration = Duration::from_secs(5);

/// A face needs a tenth of it.
const LARGEST_BYTES: usize = 512 * 1024;

/// Why there are no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FetchError {
    #[error("no connection that may be used")]
    Connection,
    #[error("answered with status {0}")]
    Status(u16),
    #[error("too large")]
    TooLarge,
    #[error("no HTTP client on this system")]
    NoClient,
}

/// The two ways out, to the open internet and to a room's own server: each made for its first picture, since the system's roots
/// are read for it.
#[derive(Default)]
pub(super) struct Fetch {
    public: OnceLock<Option<Client>>,
    own_server: OnceLock<Option<Client>>,
}

impl Fetch {
    fn public(&self) -> Option<&Client> {
        let make = || client().https_only(true).dns_resolver(Arc::new(PublicOnly)).build().ok();
        self.public.get_or_init(make).as_ref()
    }

    fn own_server(&self) -> Option<&Client> {
        self.own_server.get_or_init(|| client().build().ok()).as_ref()
    }

    /// The bytes behind an address.
    pub(super) async fn get(&self, source: &Source) -> Result<Vec<u8>, FetchError> {
        let client = if source.own_server { self.own_server() } else { self.public() };
        let client = client.ok_or(FetchError::NoClient)?;
        let request = client.get(source.link.clone()).timeout(PATIENCE);
        let mut reply = request.send().await.map_err(|_| FetchError::Connection)?;
        if reply.status() != reqwest::StatusCode::OK {
            return Err(FetchError::Status(reply.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = reply.chunk().await.map_err(|_| FetchError::Connection)? {
            if bytes.len() + chunk.len() > LARGEST_BYTES {
                return Err(FetchError::TooLarge);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// No redirect (it would lead past the checks), no proxy (it would resolve names for us), no cookie, no referrer, no
/// token: there is none in here.
fn client() -> ClientBuilder {
    Client::builder()
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(PATIENCE)
}

/// Resolves names to public addresses only. The connection goes to the very address that was checked.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|addr| is_public(addr.ip())).collect();
            if allowed.is_empty() {
                return Err("no public address".into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}
