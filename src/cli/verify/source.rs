//! Where a tiled log is read from: an export, its public part, or the web.
//!
//! Invariant: an answer is bounded in size and in time, and a token goes to the host that it was named for and to nobody
//! else: neither to another address, be it verified with the token still in the environment, nor over the network in
//! clear, nor on to where an answer points. It must not know what the bytes mean.

use anyhow::{Context as _, anyhow, bail};
use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};
use storage::{
    integrity::tiled::Tiles,
    merkle::{Tile, tile::Level},
};
use ureq::Agent;

use crate::cli::client::is_here;
use crate::export::layout;
use crate::outward::{Patience, agent};

/// How long we wait for a connection, and for one whole answer: an entry bundle has up to 16 MiB.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_mins(2);
/// Longest head of an answer, in bytes.
const HEAD: usize = 16 << 10;
/// Requests at once: enough to hide the way there and back, few enough for a small server.
const AT_ONCE: usize = 8;
/// How often an answer is asked for that did not come.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);

/// A tiled log.
pub(super) enum Source {
    /// An export, whole.
    Export(PathBuf),
    /// A folder with checkpoint and hash tiles.
    Public(PathBuf),
    /// The same on the web, and entries, for whoever is let in.
    Web(Web),
}

/// An auditor's token.
pub(super) struct Token {
    /// What the server made.
    pub(super) secret: String,
    /// The host that it is for, with its port where that was said, if any was named.
    pub(super) host: Option<String>,
    /// Whether it stands in the environment, and was not given together with the address.
    pub(super) ambient: bool,
}

impl Token {
    /// Whether it may go to that address. One from the environment was put there for some server: which, must be said.
    /// This machine's own addresses need no name.
    fn is_for(&self, url: &str, address: &http::Uri, here: bool) -> anyhow::Result<()> {
        let authority = address.authority().map(|it| it.as_str().rsplit('@').next().unwrap_or_default());
        let names = [authority, address.host()];
        match &self.host {
            Some(host) if names.iter().flatten().any(|name| name.eq_ignore_ascii_case(host)) => Ok(()),
            Some(host) => bail!(
                "{url}: the token is for {host}, and is sent to nobody else; give that server's token, or none to \
                 verify hash tiles alone"
            ),
            None if self.ambient && !here => bail!(
                "{url}: for which server the token in PLEDGEBOOK_TOKEN is was not said, and another one could use it; \
                 name its host in PLEDGEBOOK_TOKEN_HOST, or unset it to verify hash tiles alone"
            ),
            None => Ok(()),
        }
    }
}

/// A tiled log on the web.
pub(super) struct Web {
    agent: Agent,
    prefix: String,
    token: Option<String>,
}

impl Source {
    /// The tiled log of that name; none if it is no such thing, but perhaps a ledger's own files.
    pub(super) fn of(name: &str, token: Option<&Token>) -> anyhow::Result<Option<Self>> {
        if name.starts_with("http://") || name.starts_with("https://") {
            return Ok(Some(Self::Web(Web::of(name, token)?)));
        }
        let path = PathBuf::from(name);
        let file = |name: &str| path.join(name).is_file();
        Ok(if path.join("log").is_dir() {
            None
        } else if file(layout::CHECKPOINT) || path.join(layout::AUDITORS).is_dir() {
            Some(Self::Export(path))
        } else if file("checkpoint") {
            Some(Self::Public(path))
        } else {
            None
        })
    }

