//! Bearer tokens: 256 random bits each, shown once, kept as their SHA-256 in one file.
//!
//! Invariant: the file never holds a token, and a token never reaches a log, not even through `{:?}`. A file that is
//! there but cannot be used lets nobody in; so does one that was there when the server looked first and is gone, or
//! holds no token any more: revoking the last token must not open the door.

use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Instant,
};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use super::principal::{Principal, Role, Roles};
use crate::domain::{
    id::{Code, SourceName},
    value::{Invalid, Sha256},
};
use crate::limits::{MAX_TOKEN_FILE, TOKEN_RELOAD};

/// What every token begins with, so that people and scanners know one when they see it.
pub const PREFIX: &str = "pbk_";

/// A token, in the one moment in which it is known.
pub struct Secret(String);

impl Secret {
    fn random() -> Self {
        Self(format!("{PREFIX}{}", const_hex::encode(rand::random::<[u8; 32]>())))
    }

    /// The token itself, to be shown once to whoever asked for it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What is kept of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// What operators call it.
    pub name: Code,
    /// The posting system that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceName>,
    /// In which roles its holder calls.
    pub roles: Roles,
    /// When it was made.
    pub created: String,
    #[serde(with = "hex_bytes")]
    sha256: Sha256,
}

/// Every token that stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    tokens: Vec<Token>,
}

/// Why a token file is not used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It could not be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is not what this version writes.
    #[error("{path}: not a token file: line {line}, column {column}; restore it, or issue the tokens anew")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Where.
        line: usize,
        /// Where in the line.
        column: usize,
    },
    /// Others may have written into it.
    #[error("{path}: others may write to it; look at what it says, then `chmod 600` it")]
    Exposed {
        /// Which file.
        path: PathBuf,
    },
    /// It was there, and is not any more.
    #[error("{path}: the token file is gone; restore it, or make tokens anew")]
    Gone {
        /// Which file.
        path: PathBuf,
    },
    /// It is larger than any real one.
    #[error("{path}: larger than 4 MiB")]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
}

impl Book {
    /// The tokens in a file; none if there is no file.
    pub fn load(path: &Path) -> Result<Option<Self>, Unusable> {
        let at = || path.to_owned();
        let meta = match fs::metadata(path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Unusable::Io { path: at(), error }),
        };
        if meta.mode() & 0o022 != 0 {
            return Err(Unusable::Exposed { path: at() });
        }
        if meta.len() > MAX_TOKEN_FILE {
            return Err(Unusable::TooLarge { path: at() });
        }
        let text = fs::read(path).map_err(|error| Unusable::Io { path: at(), error })?;
        // Only the place is told: the parser's own message may quote the file.
        serde_json::from_slice(&text).map(Some).map_err(|error| Unusable::Malformed {
            path: at(),
            line: error.line(),
            column: error.column(),
        })
    }

    /// Loads the tokens, changes them and saves them: one process and thread at a time, so that no change undoes
    /// another's. Starts from no tokens if there is no file; what `change` refuses, or leaves as it was, is not saved.
    /// Whoever must know whether there was a file asks inside `change`. Others wait in `tokens.lock`, beside the file.
    pub fn change<T, E: From<Unusable>>(
        path: &Path,
        change: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let beside = path.with_extension("lock");
        let failed = |error| Unusable::Io { path: beside.clone(), error };
        // Never removed: whoever waits for a removed file's lock would get it beside the next one's holder.
        let lock = fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&beside);
        let lock = lock.map_err(failed)?;
        lock.lock().map_err(failed)?;
        let before = Self::load(path)?.unwrap_or_default();
        let mut book = before.clone();
        let changed = change(&mut book)?;
        // Without this, a change of nothing would make an empty file, which lets nobody in.
        if book != before {
            book.save(path)?;
        }
        drop(lock);
        Ok(changed)
    }

    /// Writes the file anew, readable by its owner only, whole or not at all. Whoever loaded it before uses
    /// [`Self::change`].
    pub fn save(&self, path: &Path) -> Result<(), Unusable> {
        let failed = |error| Unusable::Io { path: path.to_owned(), error };
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        // A name that nobody else has chosen, and that is not there: we write into no file or link of somebody else.
        let beside = path.with_extension(format!("{}.new", const_hex::encode(rand::random::<[u8; 8]>())));
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).map_err(failed)?;
        let replaced = file.write_all(&text).and_then(|()| file.sync_all());
        if let Err(error) = replaced.and_then(|()| fs::rename(&beside, path)) {
            // What went wrong first is what is told.
            let _ = fs::remove_file(&beside);
            return Err(failed(error));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Makes a token. The secret is known now and never again.
    pub fn issue(
        &mut self,
        name: &str,
        source: Option<&str>,
        roles: Roles,
        created: &str,
    ) -> Result<Secret, Invalid> {
        let name = Code::parse(name)?;
        let source = source.map(SourceName::parse).transpose()?;
        if source.as_ref().is_some_and(|source| source.as_str() == SourceName::OPERATOR) {
            return Err(Invalid::new(
                "no posting system is called operator",
                "give the posting system's own name",
            ));
        }
        if roles.is_empty() {
            return Err(Invalid::new("a token without a role", "give poster, auditor, reader or operator"));
        }
        if roles.meets(Roles::of(&[Role::Poster])) && source.is_none() {
            return Err(Invalid::new(
                "a poster without a source",
                "say which posting system the token is for",
            ));
        }
        if self.tokens.iter().any(|token| token.name == name) {
            return Err(Invalid::new(
                "a token of this name stands",
                "choose another name, or revoke that one",
            ));
        }
        let secret = Secret::random();
        let sha256 = hash(secret.reveal().as_bytes());
        self.tokens.push(Token { name, source, roles, created: created.to_owned(), sha256 });
        Ok(secret)
    }

    /// Takes a token away. Whether there was one of that name.
    pub fn revoke(&mut self, name: &str) -> bool {
        let before = self.tokens.len();
        self.tokens.retain(|token| token.name.as_str() != name);
        self.tokens.len() < before
    }

    /// Every token that stands, in the order in which they were made.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Whose token it is. Takes the same time whether and where it is found.
    pub fn holder(&self, presented: &[u8]) -> Option<Principal> {
        let presented = hash(presented);
        let mut found = 0_u64;
        for (token, place) in self.tokens.iter().zip(1_u64..) {
            let same: Choice = token.sha256.0.ct_eq(&presented.0);
            found.conditional_assign(&place, same);
        }
        let token = self.tokens.get(usize::try_from(found.checked_sub(1)?).ok()?)?;
        Some(Principal::new(token.source.clone(), token.roles))
    }
}

