//! Who answers for something from a given horizon, and which events say so.
//!
//! Invariant: of the facts that say who answers for it (the one that began it, and each handing over), the last by
//! effective day, then sequence, counts. Must not know what is owned.

use jiff::civil::Date;

use super::history::Dated;
use crate::domain::id::Code;

/// Who answers for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner<'v> {
    /// The post.
    pub post: &'v Code,
    /// The day from which it does, if it took over from another post.
    pub since: Option<Date>,
    /// The event by which it began.
    named: u64,
    /// Every handing over since.
    handed: Vec<u64>,
}

/// The same, apart from where it was said.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    post: Code,
    since: Option<Date>,
    named: u64,
    handed: Box<[u64]>,
}

impl Answers {
    /// Who that is.
    pub(super) fn owner(&self) -> Owner<'_> {
        Owner { post: &self.post, since: self.since, named: self.named, handed: self.handed.to_vec() }
    }
}

impl<'v> Owner<'v> {
    /// Whoever was named when it began.
    pub fn named<F>(by: &Dated<F>, post: &'v Code) -> Self {
        Self { post, since: None, named: by.sequence, handed: Vec::new() }
    }

    /// The same, apart from where it was said.
    pub(super) fn apart(self) -> Answers {
        let Self { post, since, named, handed } = self;
        Answers { post: post.clone(), since, named, handed: handed.into() }
    }

    /// Hands it over.
    pub fn hand_over<F>(&mut self, by: &Dated<F>, to: &'v Code) {
        self.post = to;
        self.since = Some(by.effective);
        self.handed.push(by.sequence);
    }

    /// The sequences of the events that say so: the beginning, and every handing over since.
    pub fn events(&self) -> impl Iterator<Item = u64> {
        std::iter::once(self.named).chain(self.handed.iter().copied())
    }
}
