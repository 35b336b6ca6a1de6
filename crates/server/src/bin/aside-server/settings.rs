//! What may be set: in a file, in the environment, on the command line; each of these goes before the one before it.

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use aside_protocol::Topic;
use aside_server::{Config, Keep, Limits, LogPlace, Rate};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// Everything that may be set. What is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) data: Option<PathBuf>,
    pub(crate) core_only: Option<bool>,
    pub(crate) origins: Option<Vec<String>>,
    pub(crate) guests: Option<Vec<String>>,
    pub(crate) drain_seconds: Option<u32>,
    pub(crate) limits: LimitSettings,
    pub(crate) keep: KeepSettings,
    pub(crate) metrics: MetricsSettings,
    pub(crate) log: LogSettings,
    pub(crate) nats: NatsSettings,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitSettings {
    off: Option<bool>,
    content_bytes: Option<NonZeroUsize>,
    sends_per_minute: Option<NonZeroU32>,
    sends_burst: Option<NonZeroU32>,
    guests_per_minute: Option<NonZeroU32>,
    guests_burst: Option<NonZeroU32>,
    sockets: Option<NonZeroUsize>,
    sockets_per_user: Option<NonZeroUsize>,
    connections: Option<NonZeroUsize>,
    queue_bytes: Option<NonZeroUsize>,
    resume_entries: Option<NonZeroU64>,
    admit_per_second: Option<NonZeroU32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KeepSettings {
    days: Option<NonZeroU32>,
    size: Option<Size>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MetricsSettings {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) token_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogSettings {
    pub(crate) filter: Option<String>,
    pub(crate) format: Option<LogFormat>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NatsSettings {
    pub(crate) url: Option<LogUrl>,
    pub(crate) stream: Option<String>,
    pub(crate) replicas: Option<NonZeroUsize>,
}

/// Where the log is that several servers share. There may be a password in it, which nobody is shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct LogUrl(String);

impl From<String> for LogUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Debug for LogUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogUrl")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// Bytes, as a number or as `500 MB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(u64);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Bytes(u64),
            Text(String),
        }
        let bytes = match Written::deserialize(deserializer)? {
            Written::Bytes(bytes) => Some(bytes),
            Written::Text(text) => size(&text),
        };
        let bytes = bytes.filter(|bytes| *bytes > 0);
        bytes
            .map(Self)
            .ok_or_else(|| D::Error::custom("a size like \"500 MB\" or a number of bytes"))
    }
}

