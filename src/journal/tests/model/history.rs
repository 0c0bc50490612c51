//! One history: requests, bursts, restarts and crashes on the engine, each answer compared with the naive ledger's, and
//! now and then everything that is held.
//!
//! Invariant: after every request both have accepted the same events in the same places with the same marks, or refused
//! the same event for the same reason.

use jiff::{SignedDuration, ToSpan};
use std::collections::BTreeMap;
use storage::Digest;

use super::{
    dice::Dice,
    engine::{Answer, Engine},
    fill::{self, entry, hash},
    naive::{Naive, Told},
    said::{Focus, Speaker, clothe, sample},
    whole,
};
use crate::domain::{
    command::Recorded,
    event::{
        Access, Anonymity, CommitmentKind, Contact, EventType, FeedbackReceived, GrantChanged, Payload,
        PledgePublished,
    },
    id::{Code, Kind, SourceName},
    rejection::Rejection,
    value::{Occurred, Sha256},
};
use crate::journal::clock::Clock;
use crate::journal::tests::{code, event, groundwork, noon, opened, post, proposal, source};
use crate::journal::{Proposal, Refused};

/// What came of requests, events, restarts, crashes: how often.
pub(super) type Counts = BTreeMap<String, u64>;

pub(super) struct History<'a> {
    pub(super) engine: Option<Engine>,
    pub(super) naive: Naive,
    pub(super) dice: Dice,
    /// Every request so far, accepted or not.
    requests: Vec<Vec<Proposal>>,
    /// The hash in the first receipt of each record.
    hashes: BTreeMap<u64, Digest>,
    has_power: bool,
    /// What this history is mostly about.
    focus: Focus,
    counts: &'a mut Counts,
}

/// What the events of a history stand on.
pub(super) fn ground(access: Access) -> Vec<Proposal> {
    let list = |name: &str, codes: &[&str]| {
        let entries = codes.iter().map(|code| entry(code)).collect();
        proposal(event(&format!("code-list/{name}"), crate::domain::event::CodeListAdopted { entries }))
    };
    let mut all = vec![proposal(opened())];
    for name in ["register", "tracker"].into_iter().filter(|_| access == Access::Granted) {
        let any = || vec!["*".to_owned()];
        let grant = GrantChanged { types: any(), subjects: any(), posts: any() };
        all.push(proposal(event(&format!("source/{name}"), grant)));
    }
    all.extend(["assessor", "clerk"].map(post));
    all.extend(groundwork());
    all.extend([
        list("channel", &["box", "survey"]),
        list("theme", &["rest", "rotas", "spare"]),
        list("no-change-reason", &["cost", "law"]),
        list("evidence-kind", &["minutes", "photo"]),
        list("progress", &["on-track"]),
        list("council", &["ABE"]),
        list("partner", &["police"]),
        list("support-kind", &["coaching"]),
        list("support-route", &["helpline"]),
        proposal(event("calendar/main", sample(EventType::CalendarAdopted).payload)),
    ]);
    for (subject, event_type) in
        [("policy/flex", EventType::PolicyRegistered), ("unit/care", EventType::UnitRegistered)]
    {
        let mut payload = sample(event_type).payload;
        match &mut payload {
            Payload::PolicyRegistered(policy) => policy.owner_post = code("head"),
            Payload::UnitRegistered(unit) => {
                (unit.valid_from, unit.valid_to, unit.part_of) = (jiff::civil::date(2020, 1, 1), None, None);
            }
            _ => {}
        }
        all.push(proposal(event(subject, payload)));
    }
    let made = all.iter().find(|one| one.command.event.subject.kind() == Kind::Commitment).unwrap().clone();
    for (name, kind) in [("C2", CommitmentKind::Continuing), ("C3", CommitmentKind::Milestone)] {
        let mut one = event(&format!("commitment/{name}"), made.command.event.payload.clone());
        if let Payload::CommitmentMade(made) = &mut one.payload {
            made.kind = kind;
        }
        all.push(proposal(one));
    }
    for name in ["deputy", "past"] {
        let mut one = (*post(name).command.event).clone();
        if let Payload::PostRegistered(post) = &mut one.payload {
            match name {
                "deputy" => post.held_with = vec![code("head")],
                _ => post.valid_to = Some(jiff::civil::date(2025, 4, 20)),
            }
        }
        all.push(proposal(one));
    }
    // The ground is older than the history, so that days before it are days after its ground.
    for one in &mut all {
        let mut event = (*one.command.event).clone();
        event.occurred = Occurred::Day(jiff::civil::date(2025, 1, 10));
        if let Payload::PledgePublished(PledgePublished { text, .. }) = &event.payload {
            assert_eq!(text, fill::TEXT);
        }
        let operators = matches!(event.payload, Payload::LedgerOpened(_) | Payload::GrantChanged(_));
        one.command.source = source(if operators { SourceName::OPERATOR } else { "register" });
        one.command.event = event.into();
    }
    all
}

