//! Each setting in each of its places, and what is said of a wrong one.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::*;

fn of_text(text: &str) -> anyhow::Result<Settings> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("aside.toml");
    std::fs::write(&path, text).unwrap();
    Settings::of_file(&path)
}

fn of_variables(variables: &[(&str, &str)]) -> anyhow::Result<Settings> {
    Settings::of_environment(variables.iter().map(|(name, value)| (name.into(), value.into())))
}

const WHOLE: &str = r#"
listen = "0.0.0.0:80"
data = "/srv/aside"
core_only = true
origins = ["https://a.example", "https://b.example"]
guests = ["8001", "8002"]
drain_seconds = 5
[limits]
off = false
content_bytes = 1000
sends_per_minute = 60
sends_burst = 3
guests_per_minute = 120
guests_burst = 40
sockets = 50
sockets_per_user = 2
connections = 8
queue_bytes = 4096
resume_entries = 77
admit_per_second = 9
[keep]
days = 30
size = "2 GB"
[metrics]
listen = "127.0.0.1:9095"
token_file = "/run/token"
[log]
filter = "debug"
format = "json"
[nats]
url = "nats://log.example"
stream = "rooms"
replicas = 3
"#;

#[test]
fn the_password_of_the_log_is_in_no_picture_of_the_settings() {
    let settings = of_variables(&[("ASIDE_SERVER_NATS_URL", "nats://ann:canary@log")]).unwrap();
    assert_eq!(settings.log_place().unwrap().url, "nats://ann:canary@log");
    assert!(!format!("{settings:?}").contains("canary"));
}

#[test]
fn every_setting_may_stand_in_the_file_or_in_the_environment() {
    let file = of_text(WHOLE).unwrap();
    let config = file.config(None);
    assert_eq!(config.limits.sends, Some(Rate { every: Duration::from_secs(1), burst: 3 }));
    let guests = Rate { every: Duration::from_millis(500), burst: 40 };
    assert_eq!(config.limits.guests, Some(guests));
    assert_eq!((config.limits.content_bytes, config.limits.sockets), (1000, 50));
    assert_eq!((config.keep.days, config.keep.bytes), (Some(30), Some(2_000_000_000)));
    assert!(config.core_only && config.origins.len() == 2);
    assert_eq!(config.guests, ["8001", "8002"].map(Topic::new).into());
    let variables: Vec<(String, String)> = {
        let table: toml::Table = WHOLE.parse().unwrap();
        let name =
            |key: &str| format!("ASIDE_SERVER_{}", key.replace('.', "_").to_ascii_uppercase());
        let plain = |value: &toml::Value| match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Array(all) => {
                all.iter().filter_map(|one| one.as_str()).collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        let of = |key: &&str| match key.split_once('.') {
            Some((section, key)) => plain(&table[section][key]),
            None => plain(&table[*key]),
        };
        KEYS.iter().map(|key| (name(key), of(key))).collect()
    };
    let pairs: Vec<(&str, &str)> =
        variables.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(of_variables(&pairs).unwrap(), file);
    // None is forgotten where one set of settings is laid over another.
    assert_eq!(Settings::default().under(file.clone()), file);
    assert_eq!(file.clone().under(Settings::default()), file);
}

#[test]
fn what_is_above_goes_before_what_is_below_key_by_key() {
    let file =
        of_text("listen = \"127.0.0.1:1\"\n[limits]\nsockets = 5\nsends_burst = 2\n").unwrap();
    let above = of_variables(&[("ASIDE_SERVER_LIMITS_SOCKETS", "7"), ("OTHER", "x")]).unwrap();
    let limits = file.clone().under(above).config(None).limits;
    assert_eq!((limits.sockets, limits.sends.unwrap().burst), (7, 2));
    assert_eq!(Settings::default().config(None).limits.sockets, Limits::default().sockets);
    assert!(file.without_rates().config(None).limits.sends.is_none());
}

#[test]
fn what_is_wrong_is_named_with_file_line_and_key() {
    for (text, says) in [
        ("listen = \"here\"\n", "aside.toml:1: listen: "),
        ("\n[limits]\nsockets = 0\n", "aside.toml:3: limits.sockets: "),
        ("[limits]\n# more\nsocket = 5\n", "aside.toml:3: limits.socket: unknown field `socket`"),
        ("lisen = \"127.0.0.1:1\"\n", "aside.toml:1: lisen: unknown field `lisen`"),
        ("[keep]\nsize = \"many\"\n", "aside.toml:2: keep.size: "),
        ("[limit]\nsockets = 5\n", "aside.toml:1: "),
        ("[log]\nformat = \"xml\"\n", "aside.toml:2: log.format: unknown variant `xml`"),
        ("core_only = \"yes\"\n", "aside.toml:1: core_only: "),
        ("core_only = true\nlisten\n", "aside.toml:2: "),
    ] {
        let error = of_text(text).unwrap_err().to_string();
        assert!(error.contains(says), "{text:?}: {error}");
        assert!(!error.contains('\n'), "one line: {error}");
    }
    for (name, value, says) in [
        ("ASIDE_SERVER_LISTEN", "here", "ASIDE_SERVER_LISTEN: "),
        ("ASIDE_SERVER_LIMITS_SOCKETS", "-1", "ASIDE_SERVER_LIMITS_SOCKETS: "),
        ("ASIDE_SERVER_LIMIT", "5", "ASIDE_SERVER_LIMIT: there is no such setting"),
        ("ASIDE_SERVER_LOG_FILTER", "a\n[limits]\nsockets = 5", ""),
    ] {
        match of_variables(&[(name, value)]) {
            Err(error) => assert!(error.to_string().contains(says), "{error}"),
            Ok(settings) => assert_eq!((says, settings.limits.sockets), ("", None), "{name}"),
        }
    }
    let missing = Settings::of_file(Path::new("/nowhere/aside.toml")).unwrap_err().to_string();
    assert!(missing.contains("/nowhere/aside.toml"));
}

#[test]
fn sizes_are_written_as_people_write_them() {
    for (text, bytes) in [
        ("5", Some(5)),
        ("500 MB", Some(500_000_000)),
        ("2gb", Some(2_000_000_000)),
        ("1 KB", Some(1000)),
    ] {
        assert_eq!(size(text), bytes, "{text}");
    }
    for text in ["", "MB", "-5", "1.5 GB", "5 parsecs", "99999999999999 TB"] {
        assert_eq!(size(text), None, "{text}");
    }
}

/// The file that is shipped names every setting, and what it says of each is what holds without it.
#[test]
fn the_shipped_file_is_whole_and_true() {
    let text = include_str!("../../../../../../deploy/server.toml");
    let shipped = of_text(text).unwrap();
    let of = |settings: &Settings| format!("{:?}", settings.config(None));
    assert_eq!(of(&shipped), of(&Settings::default()));
    let whole: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')) => rest,
            _ => line,
        })
        .fold(String::new(), |text, line| text + line + "\n");
    let table: toml::Table = whole.parse().unwrap();
    for key in KEYS {
        let found = match key.split_once('.') {
            Some((section, key)) => table[section].get(key),
            None => table.get(*key),
        };
        assert!(found.is_some(), "{key} is not in the shipped file");
    }
    of_text(&whole).unwrap();
}