fn size(text: &str) -> Option<u64> {
    let digits = text.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit: u64 = match text.trim()[digits.len()..].trim().to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

/// The names of what may be set, as in the file.
const KEYS: &[&str] = &[
    "listen",
    "data",
    "core_only",
    "origins",
    "guests",
    "drain_seconds",
    "limits.off",
    "limits.content_bytes",
    "limits.sends_per_minute",
    "limits.sends_burst",
    "limits.guests_per_minute",
    "limits.guests_burst",
    "limits.sockets",
    "limits.sockets_per_user",
    "limits.connections",
    "limits.queue_bytes",
    "limits.resume_entries",
    "limits.admit_per_second",
    "keep.days",
    "keep.size",
    "metrics.listen",
    "metrics.token_file",
    "log.filter",
    "log.format",
    "nats.url",
    "nats.stream",
    "nats.replicas",
];

/// What variables begin with that set something.
const PREFIX: &str = "ASIDE_SERVER_";

/// The variable that names the file is no setting.
pub(crate) const FILE_VARIABLE: &str = "ASIDE_SERVER_CONFIG";

impl Settings {
    /// The file's settings, where there is one, and over them those of the environment.
    pub(crate) fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let below = file.map(Self::of_file).transpose()?.unwrap_or_default();
        Ok(below.under(Self::of_environment(std::env::vars_os())?))
    }

    fn of_file(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).map_err(|error| {
            let place = error.span().map_or(0, |span| span.start);
            anyhow::anyhow!("{}:{}", path.display(), At { text: &text, place, error: &error })
        })
    }

    fn of_environment(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> anyhow::Result<Self> {
        let mut settings = Self::default();
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            if name == FILE_VARIABLE {
                continue;
            }
            let variable = |key: &&&str| {
                let key = key.replace('.', "_").to_ascii_uppercase();
                name.strip_prefix(PREFIX) == Some(key.as_str())
            };
            let Some(key) = KEYS.iter().find(variable) else {
                bail!("{name}: there is no such setting");
            };
            let value = value.to_str().with_context(|| format!("{name}: not Unicode"))?;
            let one = Self::of_value(key, value)
                .map_err(|error| anyhow::anyhow!("{name}: {}", error.message().trim_end()))?;
            settings = settings.under(one);
        }
        Ok(settings)
    }

    /// One setting. What is no TOML is a text; a list may be written with commas.
    fn of_value(key: &str, value: &str) -> Result<Self, toml::de::Error> {
        let quoted = toml::Value::from(value).to_string();
        let listed: Vec<String> =
            value.split(',').map(|part| toml::Value::from(part.trim()).to_string()).collect();
        let listed = format!("[{}]", listed.join(","));
        let plain = toml::from_str(&format!("{key} = {value}\n"));
        plain
            .or_else(|_| toml::from_str(&format!("{key} = {quoted}\n")))
            .or_else(|error| toml::from_str(&format!("{key} = {listed}\n")).map_err(|_| error))
    }

    /// These settings, where those above say nothing.
    pub(crate) fn under(self, above: Self) -> Self {
        macro_rules! over {
            ($($($part:ident).+),+ $(,)?) => { Self { ..{
                let mut merged = self;
                $(if above.$($part).+.is_some() { merged.$($part).+ = above.$($part).+; })+
                merged
            } } };
        }
        over!(
            listen,
            data,
            core_only,
            origins,
            guests,
            drain_seconds,
            limits.off,
            limits.content_bytes,
            limits.sends_per_minute,
            limits.sends_burst,
            limits.guests_per_minute,
            limits.guests_burst,
            limits.sockets,
            limits.sockets_per_user,
            limits.connections,
            limits.queue_bytes,
            limits.resume_entries,
            limits.admit_per_second,
            keep.days,
            keep.size,
            metrics.listen,
            metrics.token_file,
            log.filter,
            log.format,
            nats.url,
            nats.stream,
            nats.replicas,
        )
    }

    /// Turns the limits on rates off.
    pub(crate) fn without_rates(mut self) -> Self {
        self.limits.off = Some(true);
        self
    }

    /// The log that several servers share.
    pub(crate) fn log_place(&self) -> Option<LogPlace> {
        let NatsSettings { url, stream, replicas } = &self.nats;
        let mut place = LogPlace::new(url.clone()?.0);
        if let Some(stream) = stream {
            place.stream.clone_from(stream);
        }
        place.replicas = replicas.map_or(place.replicas, NonZeroUsize::get);
        Some(place)
    }

    /// What the server itself is told.
    pub(crate) fn config(&self, data: Option<PathBuf>) -> Config {
        Config {
            data,
            log: self.log_place(),
            core_only: self.core_only.unwrap_or_default(),
            origins: self.origins.clone().unwrap_or_default(),
            guests: self.guests.iter().flatten().map(Topic::new).collect(),
            limits: self.limits.limits(),
            keep: Keep {
                days: self.keep.days.map(NonZeroU32::get),
                bytes: self.keep.size.map(|size| size.0),
            },
            ..Config::default()
        }
    }
}

impl LimitSettings {
    fn limits(&self) -> Limits {
        let off = self.off.unwrap_or_default();
        let mut limits = if off { Limits::without_rates() } else { Limits::default() };
        set_rate(&mut limits.sends, self.sends_per_minute, self.sends_burst);
        set_rate(&mut limits.guests, self.guests_per_minute, self.guests_burst);
        let or = |set: Option<NonZeroUsize>, usual| set.map_or(usual, NonZeroUsize::get);
        limits.content_bytes = or(self.content_bytes, limits.content_bytes);
        limits.sockets = or(self.sockets, limits.sockets);
        limits.sockets_per_user = or(self.sockets_per_user, limits.sockets_per_user);
        limits.connections = or(self.connections, limits.connections);
        limits.queue_bytes = or(self.queue_bytes, limits.queue_bytes);
        limits.resume_entries = self.resume_entries.map_or(limits.resume_entries, NonZeroU64::get);
        limits.admit_per_second =
            self.admit_per_second.map_or(limits.admit_per_second, NonZeroU32::get);
        limits
    }
}

/// Changes a rate, unless there is to be none.
fn set_rate(rate: &mut Option<Rate>, per_minute: Option<NonZeroU32>, burst: Option<NonZeroU32>) {
    let Some(rate) = rate else { return };
    rate.every = per_minute.map_or(rate.every, |count| Duration::from_secs(60) / count.get());
    rate.burst = burst.map_or(rate.burst, NonZeroU32::get);
}

/// What is wrong, after the line and the key that it is wrong at.
struct At<'a> {
    text: &'a str,
    place: usize,
    error: &'a toml::de::Error,
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.text.get(..self.place).unwrap_or_default();
        let line = before.matches('\n').count();
        let lines: Vec<&str> = self.text.lines().collect();
        let section = lines.iter().take(line + 1).rev().find_map(|line| {
            line.trim().strip_prefix('[')?.split(']').next().filter(|name| !name.starts_with('['))
        });
        let key = lines.get(line).and_then(|line| line.split_once('=')).map(|(key, _)| key.trim());
        write!(f, "{}: ", line + 1)?;
        match (section, key) {
            (Some(section), Some(key)) => write!(f, "{section}.{key}: ")?,
            (None, Some(name)) | (Some(name), None) => write!(f, "{name}: ")?,
            (None, None) => {}
        }
        f.write_str(self.error.message().trim_end())
    }
}

#[cfg(test)]
mod tests;