    /// What it is called, before the path of a file.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Export(path) | Self::Public(path) => path.display().to_string(),
            Self::Web(web) => web.prefix.clone(),
        }
    }

    /// The folder, of an export that is whole.
    pub(super) fn export(&self) -> Option<&Path> {
        if let Self::Export(path) = self { Some(path) } else { None }
    }

    /// What the checkpoint is called.
    pub(super) const fn checkpoint_name(&self) -> &'static str {
        if let Self::Export(_) = self { layout::CHECKPOINT } else { "checkpoint" }
    }

    /// The checkpoint; none if there is none.
    pub(super) fn checkpoint(&self) -> anyhow::Result<Option<Vec<u8>>> {
        let most = storage::limits::MAX_NOTE + 1;
        self.read(self.checkpoint_name(), most).with_context(|| format!("{}: cannot be read", self.name()))
    }

    /// Whether entries can be had. The web is asked for the first bundle.
    pub(super) fn has_entries(&self, size: u64) -> anyhow::Result<bool> {
        match self {
            Self::Export(_) => Ok(true),
            Self::Public(_) => Ok(false),
            Self::Web(web) => {
                let first = Tile { level: Level::Entries, index: 0, width: size.min(256) as u16 };
                let there =
                    size > 0 && web.get(&first.path(), storage::integrity::tiled::MAX_BUNDLE + 1)?.is_some();
                if !there && web.token.is_some() {
                    bail!(
                        "{}: the token opens no entries there; give an auditor's, or none to verify hash tiles alone",
                        web.prefix
                    );
                }
                Ok(there)
            }
        }
    }

    fn read(&self, path: &str, most: usize) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::Export(folder) | Self::Public(folder) => read(&folder.join(path), most),
            Self::Web(web) => web.get(path, most),
        }
    }
}

/// The first bytes of a file, as far as `most`.
pub(in crate::cli) fn read(path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(most as u64).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

impl Tiles for Source {
    fn fetch(&self, tile: Tile, most: usize) -> io::Result<Option<Vec<u8>>> {
        self.read(&Tiles::name(self, tile), most)
    }

    fn name(&self, tile: Tile) -> String {
        match self {
            Self::Export(_) if tile.level == Level::Entries => layout::entries(&tile),
            Self::Export(_) => layout::hashes(&tile),
            Self::Public(_) | Self::Web(_) => tile.path(),
        }
    }

    fn at_once(&self) -> usize {
        match self {
            Self::Export(_) | Self::Public(_) => std::thread::available_parallelism().map_or(1, usize::from),
            Self::Web(_) => AT_ONCE,
        }
    }
}

impl Web {
    fn of(url: &str, token: Option<&Token>) -> anyhow::Result<Self> {
        let prefix = url.trim_end_matches('/').to_owned();
        let address: http::Uri =
            prefix.parse().map_err(|_| anyhow!("{url}: not an address; write https://host/prefix"))?;
        let here = address.host().is_some_and(is_here);
        if let Some(token) = token {
            token.is_for(url, &address, here)?;
        }
        if token.is_some() && address.scheme_str() != Some("https") && !here {
            bail!(
                "{url}: a token would go over the network in clear, and whoever reads it there could read the ledger; \
                 use https://, or leave the token away to verify hash tiles alone"
            );
        }
        let agent = agent(Patience { connect: CONNECT, answer: ANSWER, head: HEAD });
        Ok(Self { agent, prefix, token: token.map(|token| token.secret.trim().to_owned()) })
    }

    /// What stands at that path; none if nothing does, or not for us.
    fn get(&self, path: &str, most: usize) -> io::Result<Option<Vec<u8>>> {
        let mut tries = 1;
        loop {
            match self.get_once(path, most) {
                Ok(answer) => return Ok(answer),
                Err(error) if tries == TRIES => return Err(error),
                Err(_) => {
                    std::thread::sleep(PAUSE * tries);
                    tries += 1;
                }
            }
        }
    }

    fn get_once(&self, path: &str, most: usize) -> io::Result<Option<Vec<u8>>> {
        let mut request = self.agent.get(format!("{}/{path}", self.prefix));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut response = request.call().map_err(io::Error::other)?;
        match response.status().as_u16() {
            200 => {
                let mut bytes = Vec::new();
                response.body_mut().as_reader().take(most as u64).read_to_end(&mut bytes)?;
                Ok(Some(bytes))
            }
            // Behind a door there may be something, or nothing.
            401 | 403 | 404 | 410 => Ok(None),
            status => Err(io::Error::other(format!("the server answered with status {status}"))),
        }
    }
}