impl<'a> History<'a> {
    /// A ledger with its ground.
    pub(super) fn begin(seed: u64, counts: &'a mut Counts) -> Self {
        let mut dice = Dice::new(seed);
        let access = if dice.chance(50) { Access::Open } else { Access::Granted };
        let (engine, naive) = (Some(Engine::new(access)), Naive::new(noon(), access));
        let focus = Focus::new(&mut dice);
        let (requests, hashes) = (Vec::new(), BTreeMap::new());
        let mut it = Self { engine, naive, dice, requests, hashes, has_power: true, focus, counts };
        let mut ground = ground(access);
        for one in &mut ground {
            let mut event = (*one.command.event).clone();
            event.id = it.dice.uuid();
            one.command.event = event.into();
        }
        let rest = ground.split_off(1);
        for request in [ground, rest] {
            it.burst(&[request], None);
        }
        assert!(it.naive.kept.len() > 20, "the ground was refused");
        it
    }

    pub(super) fn run(&mut self) {
        for _ in 0..self.dice.below(24) + 12 {
            self.pass_time();
            self.learn_roots();
            let requests = self.requests();
            let rival = if self.has_power && self.dice.chance(10) { self.rival() } else { None };
            self.burst(&requests, rival);
            match self.dice.weighted(&[88, 6, 6]) {
                0 => {}
                1 => self.restart(),
                _ => self.crash("crashes while idle"),
            }
        }
        self.check();
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    fn count(&mut self, what: &str, more: u64) {
        *self.counts.entry(what.to_owned()).or_default() += more;
    }

    fn pass_time(&mut self) {
        let now = self.naive.now;
        self.naive.now = match self.dice.weighted(&[30, 30, 30, 10]) {
            0 => now,
            1 => now + SignedDuration::from_secs(self.dice.below(5_000).cast_signed()),
            2 => now + SignedDuration::from_hours(self.dice.below(70).cast_signed()),
            // A clock that goes back a little is marked, not mistrusted.
            _ => {
                let last = self.naive.kept.last().map_or(now, |kept| kept.fact.recorded_at);
                now.max(last) - SignedDuration::from_secs(self.dice.below(200).cast_signed())
            }
        };
        self.engine().clock.set(self.naive.now);
        assert_eq!(self.engine().clock.now(), self.naive.now);
    }

    /// What a poster can know of the tree: the roots over what is durable.
    fn learn_roots(&mut self) {
        let reader = self.engine().journal.reader().clone();
        let known = self.naive.roots.len() as u64;
        // A disk without power gives none.
        let roots = (known + 1..=reader.head().size).map_while(|size| reader.root(size).ok());
        self.naive.roots.extend(roots.map(|root| Sha256(root.0)));
    }

    fn speaker(&mut self, facts: Vec<std::sync::Arc<Recorded>>) -> Speaker<'_> {
        Speaker { dice: &mut self.dice, facts, naive: &self.naive, focus: &self.focus }
    }

    /// What comes in one burst: mostly one request.
    fn requests(&mut self) -> Vec<Vec<Proposal>> {
        let count = [1, 1, 2, 3, 5][self.dice.weighted(&[40, 20, 20, 15, 5])];
        let (mut requests, mut facts) = (Vec::new(), self.naive.facts());
        for _ in 0..count {
            let mut request = Vec::new();
            if self.dice.chance(25) && !self.requests.is_empty() {
                let mut earlier = self.dice.of(&self.requests).clone();
                // Mostly something that was recorded.
                for _ in 0..3 {
                    if self.naive.kept.iter().any(|kept| kept.fact.event.id == earlier[0].command.event.id) {
                        break;
                    }
                    earlier = self.dice.of(&self.requests).clone();
                }
                request.extend(earlier.into_iter().filter_map(|one| self.again(one)));
            }
            if request.is_empty() || self.dice.chance(25) {
                let fresh = [1, 2, 3, 4, 6][self.dice.weighted(&[66, 16, 8, 6, 4])];
                let (now, anonymous) = (self.naive.now, self.dice.chance(6));
                let mut speaker = self.speaker(facts);
                for _ in 0..fresh {
                    let event = speaker.event();
                    let proposal = speaker.proposal(event);
                    speaker.take(&proposal, now);
                    request.push(proposal);
                }
                facts = speaker.facts;
                if anonymous {
                    request.extend(self.anonymous());
                }
            }
            if self.dice.chance(2) {
                let twice = self.dice.of(&request).clone();
                request.push(twice);
            }
            requests.push(request);
        }
        requests
    }

