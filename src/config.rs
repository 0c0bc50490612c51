//! What a server is told about itself: defaults, then a TOML file, then the environment, then the command line.
//!
//! Invariant: a key that nobody knows is refused by its name; a misspelt limit would otherwise be no limit. It must not
//! hold secrets: tokens stand in their own file.

use serde::Deserialize;
use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::limits::{GRACE, SEGMENT_SIZES, SUBSCRIBER_LAG, SUBSCRIBER_STALL, WITNESS_EVERY};

/// Before the names of settings in the environment: `PLEDGEBOOK_LISTEN`, `PLEDGEBOOK_LIMITS__SUBSCRIBER_LAG`.
pub const PREFIX: &str = "PLEDGEBOOK_";
/// Names with that prefix that are the command's and not the server's.
const OF_THE_COMMAND: [&str; 5] = ["CONFIG", "SERVER", "TOKEN", "SOURCE", "LEDGER"];

/// A server's settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where it listens. Loopback only, until there is TLS.
    pub listen: SocketAddr,
    /// Where it keeps everything.
    pub data: PathBuf,
    /// Whose web pages may call, over gRPC-Web: origins such as `https://ledger.example`. None, unless somebody says so.
    pub web_origins: Vec<String>,
    /// Checkpoints and hash tiles are for whoever asks, token or not. Records never are.
    pub public_tiles: bool,
    /// What it says while it runs.
    pub log: Log,
    /// How much it takes on.
    pub limits: Limits,
    /// Those outside who hold its ledgers to their history.
    pub witnesses: Vec<Witness>,
    /// The least time between two checkpoints that a witness is sent of one ledger, such as `60s`.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub witness_every: Duration,
    /// Files with signed checkpoints of its ledgers that were kept elsewhere: a ledger that went back behind one is
    /// refused.
    pub known_checkpoints: Vec<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8420)),
            data: PathBuf::from("pledgebook-data"),
            web_origins: Vec::new(),
            public_tiles: false,
            log: Log::default(),
            limits: Limits::default(),
            witnesses: Vec::new(),
            witness_every: WITNESS_EVERY,
            known_checkpoints: Vec::new(),
        }
    }
}

/// A witness (C2SP `tlog-witness`) that is sent the checkpoints of every ledger.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// Where it takes them, such as `https://witness.example`: what stands before `/add-checkpoint`.
    pub url: String,
    /// Its verifier key, from its operator by a way that can be trusted.
    pub vkey: String,
    /// The organisation that controls it, as it is recorded.
    pub organisation: String,
}

/// What a server says while it runs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Such as `info`, or `warn,pledgebook=debug`.
    pub level: String,
    /// For people or for programs.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), format: LogFormat::Text }
    }
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How much a server takes on. What no operator has reason to change stands in [`crate::limits`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Requests that may wait for one ledger's writer. None: the journal's own limit.
    pub queued_requests: Option<usize>,
    /// Bytes of events that may wait for one ledger's writer. None: the journal's own limit.
    pub queued_bytes: Option<usize>,
    /// Subjects whose lives one ledger's writer keeps in memory. None: the journal's own limit.
    pub cached_lives: Option<usize>,
    /// Size of a full segment of a log, in bytes. None: the log's own size.
    pub segment_bytes: Option<u64>,
    /// How long a reader may take no message, such as `30s`.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub subscriber_stall: Duration,
    /// How many events a live subscriber may be behind.
    pub subscriber_lag: u64,
    /// How long a stopping server waits for what it is answering, such as `20s`.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queued_requests: None,
            queued_bytes: None,
            cached_lives: None,
            segment_bytes: None,
            subscriber_stall: SUBSCRIBER_STALL,
            subscriber_lag: SUBSCRIBER_LAG,
            grace: GRACE,
        }
    }
}

