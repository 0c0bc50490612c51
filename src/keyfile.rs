//! The signing key of a ledger or of a witness, in `private/key`: readable by its user alone, written before it is used,
//! replaced atomically.
//!
//! The form is one line, `PRIVATE+KEY+<name>+<key id>+<base64(0x01 ‖ seed)>`, as the tools for signed notes write it; a
//! witness's has the same, for those tools make a cosigner of just such a key. A key that is to take over stands in
//! `private/key.next` until its rotation is recorded and both have signed.
//!
//! Invariant: a seed is in no log, no error and no `{:?}`. It must not know what is signed.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::SigningKey;
use rand::RngCore as _;
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};
use storage::note::{Cosigner, Signer, Verifier};

/// The directory of secrets in the directory of a ledger or of a witness.
const PRIVATE: &str = "private";
const KEY: &str = "key";
/// How the line begins.
const BEGINS: &str = "PRIVATE+KEY+";
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
    #[error("{path}: its mode is {mode:03o}, so others could sign in its name; `chmod 600` it, and if somebody may have \
        read it, end its name (a ledger's origin too) and begin under another", path = path.display())]
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

/// Where the keys of one name stand.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    directory: PathBuf,
    name: String,
}

/// The public half of the key that signs for the ledger in `directory`, by the name that its file gives it; none if there is
/// no file. Refuses what a start would refuse.
pub fn public_key(directory: &Path) -> Result<Option<Verifier>, KeyError> {
    let path = directory.join(PRIVATE).join(KEY);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(KeyError::Io { path, error }),
    };
    let name = text.strip_prefix(BEGINS).and_then(|rest| rest.split('+').next()).unwrap_or_default();
    Ok(Keys::of(directory, name).current()?.map(|signer| signer.verifier().clone()))
}

impl Keys {
    /// The keys of `name`, a ledger's origin or a witness's name, in `directory`.
    pub(crate) fn of(directory: &Path, name: &str) -> Self {
        Self { directory: directory.join(PRIVATE), name: name.to_owned() }
    }

    /// Where the key that signs stands.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join(KEY)
    }

    /// The name of the key in `directory`; none if there is no key, or nothing that could be one.
    pub(crate) fn name_in(directory: &Path) -> Result<Option<String>, KeyError> {
        let path = directory.join(PRIVATE).join(KEY);
        match fs::read_to_string(&path) {
            Ok(text) => {
                Ok(text.strip_prefix(BEGINS).and_then(|rest| rest.split('+').next()).map(str::to_owned))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(KeyError::Io { path, error }),
        }
    }

    /// The key that signs; none if there is no file.
    pub(crate) fn current(&self) -> Result<Option<Signer>, KeyError> {
        self.read(KEY)?.map(|key| self.signer(KEY, key)).transpose()
    }

    /// The key that cosigns: the one in the file, or one that is made, durably.
    pub(crate) fn cosigner(&self) -> Result<Cosigner, KeyError> {
        let key = match self.read(KEY)? {
            Some(key) => key,
            None => self.write(KEY)?,
        };
        Cosigner::new(&self.name, key).map_err(|fault| self.malformed(KEY, fault.rule))
    }

    /// The key that is to take over; none if there is no file.
    pub(crate) fn next(&self) -> Result<Option<Signer>, KeyError> {
        self.read(NEXT)?.map(|key| self.signer(NEXT, key)).transpose()
    }

    /// Makes the first key, durably.
    pub(crate) fn make(&self) -> Result<Signer, KeyError> {
        self.signer(KEY, self.write(KEY)?)
    }

    /// Makes a key that is to take over, durably.
    pub(crate) fn make_next(&self) -> Result<Signer, KeyError> {
        self.signer(NEXT, self.write(NEXT)?)
    }

    /// The key that was to take over does, and the old one is gone.
    pub(crate) fn take_over(&self) -> Result<(), KeyError> {
        let (from, to) = (self.directory.join(NEXT), self.directory.join(KEY));
        fs::rename(&from, &to).and_then(|()| self.sync()).map_err(|error| KeyError::Io { path: from, error })
    }

    /// The key that was to take over does not.
    pub(crate) fn drop_next(&self) -> Result<(), KeyError> {
        let path = self.directory.join(NEXT);
        let removed = fs::remove_file(&path).and_then(|()| self.sync());
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(KeyError::Io { path, error }),
            _ => Ok(()),
        }
    }

    fn signer(&self, file: &str, key: SigningKey) -> Result<Signer, KeyError> {
        Signer::new(&self.name, key).map_err(|fault| self.malformed(file, fault.rule))
    }

    fn malformed(&self, file: &str, rule: &'static str) -> KeyError {
        KeyError::Malformed { path: self.directory.join(file), name: self.name.clone(), rule }
    }

    fn sync(&self) -> io::Result<()> {
        fs::File::open(&self.directory)?.sync_all()
    }

    fn read(&self, file: &str) -> Result<Option<SigningKey>, KeyError> {
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
        parse(&self.name, &text).map(Some).map_err(|rule| self.malformed(file, rule))
    }

    fn write(&self, file: &str) -> Result<SigningKey, KeyError> {
        let path = self.directory.join(file);
        let io = |error| KeyError::Io { path: path.clone(), error };
        let made = fs::DirBuilder::new().mode(0o700).create(&self.directory);
        match made {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(io(error)),
            _ => {}
        }
        let mut seed = [0; 32];
        rand::rng().fill_bytes(&mut seed);
        let key = SigningKey::from_bytes(&seed);
        let signer = self.signer(file, key.clone())?;
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
        Ok(key)
    }
}