fn hash(token: &[u8]) -> Sha256 {
    Sha256(sha2::Sha256::digest(token).into())
}

/// What the token file says now.
#[derive(Clone, Debug)]
pub enum Standing {
    /// There is none, and there was none before: whoever is on this machine may do everything.
    Absent,
    /// These tokens stand.
    Held(Arc<Book>),
    /// It cannot be used: nobody is let in.
    Unusable,
}

/// The token file of a server, looked at again whenever it may have changed.
pub struct Tokens {
    path: PathBuf,
    seen: Mutex<Seen>,
}

struct Seen {
    at: Instant,
    stamp: Option<Stamp>,
    standing: Standing,
}

/// By what a change of the file is noticed: its inode, size and time of change.
type Stamp = (u64, u64, i64, i64);

impl Tokens {
    /// Looks at a token file, now and from now on.
    pub fn watch(path: PathBuf) -> Self {
        let stamp = stamp(&path);
        let standing = read(&path, &Standing::Absent).unwrap_or_else(|why| {
            tell(&why);
            Standing::Unusable
        });
        Self { path, seen: Mutex::new(Seen { at: Instant::now(), stamp, standing }) }
    }

    /// What the file says: at most [`TOKEN_RELOAD`] old.
    pub fn standing(&self) -> Standing {
        let Ok(mut seen) = self.seen.lock() else { return Standing::Unusable };
        if seen.at.elapsed() >= TOKEN_RELOAD {
            seen.at = Instant::now();
            let now = stamp(&self.path);
            // What could not be used may be usable without a change of the file: the server had no file to open it with.
            if now != seen.stamp || matches!(seen.standing, Standing::Unusable) {
                seen.standing = match read(&self.path, &seen.standing) {
                    Ok(standing) => standing,
                    Err(why) => {
                        // Said once, not at every look.
                        if now != seen.stamp || !matches!(seen.standing, Standing::Unusable) {
                            tell(&why);
                        }
                        Standing::Unusable
                    }
                };
                seen.stamp = now;
            }
        }
        seen.standing.clone()
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    fs::metadata(path).ok().map(|meta| (meta.ino(), meta.len(), meta.ctime(), meta.ctime_nsec()))
}

fn read(path: &Path, before: &Standing) -> Result<Standing, Unusable> {
    match Book::load(path)? {
        Some(book) => Ok(Standing::Held(Arc::new(book))),
        None if matches!(before, Standing::Absent) => Ok(Standing::Absent),
        None => Err(Unusable::Gone { path: path.to_owned() }),
    }
}

fn tell(why: &Unusable) {
    tracing::error!(%why, "the token file cannot be used: nobody is let in until it is mended");
}

mod hex_bytes {
    //! A SHA-256 as hexadecimal digits.
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::domain::value::Sha256;

