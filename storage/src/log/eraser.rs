//! Erases words where they stand, in the open segment and in sealed ones.
//!
//! Invariant: nonce and text are overwritten only after the zeros over their checksum are on
//! stable storage, so whatever a crash leaves is told from damage; what is asked again finds
//! only the rest to do. It judges by what the disk has, never by what its cache says. It must
//! not know why something is erased.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;

use super::Log;
use super::place::Place;
use super::segments::{Index, Segment};
use crate::backend::{File, Mode};
use crate::error::Error;
use crate::segment::words_path;
use crate::words::{self, CHECKSUM, Content};

/// Words to be erased.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Erasure {
    /// Sequence of the record that commits to them.
    pub sequence: u64,
    /// Which field of words; `None`: all of the record's.
    pub field: Option<String>,
}

impl Erasure {
    fn names(&self, field: &str) -> bool {
        self.field.as_deref().is_none_or(|wanted| wanted == field)
    }
}

/// What is to be overwritten in one words file, as (offset, length).
struct Strokes {
    name: String,
    file: Arc<dyn File>,
    /// Checksums, first.
    checksums: Vec<(u64, usize)>,
    /// Nonces and texts with their checksums, then.
    bodies: Vec<(u64, usize)>,
}

impl Log {
    /// Overwrites words with zeros where they stand, and syncs that. Words that are erased or
    /// missing are passed over, so asking twice is as good as asking once; after a crash on
    /// the way, asking again finishes it. Where the head of an entry is damaged nobody can say
    /// where its text is: then everything is overwritten up to the words of the next record.
    ///
    /// # Errors
    ///
    /// `Beyond` for a record that is not committed, `Io` and `Damaged` as the files say. In
    /// each case the handle is gone, and it is not known what of the words is still there.
    pub fn erase(self, erasures: &[Erasure]) -> Result<Self, Error> {
        let mut segments = BTreeMap::<u32, (Arc<Segment>, Vec<&Erasure>)>::new();
        for erasure in erasures {
            let (sequence, size) = (erasure.sequence, self.tail.head.size);
            let segment = self.shared.segment(sequence).filter(|_| sequence < size);
            let segment = segment.ok_or(Error::Beyond { sequence, size })?;
            segments.entry(segment.number).or_insert_with(|| (segment, Vec::new())).1.push(erasure);
        }
        let mut all = Vec::new();
        for (segment, erasures) in segments.values() {
            all.extend(self.strokes(segment, erasures)?);
        }
        for strokes in &all {
            strokes.overwrite(&strokes.checksums)?;
        }
        for strokes in &all {
            strokes.overwrite(&strokes.bodies)?;
        }
        Ok(self)
    }

    /// What there is to do in the words file of a segment, if it is there.
    fn strokes(&self, segment: &Arc<Segment>, erasures: &[&Erasure]) -> Result<Option<Strokes>, Error> {
        let name = words_path(segment.number);
        // A handle of its own: what readers share may be open to read only.
        let file = match self.shared.backend.open(&name, Mode::Write) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(&name, 0, error)),
        };
        // The cache may show zeros that the disk never got.
        let io = |error| Error::io(&name, 0, error);
        file.sync().map_err(io)?;
        file.evict().map_err(io)?;
        let (checksums, bodies) = (Vec::new(), Vec::new());
        let mut strokes = Strokes { name, file, checksums, bodies };
        for erasure in erasures {
            let Some(place) = Place::of(&self.shared, segment, erasure.sequence)? else { continue };
            let file = Arc::clone(&strokes.file);
            let broken = place.walk(&*file, &mut |at, entry| {
                if erasure.names(entry.field) {
                    strokes.entry(at, entry);
                }
            })?;
            if let Some(at) = broken {
                let posting = (erasure.sequence - segment.first) as u32;
                let end = self.shared.ask(segment, |index| match index {
                    Index::Live(live) => Ok(live.words_after(posting)),
                    Index::Sealed(sealed) => sealed.words_after(posting),
                })?;
                strokes.blot(at, u64::from(end))?;
            }
        }
        Ok(Some(strokes))
    }
}

impl Strokes {
    fn entry(&mut self, at: u64, entry: &words::Entry<'_>) {
        if entry.content == Content::Erased {
            return;
        }
        let body = at + entry.body_at() as u64;
        if entry.content != Content::Erasing {
            self.checksums.push((body + (entry.body_length - CHECKSUM) as u64, CHECKSUM));
        }
        self.bodies.push((body, entry.body_length));
    }

    /// Overwrites everything from `from` to `end`, as far as the file reaches.
    fn blot(&mut self, from: u64, end: u64) -> Result<(), Error> {
        let length = self.file.length().map_err(|error| Error::io(&self.name, from, error))?;
        if let Some(length) = end.min(length).checked_sub(from).filter(|length| *length > 0) {
            self.bodies.push((from, length as usize));
        }
        Ok(())
    }

    fn overwrite(&self, places: &[(u64, usize)]) -> Result<(), Error> {
        let Some((first, _)) = places.first() else { return Ok(()) };
        let longest = places.iter().map(|(_, length)| *length).max().unwrap_or(0);
        let zeros = vec![0; longest.min(1 << 16)];
        for (at, length) in places {
            let (mut at, end) = (*at, at + *length as u64);
            while at < end {
                let count = (end - at).min(zeros.len() as u64);
                let written = self.file.write_at(&zeros[..count as usize], at);
                written.map_err(|error| Error::io(&self.name, at, error))?;
                at += count;
            }
        }
        self.file.sync().map_err(|error| Error::io(&self.name, *first, error))
    }
}
