//! The ledger's signing key, in `private/key`: readable by the server's user alone, written before it is used, replaced
//! atomically.
//!
//! The form is one line, `PRIVATE+KEY+<name>+<key id>+<base64(0x01 ‖ seed)>`, as the tools for signed notes write it. A
//! key that is to take over stands in `private/key.next` until its rotation is recorded and both have signed.
//!
//! Invariant: a seed is in no log, no error and no `{:?}`.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rand::RngCore as _;
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};
use storage::note::Signer;

/// The directory of secrets in a ledger's directory.
const PRIVATE: &str = "private";
const KEY: &str = "key";
const NEXT: &str = "key.next";
/// What stands before the seed: the note format's number of Ed25519.
const ED25519: u8 = 1;

/// Why a key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The system refused.
    #[error("{path}: {error}", path = path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Others may read it.
    #[error("{path}: its mode is {mode:03o}, so others could sign in this ledger's name; `chmod 600` it, and if somebody may \
        have read it, end this ledger's origin and open another", path = path.display())]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is no key.
    #[error("{path}: not a signing key of {name}: {rule}; put the right file back from where its copy is kept", path = path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Whose key it should be.
        name: String,
        /// What is wrong.
        rule: &'static str,
    },
}

/// The public key that signs for the ledger in `directory`, whose origin is `name`; none if it has no key.
pub fn public(directory: &Path, name: &str) -> Result<Option<storage::note::Verifier>, KeyError> {
    Ok(Keys::of(directory, name).current()?.map(|signer| signer.verifier().clone()))
}

/// Where a ledger's keys stand.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    directory: PathBuf,
    name: String,
}

impl Keys {
    /// The keys of the ledger in `directory`, whose origin is `name`.
    pub(super) fn of(directory: &Path, name: &str) -> Self {
        Self { directory: directory.join(PRIVATE), name: name.to_owned() }
    }

    /// Where the key that signs stands.
    pub(super) fn path(&self) -> PathBuf {
        self.directory.join(KEY)
    }

    /// The key that signs; none if there is no file.
    pub(super) fn current(&self) -> Result<Option<Signer>, KeyError> {
        self.read(KEY)
    }

    /// The key that is to take over; none if there is no file.
    pub(super) fn next(&self) -> Result<Option<Signer>, KeyError> {
        self.read(NEXT)
    }

    /// Makes the first key, durably.
    pub(super) fn make(&self) -> Result<Signer, KeyError> {
        self.write(KEY)
    }

    /// Makes a key that is to take over, durably.
    pub(super) fn make_next(&self) -> Result<Signer, KeyError> {
        self.write(NEXT)
    }

    /// The key that was to take over does, and the old one is gone.
    pub(super) fn take_over(&self) -> Result<(), KeyError> {
        let (from, to) = (self.directory.join(NEXT), self.directory.join(KEY));
        fs::rename(&from, &to).and_then(|()| self.sync()).map_err(|error| KeyError::Io { path: from, error })
    }

    /// The key that was to take over does not.
    pub(super) fn drop_next(&self) -> Result<(), KeyError> {
        let path = self.directory.join(NEXT);
        let removed = fs::remove_file(&path).and_then(|()| self.sync());
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(KeyError::Io { path, error }),
            _ => Ok(()),
        }
    }

    fn sync(&self) -> io::Result<()> {
        fs::File::open(&self.directory)?.sync_all()
    }

    fn read(&self, file: &str) -> Result<Option<Signer>, KeyError> {
        let path = self.directory.join(file);
        let io = |error| KeyError::Io { path: path.clone(), error };
        let mode = match fs::metadata(&path) {
            Ok(found) => found.permissions().mode() & 0o777,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(error)),
        };
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed { path, mode });
        }
        let text = fs::read_to_string(&path).map_err(io)?;
        let signer = parse(&self.name, &text);
        signer.map(Some).map_err(|rule| KeyError::Malformed { path, name: self.name.clone(), rule })
    }

    fn write(&self, file: &str) -> Result<Signer, KeyError> {
        let path = self.directory.join(file);
        let io = |error| KeyError::Io { path: path.clone(), error };
        let made = fs::DirBuilder::new().mode(0o700).create(&self.directory);
        match made {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(io(error)),
            _ => {}
        }
        let mut seed = [0; 32];
        rand::rng().fill_bytes(&mut seed);
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        let signer = Signer::new(&self.name, key).map_err(|fault| KeyError::Malformed {
            path: path.clone(),
            name: self.name.clone(),
            rule: fault.rule,
        })?;
        let unfinished = self.directory.join("key.new");
        // A leftover could have another mode.
        let _ = fs::remove_file(&unfinished);
        let mut out =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished).map_err(io)?;
        out.write_all(text(&signer, &seed).as_bytes()).and_then(|()| out.sync_all()).map_err(io)?;
        let above = self.directory.parent().unwrap_or(Path::new("."));
        fs::rename(&unfinished, &path)
            .and_then(|()| self.sync())
            .and_then(|()| fs::File::open(above)?.sync_all())
            .map_err(io)?;
        Ok(signer)
    }
}

