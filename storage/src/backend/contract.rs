//! The contract as a suite that every backend runs.
//!
//! Invariant: it asks for nothing that the contract in the parent module does not say. It
//! must not know which backend it is given.

use super::{Backend, LockError, Mode};

/// Checks `backend`, which must be empty, against the contract.
///
/// # Errors
///
/// The first clause that does not hold, in words.
pub fn hold(backend: &dyn Backend) -> Result<(), String> {
    backend.make_dir("").map_err(|error| error.to_string())?;
    backend.make_dir("a/b").map_err(|error| error.to_string())?;
    bytes(backend).map_err(|error| format!("bytes: {error}"))?;
    names(backend).map_err(|error| format!("names: {error}"))?;
    locks(backend)
}

fn claim(holds: bool, clause: &str) -> std::io::Result<()> {
    if holds { Ok(()) } else { Err(std::io::Error::other(clause.to_owned())) }
}

fn bytes(backend: &dyn Backend) -> std::io::Result<()> {
    let missing = backend.open("a/f", Mode::Read).err().map(|error| error.kind());
    claim(missing == Some(std::io::ErrorKind::NotFound), "a missing file is NotFound")?;
    claim(backend.open("a/f", Mode::Write).is_err(), "Write does not make files")?;
    let file = backend.open("a/f", Mode::Create)?;
    claim(file.length()? == 0, "a new file is empty")?;
    file.write_at(b"hello", 3)?;
    let mut buffer = [9; 16];
    claim(file.read_at(&mut buffer, 0)? == 8, "a read ends with the file")?;
    claim(buffer[..8] == *b"\0\0\0hello", "a gap is zeros")?;
    let other = backend.open("a/f", Mode::Read)?;
    file.write_at(b"J", 3)?;
    claim(other.read_at(&mut buffer[..5], 3)? == 5 && buffer[..5] == *b"Jello", "handles share bytes")?;
    claim(file.read_at(&mut buffer, 100)? == 0, "behind the end there is nothing")?;
    file.set_length(4)?;
    file.set_length(6)?;
    claim(other.read_at(&mut buffer, 0)? == 6 && buffer[3..6] == *b"J\0\0", "lengths cut and extend")?;
    file.reserve(9_000)?;
    claim(file.length()? == 6, "room set aside is not length")?;
    file.sync()?;
    file.evict()?;
    claim(other.read_at(&mut buffer, 3)? == 3 && buffer[0] == b'J', "eviction loses nothing")?;
    let again = backend.open("a/f", Mode::Create)?;
    claim(again.length()? == 0 && other.length()? == 0, "Create empties a file")
}

fn names(backend: &dyn Backend) -> std::io::Result<()> {
    let file = backend.open("a/x", Mode::Create)?;
    file.write_at(b"x", 0)?;
    backend.open("a/b/deep", Mode::Create)?;
    let listed = backend.list("a")?;
    claim(listed == ["b", "f", "x"], "names are listed in order, directories too")?;
    claim(backend.list("nowhere")?.is_empty(), "no directory has no names")?;
    backend.rename("a/x", "a/f")?;
    let mut byte = [0];
    let renamed = backend.open("a/f", Mode::Read)?;
    claim(renamed.read_at(&mut byte, 0)? == 1 && byte == *b"x", "a rename replaces")?;
    claim(backend.open("a/x", Mode::Read).is_err(), "the old name is gone")?;
    claim(backend.rename("a/none", "a/f").is_err(), "what is not there is not renamed")?;
    backend.sync_dir("a")?;
    backend.remove("a/f")?;
    claim(backend.remove("a/f").is_err(), "what is not there is not removed")?;
    claim(file.read_at(&mut byte, 0)? == 1, "handles outlive their name")?;
    backend.sync_dir("a")
}

fn locks(backend: &dyn Backend) -> Result<(), String> {
    let held = backend.lock("a/lock").map_err(|error| error.to_string())?;
    match backend.lock("a/lock") {
        Err(LockError::Held { pid }) if pid == std::process::id() => {}
        _ => return Err("a lock is given once, and names its holder".to_owned()),
    }
    drop(held);
    backend.lock("a/lock").map(drop).map_err(|_| "a lock is free again once dropped".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Act, Fault, FaultBackend, FileBackend, MemoryBackend, SimulatedDisk};
    use super::hold;

    #[test]
    fn every_backend_holds_the_contract() {
        hold(&MemoryBackend::new()).unwrap();
        hold(&SimulatedDisk::new(u64::MAX)).unwrap();
        let directory = tempfile::tempdir().unwrap();
        hold(&FileBackend::new(directory.path().join("new"))).unwrap();
        let inner = Arc::new(MemoryBackend::new());
        hold(&FaultBackend::new(inner, Act::Write, u64::MAX, Fault::Short, false)).unwrap();
    }

    #[test]
    fn a_broken_backend_does_not() {
        for act in Act::ALL {
            let fault = Fault::Error(std::io::ErrorKind::Other);
            let backend = FaultBackend::new(Arc::new(MemoryBackend::new()), act, 1, fault, false);
            assert!(hold(&backend).is_err(), "{act:?}");
        }
    }
}