/// What the command line says, over everything else.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--listen`.
    pub listen: Option<SocketAddr>,
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--log-level`.
    pub log_level: Option<String>,
    /// `--log-format`.
    pub log_format: Option<LogFormat>,
    /// `--known-checkpoint`, each beside those of the file.
    pub known_checkpoints: Vec<PathBuf>,
}

/// Why there are no settings: which key, and what to write.
#[derive(Debug, thiserror::Error)]
#[error("configuration: {0}")]
pub struct Error(String);

impl Config {
    /// The settings: defaults, the file, this process's environment, the flags.
    pub fn load(file: Option<&Path>, flags: Flags) -> Result<Self, Error> {
        Self::of(
            file,
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))),
            flags,
        )
    }

    /// The same, of some environment.
    pub fn of(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: Flags,
    ) -> Result<Self, Error> {
        let mut sources = config::Config::builder();
        if let Some(file) = file {
            sources = sources.add_source(config::File::from(file).format(config::FileFormat::Toml));
        }
        let environment = environment.into_iter().filter(|(name, _)| {
            name.strip_prefix(PREFIX).is_some_and(|name| !OF_THE_COMMAND.contains(&name))
        });
        let environment = config::Environment::with_prefix("PLEDGEBOOK")
            .prefix_separator("_")
            .separator("__")
            .try_parsing(true)
            .list_separator(",")
            .with_list_parse_key("web_origins")
            .with_list_parse_key("known_checkpoints")
            .source(Some(environment.collect::<HashMap<_, _>>()));
        let built = sources.add_source(environment).build().and_then(config::Config::try_deserialize::<Self>);
        let mut config = built.map_err(|error| Error(error.to_string()))?;
        config.listen = flags.listen.unwrap_or(config.listen);
        config.data = flags.data.unwrap_or(config.data);
        config.log.level = flags.log_level.unwrap_or(config.log.level);
        config.log.format = flags.log_format.unwrap_or(config.log.format);
        config.known_checkpoints.extend(flags.known_checkpoints);
        config.check()
    }

    fn check(self) -> Result<Self, Error> {
        let limits = &self.limits;
        let none = [
            ("queued_requests", limits.queued_requests == Some(0)),
            ("queued_bytes", limits.queued_bytes == Some(0)),
            ("cached_lives", limits.cached_lives == Some(0)),
            ("subscriber_lag", limits.subscriber_lag == 0),
            ("subscriber_stall", limits.subscriber_stall.is_zero()),
        ];
        if let Some((key, _)) = none.into_iter().find(|(_, none)| *none) {
            return Err(Error(format!("limits.{key}: must be more than nothing")));
        }
        if limits.segment_bytes.is_some_and(|bytes| !SEGMENT_SIZES.contains(&bytes)) {
            let (least, most) = (SEGMENT_SIZES.start(), SEGMENT_SIZES.end());
            return Err(Error(format!("limits.segment_bytes: must be {least} to {most}")));
        }
        if self.witness_every.is_zero() {
            return Err(Error("witness_every: must be more than nothing".into()));
        }
        if let Some(witness) = self.witnesses.iter().find(|witness| !is_safe(&witness.url)) {
            return Err(Error(format!(
                "witnesses.url: `{}`: what a witness says can end the signing, so it must come from the witness: write \
                 https://…, or http:// and an address of this machine where a tunnel or a proxy to it listens",
                witness.url
            )));
        }
        if let Some(origin) = self.web_origins.iter().find(|origin| !is_origin(origin)) {
            return Err(Error(format!(
                "web_origins: `{origin}` is no origin as browsers write it: scheme, host and port, in small letters, with \
                 nothing behind them, such as `https://ledger.example`; there are no patterns"
            )));
        }
        Ok(self)
    }

    /// Where the tokens stand.
    pub fn tokens(&self) -> PathBuf {
        self.data.join("tokens.json")
    }
}

/// Whether what comes from there comes from whom it should.
fn is_safe(url: &str) -> bool {
    let at = |scheme: &str| url.parse::<http::Uri>().ok().filter(|uri| uri.scheme_str() == Some(scheme));
    let local = |host: &str| {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
    };
    at("https").is_some() || at("http").and_then(|uri| uri.host().map(local)).unwrap_or(false)
}