fn text(signer: &Signer, seed: &[u8; 32]) -> String {
    let mut key = vec![ED25519];
    key.extend_from_slice(seed);
    let verifier = signer.verifier();
    let id = const_hex::encode(verifier.key_id());
    format!("PRIVATE+KEY+{}+{id}+{}\n", verifier.name(), BASE64_STANDARD.encode(key))
}

fn parse(name: &str, text: &str) -> Result<Signer, &'static str> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let rest = line.strip_prefix("PRIVATE+KEY+").ok_or("it does not begin with PRIVATE+KEY+")?;
    // A name has no `+`, the base64 behind the key id may.
    let mut parts = rest.splitn(3, '+');
    let (Some(named), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("it has not the parts of a key");
    };
    if named != name {
        return Err("it is the key of another name");
    }
    let bytes = BASE64_STANDARD.decode(key).map_err(|_| "what stands behind the last + is not base64")?;
    let seed: [u8; 32] = match bytes.split_first() {
        Some((&ED25519, seed)) => seed.try_into().map_err(|_| "its seed has not 32 bytes")?,
        _ => return Err("it is not an Ed25519 key"),
    };
    let signer =
        Signer::new(name, ed25519_dalek::SigningKey::from_bytes(&seed)).map_err(|fault| fault.rule)?;
    if const_hex::encode(signer.verifier().key_id()) != id {
        return Err("its id is not the id of its key");
    }
    Ok(signer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_key_when_it_is_read_again_then_it_is_the_same_and_nobody_else_may_read_it() {
        let ledger = tempfile::tempdir().unwrap();
        let keys = Keys::of(ledger.path(), "ledger.example/acme");
        assert!(keys.current().unwrap().is_none());
        let made = keys.make().unwrap();
        let read = keys.current().unwrap().unwrap();
        assert_eq!(made.verifier().to_string(), read.verifier().to_string());
        let path = ledger.path().join("private/key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(ledger.path().join("private")).unwrap().permissions().mode() & 0o777, 0o700);
        let seed = fs::read_to_string(&path).unwrap();
        let secret = seed.trim().rsplit('+').next().unwrap().to_owned();
        assert!(!format!("{read:?} {keys:?}").contains(&secret));
    }

    #[test]
    fn given_the_worked_seed_when_it_is_written_then_it_has_the_known_form() {
        let signer = parse(
            "ledger.example/acme",
            "PRIVATE+KEY+ledger.example/acme+ef1a1e39+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\n",
        );
        let vkey = "ledger.example/acme+ef1a1e39+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
        assert_eq!(signer.unwrap().verifier().to_string(), vkey);
    }

    #[test]
    fn given_a_file_that_is_no_key_when_it_is_read_then_the_rule_is_named_and_nothing_of_it_shown() {
        let good = "PRIVATE+KEY+l.example/a+00000000+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";
        for (text, rule) in [
            ("", "begin"),
            ("PRIVATE+KEY+l.example/a", "parts"),
            ("PRIVATE+KEY+l.example/b+00000000+AQ==", "another name"),
            ("PRIVATE+KEY+l.example/a+00000000+%%", "base64"),
            ("PRIVATE+KEY+l.example/a+00000000+AQE=", "32 bytes"),
            ("PRIVATE+KEY+l.example/a+00000000+AgEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB", "Ed25519"),
            (good, "its id"),
        ] {
            let ledger = tempfile::tempdir().unwrap();
            fs::create_dir(ledger.path().join("private")).unwrap();
            let path = ledger.path().join("private/key");
            fs::write(&path, text).unwrap();
            let keys = Keys::of(ledger.path(), "l.example/a");
            assert!(matches!(keys.current(), Err(KeyError::Exposed { .. })), "{text}");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let why = keys.current().unwrap_err().to_string();
            assert!(why.contains(rule) && !why.contains("AQEBAQ"), "{why}");
        }
    }
}
