//! Reads the proxy that a person chose. Its address holds no secret: it stands in the settings file, which is readable text.

use aside_session::ProxyChoice;
use url::Url;

use crate::dto::Proxy;
use crate::errors::{AppError, Code};

/// The longest address, in bytes.
const ADDRESS_BYTES: usize = 2048;

/// The choice as it is kept: with a scheme, without what no proxy's address has.
///
/// # Errors
/// `bad_proxy`, `proxy_secret`. Neither repeats the address.
pub(crate) fn tidy(proxy: Proxy) -> Result<Proxy, AppError> {
    match proxy {
        Proxy::System | Proxy::Direct => Ok(proxy),
        Proxy::Through { url } => Ok(Proxy::Through { url: address(&url)?.into() }),
    }
}

/// The same as a session understands it. What is not tidy is left to the system.
pub(crate) fn choice(proxy: &Proxy) -> ProxyChoice {
    match proxy {
        Proxy::System => ProxyChoice::System,
        Proxy::Direct => ProxyChoice::Direct,
        Proxy::Through { url } => address(url).map(ProxyChoice::Through).unwrap_or_default(),
    }
}

/// An address as a person writes it, with or without a scheme.
fn address(text: &str) -> Result<Url, Code> {
    let text = text.trim();
    if text.len() > ADDRESS_BYTES {
        return Err(Code::BadProxy);
    }
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&whole).map_err(|_| Code::BadProxy)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Code::ProxySecret);
    }
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let usable = matches!(url.scheme(), "http" | "https") && bare && url.has_host();
    if usable { Ok(url) } else { Err(Code::BadProxy) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(url: &str) -> Proxy {
        Proxy::Through { url: url.to_owned() }
    }

    #[test]
    fn an_address_may_be_written_in_short() {
        for (written, kept) in [
            ("http://proxy.example:3128", "http://proxy.example:3128/"),
            (" proxy.example:3128\n", "http://proxy.example:3128/"),
            ("https://proxy.example", "https://proxy.example/"),
            ("10.0.0.1:8080", "http://10.0.0.1:8080/"),
            ("[fd00::1]:8080/", "http://[fd00::1]:8080/"),
        ] {
            assert_eq!(tidy(through(written)).unwrap(), through(kept), "{written}");
        }
        let chosen = ProxyChoice::Through("http://proxy.example:3128".parse().unwrap());
        assert_eq!(choice(&through("proxy.example:3128")), chosen);
        for other in [Proxy::System, Proxy::Direct] {
            assert_eq!(tidy(other.clone()).unwrap(), other);
        }
    }

    #[test]
    fn what_is_no_proxy_or_holds_a_secret_is_refused_without_being_repeated() {
        for (written, code) in [
            ("", "bad_proxy"),
            ("proxy with spaces", "bad_proxy"),
            ("socks5://proxy.example:1080", "bad_proxy"),
            ("http://", "bad_proxy"),
            ("http://proxy.example:99999", "bad_proxy"),
            ("http://proxy.example/path", "bad_proxy"),
            ("http://proxy.example/?canary", "bad_proxy"),
            ("http://al:canary@proxy.example:3128", "proxy_secret"),
            ("al:canary@proxy.example:3128", "proxy_secret"),
            ("http://canary@proxy.example", "proxy_secret"),
            ("socks5://al:canary@proxy.example", "proxy_secret"),
            (&"canary".repeat(1000), "bad_proxy"),
        ] {
            let error = tidy(through(written)).unwrap_err();
            assert_eq!(error.code(), code, "{written}");
            assert!(!format!("{error:?}").contains("canary"));
        }
    }

    #[test]
    fn a_secret_that_somebody_wrote_into_the_file_does_not_stay_in_it() {
        let by_hand = r#"{"proxy":{"by":"through","url":"http://al:canary@proxy.example"}}"#;
        let settings: crate::dto::Settings = serde_json::from_str(by_hand).unwrap();
        assert_eq!(settings.bounded().proxy, Proxy::System);
    }
}