    pub(super) fn serialize<S: Serializer>(hash: &Sha256, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(hash)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Sha256, D::Error> {
        let mut bytes = [0; 32];
        const_hex::decode_to_slice(String::deserialize(from)?, &mut bytes)
            .map_err(serde::de::Error::custom)?;
        Ok(Sha256(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posters() -> Roles {
        Roles::of(&[Role::Poster])
    }

    #[test]
    fn a_token_is_recognised_and_the_file_does_not_hold_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens.json");
        let mut book = Book::default();
        let secret = book.issue("tracker-1", Some("tracker"), posters(), "2026-01-01").unwrap();
        book.issue("lms-1", Some("lms"), posters(), "2026-01-01").unwrap();
        book.save(&path).unwrap();

        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains(PREFIX) && !text.contains(&secret.reveal()[PREFIX.len()..]));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let book = Book::load(&path).unwrap().unwrap();
        let holder = book.holder(secret.reveal().as_bytes()).unwrap();
        assert_eq!(holder.source().unwrap().as_str(), "tracker");
        assert_eq!(book.holder(b"pbk_0"), None);
        assert_eq!(secret.reveal().len(), PREFIX.len() + 64);
        assert!(!format!("{secret:?}").contains(PREFIX));
    }

    #[test]
    fn what_makes_no_sense_is_not_issued() {
        let mut book = Book::default();
        assert!(book.issue("a", None, posters(), "").is_err());
        assert!(book.issue("a", Some("operator"), posters(), "").is_err());
        assert!(book.issue("a", None, Roles::default(), "").is_err());
        assert!(book.issue("a", Some("x"), posters(), "").is_ok());
        assert!(book.issue("a", Some("y"), posters(), "").is_err());
        assert!(book.revoke("a") && !book.revoke("a"));
    }

    #[test]
    fn a_revoked_token_stops_working_within_a_second_and_the_last_one_does_not_open_the_door() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens.json");
        let mut book = Book::default();
        let secret = book.issue("a", Some("tracker"), posters(), "").unwrap();
        book.save(&path).unwrap();
        let tokens = Tokens::watch(path.clone());
        let holds = |standing: &Standing| match standing {
            Standing::Held(book) => book.holder(secret.reveal().as_bytes()).is_some(),
            _ => false,
        };
        assert!(holds(&tokens.standing()));

        book.revoke("a");
        book.save(&path).unwrap();
        std::thread::sleep(TOKEN_RELOAD);
        let standing = tokens.standing();
        assert!(matches!(&standing, Standing::Held(book) if book.tokens().is_empty()) && !holds(&standing));

        fs::remove_file(&path).unwrap();
        std::thread::sleep(TOKEN_RELOAD);
        assert!(matches!(tokens.standing(), Standing::Unusable));
    }

    #[test]
    fn given_eight_that_create_at_once_when_all_are_done_then_every_token_stands_and_nothing_lies_about() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens.json");
        std::thread::scope(|scope| {
            for number in 0..8 {
                let path = &path;
                scope.spawn(move || {
                    let name = format!("token-{number}");
                    Book::change(path, |book| {
                        Ok::<_, Unusable>(book.issue(&name, Some("tracker"), posters(), "").unwrap())
                    })
                    .unwrap();
                });
            }
        });
        let book = Book::load(&path).unwrap().unwrap();
        let names: std::collections::BTreeSet<_> = book.tokens().iter().map(|token| &token.name).collect();
        assert_eq!((book.tokens().len(), names.len()), (8, 8));
        let mut files: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        files.sort();
        assert_eq!(files, ["tokens.json", "tokens.lock"]);
    }

    #[test]
    fn a_change_of_nothing_makes_no_file_and_a_refused_one_is_not_saved() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens.json");
        assert!(!Book::change(&path, |book| Ok::<_, Unusable>(book.revoke("nobody"))).unwrap());
        assert!(!path.exists());
        let refused = Book::change(&path, |book| {
            book.issue("a", Some("tracker"), posters(), "").unwrap();
            Err::<(), _>(Unusable::TooLarge { path: path.clone() })
        });
        assert!(refused.is_err() && !path.exists());
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens.json");
        fs::create_dir(&path).unwrap();
        assert!(Book::default().save(&path).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_could_not_be_used_is_looked_at_again_without_a_change_of_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens.json");
        Book::default().save(&path).unwrap();
        let tokens = Tokens::watch(path);
        tokens.seen.lock().unwrap().standing = Standing::Unusable;
        std::thread::sleep(TOKEN_RELOAD);
        assert!(matches!(tokens.standing(), Standing::Held(_)));
    }

    #[test]
    fn a_file_that_cannot_be_used_lets_nobody_in() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens.json");
        fs::write(&path, b"{\"tokens\":[{\"name\":\"pbk_secret\"}]}").unwrap();
        let why = Book::load(&path).unwrap_err().to_string();
        assert!(why.contains("line 1") && !why.contains("pbk_secret"), "{why}");
        assert!(matches!(Tokens::watch(path.clone()).standing(), Standing::Unusable));

        fs::write(&path, b"{\"tokens\":[]}").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(Book::load(&path), Err(Unusable::Exposed { .. })));
    }
}