fn text(signer: &Signer, seed: &[u8; 32]) -> String {
    let mut key = vec![ED25519];
    key.extend_from_slice(seed);
    let verifier = signer.verifier();
    let id = const_hex::encode(verifier.key_id());
    format!("{BEGINS}{}+{id}+{}\n", verifier.name(), BASE64_STANDARD.encode(key))
}

fn parse(name: &str, text: &str) -> Result<SigningKey, &'static str> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let rest = line.strip_prefix(BEGINS).ok_or("it does not begin with PRIVATE+KEY+")?;
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
    let key = SigningKey::from_bytes(&seed);
    let signer = Signer::new(name, key.clone()).map_err(|fault| fault.rule)?;
    if const_hex::encode(signer.verifier().key_id()) != id {
        return Err("its id is not the id of its key");
    }
    Ok(key)
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
        assert_eq!(public_key(ledger.path()).unwrap().unwrap().to_string(), read.verifier().to_string());
        let path = ledger.path().join("private/key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(ledger.path().join("private")).unwrap().permissions().mode() & 0o777, 0o700);
        let seed = fs::read_to_string(&path).unwrap();
        let secret = seed.trim().splitn(5, '+').last().unwrap().to_owned();
        assert!(!format!("{read:?} {keys:?}").contains(&secret));
    }

    #[test]
    fn given_the_worked_seed_when_it_is_written_then_it_has_the_known_form() {
        let key = parse(
            "ledger.example/acme",
            "PRIVATE+KEY+ledger.example/acme+ef1a1e39+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\n",
        );
        let vkey = "ledger.example/acme+ef1a1e39+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
        let signer = Signer::new("ledger.example/acme", key.unwrap()).unwrap();
        assert_eq!(signer.verifier().to_string(), vkey);
    }

    #[test]
    fn given_a_witness_when_its_key_is_asked_for_then_it_is_made_once_and_knows_its_name() {
        let witness = tempfile::tempdir().unwrap();
        assert_eq!(Keys::name_in(witness.path()).unwrap(), None);
        let keys = Keys::of(witness.path(), "witness.example/w1");
        let made = keys.cosigner().unwrap();
        assert_eq!(made.verifier().algorithm(), storage::note::Algorithm::Cosignature);
        assert_eq!(keys.cosigner().unwrap().verifier(), made.verifier());
        assert_eq!(Keys::name_in(witness.path()).unwrap().as_deref(), Some("witness.example/w1"));
        assert!(Keys::of(witness.path(), "witness.example/w2").cosigner().is_err());
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
