//! Where a ledger's views are kept between two starts: `DATA/<ledger>/derived/views.snapshot`.
//!
//! Invariant: the log is the only truth. A snapshot is taken only if its bytes are whole and the log has the record with
//! which it ends, by its hash; otherwise it is passed over, and the views are folded from the first record. Nothing rests
//! on its being there: it is written without a sync, and may be deleted at any time. Must not know what views hold.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
};
use storage::Reader;

use super::own_directory;
use crate::projections::Views;
use crate::projections::snapshot::Snapshot;

/// The folder of a ledger's directory that may be deleted at any time.
pub(super) const FOLDER: &str = "derived";
const FILE: &str = "views.snapshot";
/// Under this name it is written; a start never looks at it.
const UNFINISHED: &str = "views.snapshot.new";
/// After so many events more it is written anew. To fold as many takes a second or two.
const EVERY: u64 = 500_000;
/// At a close it is written anew after so many events more: to fold fewer takes no longer than to read a snapshot.
const WORTHWHILE: u64 = 20_000;

/// The views of a snapshot of the ledger in `directory`, if there is one that fits its log.
pub fn load(directory: &Path, reader: &Reader) -> Option<Views> {
    let path = directory.join(FOLDER).join(FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the views are folded anew");
            return None;
        }
    };
    let fits = |snapshot: &Snapshot<'_>| {
        let last = snapshot.size.checked_sub(1).filter(|last| *last < reader.head().size)?;
        (reader.leaf(last).ok()?.0 == snapshot.leaf).then_some(())
    };
    match Snapshot::open(&bytes).and_then(|snapshot| Ok((fits(&snapshot), snapshot.views()?))) {
        Ok((Some(()), views)) => Some(views),
        Ok((None, _)) => {
            tracing::warn!(path = %path.display(), "a snapshot of another log; the views are folded anew");
            None
        }
        Err(why) => {
            tracing::info!(path = %path.display(), %why, "the views are folded anew");
            None
        }
    }
}

/// Writes a snapshot of these views of the ledger in `directory`.
pub fn save(directory: &Path, views: &Views, reader: &Reader) -> io::Result<()> {
    let Some(last) = views.size().checked_sub(1) else { return Ok(()) };
    let leaf = reader.leaf(last).map_err(io::Error::other)?;
    let Some(bytes) = views.snapshot(&leaf.0) else { return Ok(()) };
    let folder = directory.join(FOLDER);
    match own_directory(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let unfinished = folder.join(UNFINISHED);
    let written = fs::write(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, folder.join(FILE)));
    if written.is_err() {
        // A disk that is full is not filled with what nobody needs.
        let _ = fs::remove_file(&unfinished);
    }
    written
}

/// Writes snapshots now and then, beside the thread that folds.
pub(super) struct Keeper {
    directory: PathBuf,
    reader: Reader,
    every: u64,
    worthwhile: u64,
    saved: u64,
    writing: Option<JoinHandle<()>>,
}

impl Keeper {
    /// For the ledger in `directory`.
    pub(super) const fn new(directory: PathBuf, reader: Reader) -> Self {
        Self { directory, reader, every: EVERY, worthwhile: WORTHWHILE, saved: 0, writing: None }
    }

    /// The views of the last snapshot, if it fits; otherwise those of nothing.
    pub(super) fn load(&mut self) -> Views {
        let views = load(&self.directory, &self.reader).unwrap_or_default();
        self.saved = views.size();
        views
    }

    /// Takes in that these views are published; writes a snapshot of them if the last one is far behind.
    pub(super) fn published(&mut self, views: &Arc<Views>) {
        let due = views.size() >= self.saved + self.every;
        if !due || self.writing.as_ref().is_some_and(|writing| !writing.is_finished()) {
            return;
        }
        self.saved = views.size();
        let (directory, reader, views) = (self.directory.clone(), self.reader.clone(), views.clone());
        let write = move || write(&directory, &views, &reader);
        // Where no thread can be had, the next close writes it, or nobody does.
        self.writing = std::thread::Builder::new().name("ledger-snapshot".into()).spawn(write).ok();
    }