/// Whether a text is an origin, as browsers write it.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let good_name = match bracketed {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || b".-_".contains(&it)),
    };
    let good_port = port.is_none_or(|port| {
        port.parse::<u16>().is_ok_and(|number| number.to_string() == port && ![80, 443].contains(&number))
    });
    !name.is_empty() && good_name && good_port
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_origins_when_they_are_configured_then_only_what_browsers_write_is_taken() {
        for good in
            ["https://ledger.example", "http://localhost:5173", "http://[::1]:8080", "http://127.0.0.1:1"]
        {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "ledger.example",
            "https://",
            "https://Ledger.example",
            "https://ledger.example/",
            "https://ledger.example:443",
            "https://*.example",
            "https://a b",
            "https://ledger.example:x",
            "ftp://ledger.example",
            "https://user@ledger.example",
            "https://[::1",
            "http://a:080",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
        let several = env(&[("PLEDGEBOOK_WEB_ORIGINS", "https://a.example,https://b.example:8443")]);
        let config = Config::of(None, several, Flags::default()).unwrap();
        assert_eq!(config.web_origins, ["https://a.example", "https://b.example:8443"]);
        let listed = file("web_origins = [\"https://a.example\"]");
        assert_eq!(Config::of(Some(listed.path()), [], Flags::default()).unwrap().web_origins.len(), 1);
        let why = Config::of(None, env(&[("PLEDGEBOOK_WEB_ORIGINS", "*")]), Flags::default()).unwrap_err();
        assert!(why.to_string().contains("no patterns"), "{why}");
    }

    fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn without_anything_said_the_defaults_stand() {
        assert_eq!(Config::of(None, [], Flags::default()).unwrap(), Config::default());
    }

    #[test]
    fn what_is_nearer_to_the_operator_stands_over_what_is_further_away() {
        let file = file(
            "listen = \"127.0.0.1:1\"\ndata = \"file\"\n[limits]\nsubscriber_stall = \"5s\"\n[log]\nlevel = \"warn\"",
        );
        let environment = env(&[
            ("PLEDGEBOOK_DATA", "environment"),
            ("PLEDGEBOOK_LISTEN", "127.0.0.1:2"),
            ("PLEDGEBOOK_LIMITS__SUBSCRIBER_LAG", "7"),
            ("PLEDGEBOOK_TOKEN", "pbk_00"),
            ("OTHER", "x"),
        ]);
        let flags = Flags { listen: Some("127.0.0.1:3".parse().unwrap()), ..Flags::default() };
        let config = Config::of(Some(file.path()), environment, flags).unwrap();
        assert_eq!(config.listen.port(), 3);
        assert_eq!(config.data, PathBuf::from("environment"));
        assert_eq!(config.limits.subscriber_stall, Duration::from_secs(5));
        assert_eq!(config.limits.subscriber_lag, 7);
        assert_eq!(config.log.level, "warn");
    }

    #[test]
    fn given_nothing_said_then_tiles_are_not_public_and_an_operator_can_say_so() {
        assert!(!Config::default().public_tiles);
        let said = env(&[("PLEDGEBOOK_PUBLIC_TILES", "true")]);
        assert!(Config::of(None, said, Flags::default()).unwrap().public_tiles);
    }

    #[test]
    fn a_key_that_nobody_knows_is_refused_by_its_name() {
        let file = file("[limits]\nsubscriber_lagg = 7");
        let why = Config::of(Some(file.path()), [], Flags::default()).unwrap_err().to_string();
        assert!(why.contains("subscriber_lagg"), "{why}");
        let why =
            Config::of(None, env(&[("PLEDGEBOOK_LISTN", "x")]), Flags::default()).unwrap_err().to_string();
        assert!(why.contains("listn"), "{why}");
    }

    #[test]
    fn given_witnesses_when_they_are_configured_then_they_are_asked_where_nobody_can_answer_in_their_place() {
        let of = |url: &str| {
            let text = format!("[[witnesses]]\nurl = \"{url}\"\nvkey = \"v\"\norganisation = \"Other\"");
            Config::of(Some(file(&text).path()), [], Flags::default())
        };
        for good in
            ["https://witness.example", "http://127.0.0.1:8421/w1/", "http://[::1]:1", "http://localhost"]
        {
            assert_eq!(of(good).unwrap().witnesses[0].url, good);
        }
        for bad in ["http://witness.example", "http://10.0.0.1", "witness.example", "", "ftp://localhost"] {
            assert!(of(bad).unwrap_err().to_string().contains("witnesses.url"), "{bad}");
        }
        let why = Config::of(None, env(&[("PLEDGEBOOK_WITNESS_EVERY", "0s")]), Flags::default()).unwrap_err();
        assert!(why.to_string().contains("witness_every"), "{why}");
        let files = env(&[("PLEDGEBOOK_KNOWN_CHECKPOINTS", "a,b")]);
        let flags = Flags { known_checkpoints: vec!["c".into()], ..Flags::default() };
        assert_eq!(Config::of(None, files, flags).unwrap().known_checkpoints.len(), 3);
    }

    #[test]
    fn a_limit_of_nothing_is_refused() {
        let why = Config::of(None, env(&[("PLEDGEBOOK_LIMITS__SUBSCRIBER_LAG", "0")]), Flags::default());
        assert!(why.unwrap_err().to_string().contains("limits.subscriber_lag"));
        let why = Config::of(None, env(&[("PLEDGEBOOK_LIMITS__SEGMENT_BYTES", "1")]), Flags::default());
        assert!(why.unwrap_err().to_string().contains("limits.segment_bytes"));
    }

    #[test]
    fn a_file_that_is_not_there_is_told() {
        assert!(Config::of(Some(Path::new("nowhere.toml")), [], Flags::default()).is_err());
    }
}
