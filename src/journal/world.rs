//! The state that decisions are made on, in three layers: what is durable (log, index, a cache of lives), what the
//! group has accepted so far, what the request has accepted so far. A layer is dropped whole, or merged whole into the
//! one below it.
//!
//! Invariant: nothing reaches the durable layer before its group is committed.

use foldhash::quality::RandomState;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::sync::Arc;
use storage::{Digest, Reader, Record};
use uuid::Uuid;

use super::{
    codec, keys,
    receipt::{Refused, Text},
};
use crate::domain::{
    command::Recorded,
    decide::{Mention, World, mentions},
    event::Access,
    id::{SourceName, Subject},
    subject::Life,
    value::Sha256,
};

/// Keys are chosen by posters, so the hash is seeded; it is not the standard library's, which takes as long as the
/// judgement of a simple event.
type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;

/// A fact with its hash.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) fact: Arc<Recorded>,
    pub(super) hash: Digest,
    /// How many events the subject has had, this one included.
    pub(super) version: u64,
    /// The words that it was posted with.
    pub(super) texts: Vec<Text>,
}

/// What is durable.
pub(super) struct Base {
    reader: Reader,
    zone: TimeZone,
    access: Access,
    lives: Lives,
}

impl Base {
    pub(super) fn new(reader: Reader, zone: TimeZone, access: Access, cached_lives: usize) -> Self {
        Self { reader, zone, access, lives: Lives::new(cached_lives) }
    }

    pub(super) const fn reader(&self) -> &Reader {
        &self.reader
    }

    fn life(&mut self, subject: &Subject) -> Result<Arc<Life>, Refused> {
        if let Some(life) = self.lives.find(subject) {
            return Ok(life);
        }
        let facts = facts(&self.reader, keys::about(subject), |fact| fact.event.subject == *subject)?;
        let life = Arc::new(Life::from_facts(subject.clone(), facts, &self.zone));
        self.lives.keep(life.clone());
        Ok(life)
    }

    /// The lives of a committed group become the durable ones.
    pub(super) fn absorb(&mut self, layer: Layer) {
        for life in layer.lives.into_values() {
            self.lives.keep(life);
        }
    }

    /// Forgets everything that it holds in memory: another writer was first.
    pub(super) fn forget(&mut self) {
        self.lives.clear();
    }
}

/// The facts under one key of the index that `wanted` confirms, in order.
pub(super) fn facts(
    reader: &Reader,
    key: u64,
    wanted: impl Fn(&Recorded) -> bool,
) -> Result<Vec<Arc<Recorded>>, Refused> {
    let mut facts = Vec::new();
    for sequence in reader.by_subject(key).map_err(unreadable)? {
        let fact = fact(reader, sequence)?;
        if wanted(&fact) {
            facts.push(Arc::new(fact));
        }
    }
    Ok(facts)
}

/// The fact at a sequence.
pub(super) fn fact(reader: &Reader, sequence: u64) -> Result<Recorded, Refused> {
    let bytes = reader.read(sequence).map_err(unreadable)?;
    let record = Record::parse(&bytes).map_err(unreadable)?;
    codec::recorded(&record).map_err(unreadable)
}

pub(super) fn unreadable(error: impl std::fmt::Display) -> Refused {
    Refused::Unreadable(error.to_string())
}

/// What a group, or a request, has accepted so far.
#[derive(Default)]
pub(super) struct Layer {
    lives: HashMap<Subject, Arc<Life>>,
    /// By the fingerprint of source and id.
    ids: HashMap<u128, Placed>,
    mentions: HashMap<Mention, Vec<Arc<Recorded>>>,
}

impl Layer {
    /// The event of that id, if it was accepted here.
    pub(super) fn by_id(&self, fingerprint: u128, source: &SourceName, id: Uuid) -> Option<&Placed> {
        self.ids
            .get(&fingerprint)
            .filter(|placed| placed.fact.source == *source && placed.fact.event.id == id)
    }

    /// Everything of `above` was accepted.
    pub(super) fn merge(&mut self, above: Self) {
        self.lives.extend(above.lives);
        self.ids.extend(above.ids);
        for (mention, facts) in above.mentions {
            self.mentions.entry(mention).or_default().extend(facts);
        }
    }

    /// The facts accepted here that mention it, in order.
    pub(super) fn mentioning(&self, mention: &Mention) -> &[Arc<Recorded>] {
        self.mentions.get(mention).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, fingerprint: u128, placed: Placed, life: Arc<Life>) {
        let fact = &placed.fact;
        for mention in mentions(&fact.event) {
            self.mentions.entry(mention).or_default().push(fact.clone());
        }
        self.lives.insert(fact.event.subject.clone(), life);
        self.ids.insert(fingerprint, placed);
    }
}

/// The three layers, as one request sees them.
pub(super) struct View<'a> {
    pub(super) base: &'a mut Base,
    pub(super) group: &'a Layer,
    pub(super) request: Layer,
    pub(super) now: Timestamp,
    /// The sequence of the event that is judged next.
    pub(super) next: u64,
}