    /// A retry: the same, the same under other nonces, or the same id for something else.
    fn again(&mut self, mut one: Proposal) -> Option<Proposal> {
        let mut event = (*one.command.event).clone();
        match self.dice.weighted(&[50, 15, 8, 5, 5, 17]) {
            0 => {}
            1 => {
                let text = one.texts.first().map(|text| text.text.clone()).unwrap_or_default();
                one.texts = clothe(&mut event.payload, &mut self.dice, &text);
            }
            2 => one.texts = clothe(&mut event.payload, &mut self.dice, "Other words."),
            3 => event.occurred = Occurred::Day(jiff::civil::date(2025, 4, 11)),
            4 => one.command.source = source("tracker"),
            _ => return None,
        }
        one.command.event = event.into();
        Some(one)
    }

    fn anonymous(&mut self) -> Vec<Proposal> {
        let today = self.naive.zone.to_datetime(self.naive.now).date();
        let items = if self.dice.chance(80) { 5 } else { 3 };
        let one = |it: &mut Self| {
            let Payload::FeedbackReceived(sample) = sample(EventType::FeedbackReceived).payload else {
                unreachable!("the sample of a type is of that type")
            };
            let payload = FeedbackReceived {
                round: None,
                themes: vec![code("rest")],
                policies: Vec::new(),
                channel: code("box"),
                anonymity: Anonymity::Anonymous,
                contact: Contact::None,
                ..sample
            };
            let mut one = event(&format!("feedback/{}", it.dice.uuid()), payload);
            one.id = it.dice.uuid();
            one.occurred = Occurred::Month(today.year(), today.month());
            proposal(one)
        };
        (0..items).map(|_| one(self)).collect()
    }

    /// An event of another writer, who is first.
    fn rival(&mut self) -> Option<Recorded> {
        let facts = self.naive.facts();
        let mut speaker = self.speaker(facts);
        let event = speaker.event();
        let proposal = speaker.proposal(event);
        let mut then = self.naive.clone();
        then.post(std::slice::from_ref(&proposal)).ok()?;
        let kept = then.kept.pop()?;
        kept.texts.is_empty().then(|| (*kept.fact).clone())
    }

    /// Posts them, and judges every answer.
    pub(super) fn burst(&mut self, requests: &[Vec<Proposal>], rival: Option<Recorded>) {
        let (answers, left) = self.engine().burst(requests, rival.clone());
        self.count("requests", requests.len() as u64);
        if let Some(rival) = rival.filter(|_| left.is_none()) {
            self.count("groups that another writer forestalled", 1);
            self.after_rival(requests, &answers, &rival);
        } else {
            let mut uncertain = Vec::new();
            for (nth, (request, answer)) in requests.iter().zip(&answers).enumerate() {
                // The first comes alone into a group.
                if nth == 1 {
                    self.naive.end_group();
                }
                match answer {
                    Ok(_) | Err(Refused::Rejected { .. }) => self.agree(request, answer),
                    Err(Refused::Unknown) => uncertain.push(request.clone()),
                    Err(Refused::ReadOnly(_) | Refused::NotWritten | Refused::DiskFull) => {
                        assert!(!self.has_power, "{answer:?} on a disk that works");
                    }
                    Err(other) => panic!("{other:?}"),
                }
            }
            if answers
                .iter()
                .any(|one| matches!(one, Err(refused) if !matches!(refused, Refused::Rejected { .. })))
            {
                self.power_failed(uncertain);
            }
        }
        self.naive.end_group();
        self.requests.extend(requests.iter().cloned());
    }

    /// The first group that had something to commit found the rival's record before it, and was decided again.
    fn after_rival(&mut self, requests: &[Vec<Proposal>], answers: &[Answer], rival: &Recorded) {
        let first_writes =
            self.naive.clone().post(&requests[0]).is_ok_and(|told| told.iter().any(|t| !t.repeated));
        let mut pairs = requests.iter().zip(answers);
        if !first_writes && let Some((request, answer)) = pairs.next() {
            self.agree(request, answer);
        }
        let command = crate::domain::command::Command {
            source: rival.source.clone(),
            expected: crate::domain::command::Expected::Any,
            event: rival.event.clone(),
        };
        let told = self.naive.post(&[Proposal { command, texts: Vec::new() }]).unwrap();
        assert_eq!(told[0].marks, rival.irregularities);
        self.naive.end_group();
        for (nth, (request, answer)) in pairs.enumerate() {
            if nth == 1 {
                self.naive.end_group();
            }
            self.agree(request, answer);
        }
    }

