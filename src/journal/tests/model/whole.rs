//! Everything that is held, compared: records, words, lives, histories of subjects, mentions, what a source posted.
//!
//! Invariant: the questions are put to the journal's own reader and to its world over a cache of two lives, so indexes,
//! filters and the forgetting of lives all answer.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use storage::Digest;

use super::{engine::Engine, history, naive::Naive};
use crate::domain::{
    decide::{Mention, World, mentions},
    event::Payload,
    id::{Code, Kind, SourceName, Subject},
};
use crate::journal::{
    Text,
    read::WordsStatus,
    world::{Base, Layer, View},
};

pub(super) fn same(engine: &Engine, naive: &Naive, hashes: &BTreeMap<u64, Digest>) {
    let journal = &engine.journal;
    assert_eq!(journal.head().size, naive.kept.len() as u64);
    content(engine, naive, hashes);
    let mut subjects: BTreeSet<Subject> =
        naive.kept.iter().map(|kept| kept.fact.event.subject.clone()).collect();
    subjects.insert(Kind::Action.subject(&history::nobody()));
    for subject in &subjects {
        let life = journal.life(subject).unwrap();
        assert_eq!(life.facts(), naive.about(subject), "the history of {subject}");
        let Ok(expected) = naive.clone().life(subject);
        assert_eq!(life, *expected, "the life of {subject}");
    }
    questions(engine, naive, &subjects);
}

fn content(engine: &Engine, naive: &Naive, hashes: &BTreeMap<u64, Digest>) {
    let entries = engine.journal.entries(0..u64::MAX).unwrap();
    assert_eq!(entries.len(), naive.kept.len());
    let erased = erased(naive);
    let mut ids = BTreeSet::new();
    for (entry, kept) in entries.iter().zip(&naive.kept) {
        assert_eq!(entry.recorded, *kept.fact);
        assert!(ids.insert((entry.recorded.source.clone(), entry.recorded.event.id)), "recorded twice");
        if let Some(hash) = hashes.get(&entry.recorded.sequence) {
            assert_eq!(entry.hash, *hash, "record {} is another", entry.recorded.sequence);
        }
        let held: Vec<_> =
            entry.words.iter().map(|word| (word.field, word.status, word.text.clone())).collect();
        let word = |text: &Text| {
            let gone = erased.iter().any(|(sequence, field)| {
                let all = field.as_ref().is_none_or(|field| field.as_str() == text.field);
                *sequence == entry.recorded.sequence && all
            });
            let (status, words) =
                if gone { (WordsStatus::Erased, None) } else { (WordsStatus::Held, Some(text.text.clone())) };
            (text.field, status, words)
        };
        let posted: Vec<_> = kept.texts.iter().map(word).collect();
        assert_eq!(held, posted, "the words of {}", entry.recorded.sequence);
    }
}

/// What was named by the requests that stood when somebody said that it is erased: a record, and one field of words or
/// all of them.
pub(super) fn erased(naive: &Naive) -> Vec<(u64, Option<Code>)> {
    let mut found = Vec::new();
    for said in naive.kept.iter().filter(|kept| matches!(kept.fact.event.payload, Payload::ContentErased(_)))
    {
        let mut before = naive.clone();
        before.kept.truncate(usize::try_from(said.fact.sequence).unwrap());
        let subject = &said.fact.event.subject;
        let Ok(life) = before.life(subject);
        for fact in before.about(subject) {
            if let Payload::ErasureRequested(request) = &fact.event.payload
                && !life.is_voided(fact.sequence)
            {
                found.extend(request.references.iter().map(|one| (one.sequence, one.field.clone())));
            }
        }
    }
    found
}

fn questions(engine: &Engine, naive: &Naive, subjects: &BTreeSet<Subject>) {
    let reader = engine.journal.reader().clone();
    let next = reader.head().size;
    let mut base = Base::new(reader, naive.zone.clone(), engine.access, 2);
    let group = Layer::default();
    let mut view = View { base: &mut base, group: &group, request: Layer::default(), now: naive.now, next };
    let mut naive = naive.clone();
    let mut asked: Vec<Mention> = subjects.iter().cloned().map(Mention::Subject).collect();
    asked.extend(naive.kept.iter().flat_map(|kept| mentions(&kept.fact.event)));
    let mut seen = HashSet::new();
    asked.retain(|mention| seen.insert(mention.clone()));
    asked.push(Mention::Document {
        about: Kind::Action.subject(&history::nobody()),
        sha256: history::unheard(),
    });
    for mention in &asked {
        let Ok(expected) = naive.mentioned_by(mention);
        assert_eq!(view.first_mention(mention).unwrap(), expected.first().map(|fact| fact.sequence));
        assert_eq!(view.is_mentioned(mention).unwrap(), !expected.is_empty());
        assert_eq!(view.mentioned_by(mention).unwrap(), expected, "who mentions {mention:?}");
    }
    for subject in subjects {
        let Ok(expected) = naive.life(subject);
        assert_eq!(view.life(subject).unwrap(), expected);
    }
    for sequence in 0..=next {
        let Ok(expected) = naive.fact(sequence);
        assert_eq!(view.fact(sequence).unwrap(), expected);
    }
    let days = history::days_around(&naive);
    for name in ["register", "tracker", "operator", "stranger"] {
        let source = SourceName::parse(name).unwrap();
        for pair in days.windows(2) {
            let (Ok(mut expected), mut posted) =
                (naive.posted(&source, pair[1], pair[0]), view.posted(&source, pair[1], pair[0]).unwrap());
            expected.sort_unstable();
            posted.sort_unstable();
            assert_eq!(posted, expected, "what {name} posted from {} to {}", pair[1], pair[0]);
        }
    }
}