impl View<'_> {
    /// The request's next event was accepted. Its hash is not known before it is in the group; nothing that is judged
    /// depends on it.
    pub(super) fn accept(
        &mut self,
        fingerprint: u128,
        fact: Arc<Recorded>,
        texts: Vec<Text>,
    ) -> Result<Placed, Refused> {
        self.next = fact.sequence + 1;
        let life = self.life(&fact.event.subject)?.with(fact.clone(), &self.base.zone);
        let placed = Placed { fact, hash: Digest([0; 32]), version: life.version(), texts };
        self.request.add(fingerprint, placed.clone(), Arc::new(life));
        Ok(placed)
    }

    /// An accepted event is in the group, under its hash.
    pub(super) fn hashed(&mut self, fingerprint: u128, hash: Digest) {
        if let Some(placed) = self.request.ids.get_mut(&fingerprint) {
            placed.hash = hash;
        }
    }

    fn in_layers(&self, mention: &Mention) -> impl Iterator<Item = &Arc<Recorded>> {
        let layers = [self.group, &self.request];
        let found: Vec<_> = layers.into_iter().filter_map(|l| l.mentions.get(mention)).flatten().collect();
        found.into_iter()
    }
}

impl World for View<'_> {
    type Error = Refused;

    fn now(&self) -> Timestamp {
        self.now
    }

    fn zone(&self) -> &TimeZone {
        &self.base.zone
    }

    fn access(&self) -> Access {
        self.base.access
    }

    fn life(&mut self, subject: &Subject) -> Result<Arc<Life>, Refused> {
        if let Some(life) = self.request.lives.get(subject).or_else(|| self.group.lives.get(subject)) {
            return Ok(life.clone());
        }
        self.base.life(subject)
    }

    fn mentioned_by(&mut self, mention: &Mention) -> Result<Vec<Arc<Recorded>>, Refused> {
        let mut found =
            facts(&self.base.reader, keys::mention(mention), |fact| mentions(&fact.event).contains(mention))?;
        found.extend(self.in_layers(mention).cloned());
        Ok(found)
    }

    fn is_mentioned(&mut self, mention: &Mention) -> Result<bool, Refused> {
        self.first_mention(mention).map(|first| first.is_some())
    }

    fn first_mention(&mut self, mention: &Mention) -> Result<Option<u64>, Refused> {
        // The index is ascending, so the first that is confirmed is the first there is.
        let reader = &self.base.reader;
        for sequence in reader.by_subject(keys::mention(mention)).map_err(unreadable)? {
            if mentions(&fact(reader, sequence)?.event).contains(mention) {
                return Ok(Some(sequence));
            }
        }
        Ok(self.in_layers(mention).next().map(|fact| fact.sequence))
    }

    fn fact(&mut self, sequence: u64) -> Result<Option<Arc<Recorded>>, Refused> {
        if sequence < self.base.reader.head().size {
            return fact(&self.base.reader, sequence).map(|fact| Some(Arc::new(fact)));
        }
        let mut layers = self.request.ids.values().chain(self.group.ids.values());
        Ok(layers.find(|placed| placed.fact.sequence == sequence).map(|placed| placed.fact.clone()))
    }

    fn posted(&mut self, source: &SourceName, from: Date, to: Date) -> Result<Vec<Uuid>, Refused> {
        // What is not durable yet is recorded now, and today is not over.
        let (reader, zone) = (&self.base.reader, &self.base.zone);
        let end = reader.head().size;
        let day = |sequence| Ok::<_, Refused>(zone.to_datetime(fact(reader, sequence)?.recorded_at).date());
        // Recorded times never decrease, so the first record of the span is found by halving.
        let (mut low, mut high) = (0, end);
        while low < high {
            let middle = low + (high - low) / 2;
            if day(middle)? < from { low = middle + 1 } else { high = middle }
        }
        let mut ids = Vec::new();
        for sequence in low..end {
            let bytes = reader.read(sequence).map_err(unreadable)?;
            let record = Record::parse(&bytes).map_err(unreadable)?;
            let at = Timestamp::from_microsecond(record.recorded_at).map_err(unreadable)?;
            if zone.to_datetime(at).date() > to {
                break;
            }
            // Other systems' events are passed by unopened: there may be many of them.
            if record.source == source.as_str() {
                ids.push(codec::recorded(&record).map_err(unreadable)?.event.id);
            }
        }
        Ok(ids)
    }

    fn root(&mut self, size: u64) -> Result<Option<Sha256>, Refused> {
        let reader = &self.base.reader;
        if size > reader.head().size {
            return Ok(None);
        }
        reader.root(size).map(|root| Some(Sha256(root.0))).map_err(unreadable)
    }

    fn size(&self) -> Option<u64> {
        Some(self.next)
    }
}

/// A bounded cache of lives, in two generations: what was not used for a whole generation is forgotten.
struct Lives {
    young: HashMap<Subject, Arc<Life>>,
    old: HashMap<Subject, Arc<Life>>,
    generation: usize,
}

impl Lives {
    fn new(most: usize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), generation: (most / 2).max(1) }
    }

    fn find(&mut self, subject: &Subject) -> Option<Arc<Life>> {
        if let Some(life) = self.young.get(subject) {
            return Some(life.clone());
        }
        let life = self.old.remove(subject)?;
        self.keep(life.clone());
        Some(life)
    }

    fn keep(&mut self, life: Arc<Life>) {
        if self.young.len() >= self.generation {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(life.subject());
        self.young.insert(life.subject().clone(), life);
    }

    fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}