    /// Has the naive ledger judge the request, too.
    fn agree(&mut self, request: &[Proposal], answer: &Answer) {
        let told = self.naive.post(request);
        match (answer, told) {
            (Ok(appended), Ok(told)) => {
                let receipts: Vec<Told> = appended
                    .iter()
                    .map(|one| Told {
                        source: one.receipt.source.clone(),
                        id: one.receipt.event_id,
                        sequence: one.receipt.sequence,
                        recorded_at: one.receipt.recorded_at,
                        version: one.receipt.subject_version,
                        marks: one.receipt.irregularities.clone(),
                        repeated: one.repeated,
                    })
                    .collect();
                assert_eq!(receipts, told, "receipts of {request:#?}");
                for (one, proposal) in appended.iter().zip(request) {
                    let receipt = &one.receipt;
                    let first = *self.hashes.entry(receipt.sequence).or_insert(receipt.hash);
                    assert_eq!(first, receipt.hash, "the hash of {} changed", receipt.sequence);
                    self.count(if one.repeated { "repeats" } else { "accepted" }, 1);
                    for mark in receipt.irregularities.iter().filter(|_| !one.repeated) {
                        self.count(&format!("mark {mark}"), 1);
                    }
                    let name = proposal.command.event.payload.event_type().as_str();
                    self.count(&format!("type {name}"), u64::from(!one.repeated));
                }
            }
            (Err(Refused::Rejected { index, rejection }), Err((at, why))) => {
                assert_eq!((*index, rejection), (at, &why), "refusal of {request:#?}");
                self.count("requests refused", 1);
                self.count(&format!("refused {}", rejection.reason()), 1);
                if let Rejection::Malformed { field, .. } | Rejection::Unknown { field, .. } = rejection {
                    self.count(&format!("field {field}"), 1);
                }
            }
            (answer, told) => panic!("the engine says {answer:#?}, the model {told:#?} to {request:#?}"),
        }
    }

    pub(super) fn restart(&mut self) {
        if !self.has_power {
            return self.crash("crashes while idle");
        }
        self.engine = self.engine.take().map(Engine::restarted);
        self.count("restarts", 1);
        self.check();
    }

    pub(super) fn crash(&mut self, how: &str) {
        // Some disks lose their power again soon.
        let power = if self.dice.chance(45) { 5 + self.dice.below(60) } else { u64::MAX };
        let engine = self.engine.take().unwrap();
        self.engine = Some(engine.crashed(&mut self.dice, power));
        self.has_power = power == u64::MAX;
        self.count(how, 1);
        if how == "crashes while idle" {
            self.check();
        }
    }

    /// The power went during a group: it is there whole, or not at all, and whoever asks again is told which.
    fn power_failed(&mut self, uncertain: Vec<Vec<Proposal>>) {
        self.crash("crashes while writing");
        self.naive.end_group();
        let (before, after) = (self.naive.clone(), {
            let mut after = self.naive.clone();
            for request in &uncertain {
                let _ = after.post(request);
            }
            after
        });
        let size = self.engine().journal.head().size;
        let sizes = [before.kept.len() as u64, after.kept.len() as u64];
        assert!(sizes.contains(&size), "half a group survived: {size} of {sizes:?}");
        if size == sizes[1] && sizes[0] != sizes[1] {
            self.count("groups that survived unacknowledged", 1);
            self.naive = after;
            self.naive.end_group();
        } else if sizes[0] != sizes[1] {
            self.count("groups that were lost unacknowledged", 1);
        }
        self.check();
        for request in uncertain {
            self.burst(&[request], None);
        }
    }

    pub(super) fn check(&mut self) {
        whole::same(self.engine.as_ref().unwrap(), &self.naive, &self.hashes);
        self.count("checks of everything", 1);
    }
}

/// Days that a question may ask about.
pub(super) fn days_around(naive: &Naive) -> Vec<jiff::civil::Date> {
    let today = naive.zone.to_datetime(naive.now).date();
    (0..12).map(|days: i64| today.checked_sub((days * 3).days()).unwrap()).collect()
}

/// A code that no history uses.
pub(super) fn nobody() -> Code {
    code("nobody")
}

/// The hash of a document that nothing is about.
pub(super) fn unheard() -> crate::domain::value::Sha256 {
    hash(b"unheard")
}