    /// Writes the last snapshot, if it is worth it. Blocks.
    pub(super) fn close(mut self, views: &Views) {
        if let Some(writing) = self.writing.take() {
            // A panic was reported by its hook; nothing rests on what it wrote.
            let _ = writing.join();
        }
        if views.size() >= self.saved + self.worthwhile {
            write(&self.directory, views, &self.reader);
        }
    }
}

fn write(directory: &Path, views: &Views, reader: &Reader) {
    if let Err(error) = save(directory, views, reader) {
        tracing::warn!(directory = %directory.display(), %error, "no snapshot of the views was written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::LedgerName;
    use crate::journal::{Limits, clock::SystemClock};
    use crate::ledgers::{Ledger, Ledgers};
    use storage::Options;

    fn ledgers(data: &Path) -> Ledgers {
        Ledgers::open(data, Arc::new(SystemClock::new()), Limits::default(), Options::default()).unwrap()
    }

    fn create(ledgers: &Ledgers, name: &str) -> Arc<Ledger> {
        let opened = crate::ledgers::tests::opened(&format!("ledger.example/{name}"));
        ledgers.create(&LedgerName::parse(name).unwrap(), opened).unwrap()
    }

    fn views(ledger: &Ledger) -> Views {
        let mut views = Views::new();
        views.apply(&ledger.opened);
        views
    }

    fn loaded(ledger: &Ledger) -> Option<u64> {
        load(&ledger.directory, ledger.journal.reader()).map(|views| views.size())
    }

    #[test]
    fn given_a_snapshot_when_it_does_not_fit_the_log_then_it_is_passed_over() {
        let data = tempfile::tempdir().unwrap();
        let ledgers = ledgers(data.path());
        let (acme, other) = (create(&ledgers, "acme"), create(&ledgers, "other"));
        assert_eq!(loaded(&acme), None);
        save(&acme.directory, &views(&acme), acme.journal.reader()).unwrap();
        assert_eq!(loaded(&acme), Some(1));
        let file = |ledger: &Ledger| ledger.directory.join(FOLDER).join(FILE);
        let whole = fs::read(file(&acme)).unwrap();

        // Another ledger's: its last record has another hash.
        fs::create_dir(other.directory.join(FOLDER)).unwrap();
        fs::write(file(&other), &whole).unwrap();
        assert_eq!(loaded(&other), None);

        // Cut short, and altered.
        fs::write(file(&acme), &whole[..whole.len() - 1]).unwrap();
        assert_eq!(loaded(&acme), None);
        let mut altered = whole.clone();
        *altered.last_mut().unwrap() ^= 1;
        fs::write(file(&acme), &altered).unwrap();
        assert_eq!(loaded(&acme), None);

        // Of more records than the log has.
        let mut ahead = views(&acme);
        ahead.apply(&crate::domain::command::Recorded { sequence: 1, ..(*acme.opened).clone() });
        let leaf = acme.journal.reader().leaf(0).unwrap().0;
        fs::write(file(&acme), ahead.snapshot(&leaf).unwrap()).unwrap();
        assert_eq!(loaded(&acme), None);

        fs::write(file(&acme), &whole).unwrap();
        assert_eq!(loaded(&acme), Some(1));
        fs::remove_dir_all(acme.directory.join(FOLDER)).unwrap();
        assert_eq!(loaded(&acme), None);
        ledgers.close();
    }

    #[test]
    fn given_a_keeper_when_enough_was_published_or_it_closes_then_a_snapshot_is_there() {
        let data = tempfile::tempdir().unwrap();
        let ledgers = ledgers(data.path());
        let acme = create(&ledgers, "acme");
        let keeper = |every, worthwhile| Keeper {
            every,
            worthwhile,
            ..Keeper::new(acme.directory.clone(), acme.journal.reader().clone())
        };
        keeper(2, 2).close(&views(&acme));
        assert_eq!(loaded(&acme), None);
        let mut published = keeper(1, 2);
        published.published(&Arc::new(views(&acme)));
        published.close(&views(&acme));
        assert_eq!(loaded(&acme), Some(1));
        fs::remove_dir_all(acme.directory.join(FOLDER)).unwrap();
        keeper(2, 1).close(&views(&acme));
        assert_eq!((loaded(&acme), keeper(2, 1).load().size()), (Some(1), 1));
        ledgers.close();
    }
}
