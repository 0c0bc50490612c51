//! What posters say in a history: every type of event, mostly about what there is, mostly the next step of a life.
//!
//! Invariant: it reads the naive ledger only to be interesting; whether what it says is accepted is for others to judge.

use jiff::{Timestamp, ToSpan, civil::Date};
use std::sync::Arc;
use uuid::Uuid;

use super::{dice::Dice, fill, naive::Naive};
use crate::domain::{
    command::{Command, Expected, Recorded},
    event::{Anonymity, Corrected, CorrectionMade, Event, EventType, Payload, VoidGround},
    id::{Code, Kind, SourceName, Subject},
    subject::{Life, State},
    value::{Occurred, Words},
};
use crate::journal::{Proposal, Text, codec};

pub(super) const POSTS: &[&str] = &[
    "head", "assessor", "head", "assessor", "head", "assessor", "head", "assessor", "clerk", "deputy",
    "head", "past",
];

/// A sample of a type, with every field filled in.
pub(super) fn sample(event_type: EventType) -> Event {
    let line = include_str!("../stored.txt")
        .lines()
        .find(|line| {
            let mut parts = line.split(' ');
            parts.next() == Some(event_type.as_str())
                && parts.next() == Some(event_type.schema().to_string().as_str())
        })
        .unwrap();
    codec::decode(&const_hex::decode(line.rsplit(' ').next().unwrap()).unwrap()).unwrap()
}

/// Gives every field of words new words; the texts.
pub(super) fn clothe(payload: &mut Payload, dice: &mut Dice, text: &str) -> Vec<Text> {
    let mut texts = Vec::new();
    for (field, words) in payload.words_mut() {
        let one = Text { field, nonce: dice.bytes(), text: text.to_owned() };
        *words = Words(one.commitment());
        texts.push(one);
    }
    texts
}

pub(super) struct Speaker<'a> {
    pub(super) dice: &'a mut Dice,
    /// What is recorded, and what may be when this is judged.
    pub(super) facts: Vec<Arc<Recorded>>,
    pub(super) naive: &'a Naive,
    pub(super) focus: &'a Focus,
}

/// The families that a history speaks of, by weight: a few of them most of the time, so that lives come far.
pub(super) struct Focus([u64; 26]);

impl Focus {
    pub(super) fn new(dice: &mut Dice) -> Self {
        let usual = FAMILIES.map(|family| family.2);
        let mut weights = usual;
        for _ in 0..3 {
            let family = dice.weighted(&usual);
            weights[family] += 60;
            // Evidence is about actions, and links lead to them.
            weights[0] += 15;
        }
        Self(weights)
    }
}

impl Speaker<'_> {
    pub(super) fn today(&self) -> Date {
        self.naive.zone.to_datetime(self.naive.now).date()
    }

    pub(super) fn ahead(&self, days: i64) -> Date {
        self.today().checked_add(days.days()).unwrap()
    }

    /// A day not before and not after so many days from today.
    pub(super) fn day(&mut self, earliest: i64, latest: i64) -> Date {
        let days = earliest + self.dice.below((latest - earliest + 1).unsigned_abs()) as i64;
        self.ahead(days)
    }

    pub(super) fn code(&mut self, usual: &[&str]) -> Code {
        let text = if self.dice.chance(97) { *self.dice.of(usual) } else { "nowhere" };
        Code::parse(text).unwrap()
    }

    pub(super) fn codes(&mut self, usual: &[&str], most: u64) -> Vec<Code> {
        (0..self.dice.below(most + 1)).map(|_| self.code(usual)).collect()
    }

    /// One of these that stands, or, now and then, one that may not.
    pub(super) fn standing(&mut self, kind: Kind, ids: &[&str]) -> Code {
        let mut code = self.code(ids);
        for _ in 0..6 {
            if self.life(&kind.subject(&code)).stands() || self.dice.chance(4) {
                break;
            }
            code = self.code(ids);
        }
        code
    }

    /// An item that stands, if there is one.
    pub(super) fn heard(&mut self) -> Option<Uuid> {
        let id = self.item();
        let subject = Kind::Feedback.subject(&Code::parse(&id.to_string()).unwrap());
        (self.life(&subject).stands() || self.dice.chance(5)).then_some(id)
    }

    pub(super) fn post(&mut self) -> Code {
        self.code(POSTS)
    }

    pub(super) fn item(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes([self.dice.below(3) as u8; 16]).into_uuid()
    }

    pub(super) fn life(&self, subject: &Subject) -> Life {
        let about = self.facts.iter().filter(|fact| fact.event.subject == *subject).cloned().collect();
        Life::from_facts(subject.clone(), about, &self.naive.zone)
    }

    fn occurred(&mut self) -> Occurred {
        match self.dice.weighted(&[62, 19, 9, 7, 2, 1]) {
            0 => Occurred::Day(self.today()),
            1 => Occurred::Day(self.day(-4, 0)),
            2 => Occurred::Day(self.day(-59, 0)),
            3 => {
                let back = jiff::SignedDuration::from_secs(self.dice.below(90_000) as i64);
                Occurred::Instant(self.naive.now.checked_sub(back).unwrap())
            }
            4 => Occurred::Day(self.day(1, 3)),
            _ => Occurred::Month(self.today().year(), self.today().month()),
        }
    }

    fn source(&mut self) -> SourceName {
        let name = ["register", "register", "register", "tracker", "operator", "stranger"]
            [self.dice.weighted(&[60, 10, 10, 14, 4, 2])];
        SourceName::parse(name).unwrap()
    }

    /// The next event, as the envelope is usually filled.
    pub(super) fn event(&mut self) -> Event {
        let (subject, event_type) = self.about_what();
        let mut event = sample(event_type);
        event.id = self.dice.uuid();
        event.subject = subject;
        event.occurred = self.occurred();
        event.actor_post = self.dice.chance(30).then(|| self.post());
        event.causation_id = None;
        if event.subject.kind() == Kind::Feedback || self.dice.chance(70) {
            event.correlation_id = None;
            event.source_sequence = None;
            event.producer_recorded_at = None;
        }
        self.fill(&mut event);
        event
    }

    fn fill(&mut self, event: &mut Event) {
        let mut payload = event.payload.clone();
        match &mut payload {
            Payload::EventVoided(void) => {
                let target = self.target(&event.subject);
                void.target_event_id = target.as_ref().map_or_else(|| self.dice.uuid(), |fact| fact.event.id);
                void.target_source = target.map(|fact| fact.source.clone());
                void.ground = VoidGround::Test;
                void.approver_post = self.post();
            }
            Payload::CorrectionMade(made) => {
                if let Some(target) = self.target(&event.subject) {
                    *made = self.correction(&target);
                }
            }
            _ => fill::fill(self, &event.subject.clone(), &mut payload),
        }
        if let Payload::FeedbackReceived(item) = &payload {
            let day = event.occurred.effective(&self.naive.zone);
            event.occurred = match item.anonymity {
                Anonymity::Anonymous => Occurred::Month(day.year(), day.month()),
                _ => Occurred::Day(day),
            };
        }
        if let Payload::CosignatureRecorded(signed) = &payload
            && self.dice.chance(95)
        {
            event.subject = Kind::Cosignature.subject(&Code::parse(&signed.subject_id()).unwrap());
        }
        event.payload = payload;
    }

    fn target(&mut self, subject: &Subject) -> Option<Arc<Recorded>> {
        let about: Vec<_> =
            self.facts.iter().filter(|fact| fact.event.subject == *subject).cloned().collect();
        if about.is_empty() { None } else { Some(self.dice.of(&about).clone()) }
    }

    fn correction(&mut self, target: &Recorded) -> CorrectionMade {
        let mut event = (*target.event).clone();
        if self.dice.chance(50) {
            event.occurred = self.occurred();
        }
        let amends = matches!(event.payload, Payload::EventVoided(_) | Payload::CorrectionMade(_));
        if self.dice.chance(60) && !amends {
            let subject = event.subject.clone();
            fill::fill(self, &subject, &mut event.payload);
        }
        if amends {
            // What no wire can say: a correction holds neither a correction nor a void.
            event.payload = sample(EventType::ActionStarted).payload;
        }
        CorrectionMade {
            target_event_id: event.id,
            target_source: Some(target.source.clone()),
            corrected: Corrected {
                subject: event.subject,
                occurred: event.occurred,
                actor_post: event.actor_post,
                payload: Box::new(event.payload),
            },
            approver_post: self.dice.chance(80).then(|| self.post()),
            reason: Words(crate::domain::value::Sha256([0; 32])),
        }
    }

    /// Dressed in words, with its poster and what the poster believes.
    pub(super) fn proposal(&mut self, mut event: Event) -> Proposal {
        let text = *self.dice.of(&["It was agreed in committee.", "The building is sold."]);
        let texts = clothe(&mut event.payload, self.dice, text);
        let mut source = self.source();
        // Who amends is mostly who posted.
        if let Payload::CorrectionMade(CorrectionMade { target_source: Some(target), .. }) = &event.payload
            && self.dice.chance(85)
        {
            source = target.clone();
        }
        let operators = [
            EventType::GrantChanged,
            EventType::ClockCorrected,
            EventType::CosignatureRecorded,
            EventType::KeyRotated,
            EventType::LedgerRestored,
        ];
        if operators.contains(&event.payload.event_type()) && self.dice.chance(85) {
            source = SourceName::parse(SourceName::OPERATOR).unwrap();
        }
        if let Payload::SourceStatement(_) = &event.payload
            && self.dice.chance(85)
        {
            source = SourceName::parse(event.subject.id().as_str()).unwrap();
        }
        let version = self.life(&event.subject).version();
        let expected = match self.dice.weighted(&[86, 8, 2, 1, 3]) {
            0 => Expected::Any,
            1 => Expected::Version(version),
            2 => Expected::Version(self.dice.below(6)),
            3 => Expected::NoSubject,
            _ => Expected::SubjectExists,
        };
        Proposal { command: Command { source, expected, event: Arc::new(event) }, texts }
    }

    /// What is said next, taken as if it were recorded.
    pub(super) fn take(&mut self, proposal: &Proposal, recorded_at: Timestamp) {
        self.facts.push(Arc::new(Recorded {
            sequence: self.facts.len() as u64,
            recorded_at,
            source: proposal.command.source.clone(),
            irregularities: Vec::new(),
            event: proposal.command.event.clone(),
        }));
    }

    fn about_what(&mut self) -> (Subject, EventType) {
        use EventType as T;
        // Amendments are about anything.
        if self.dice.chance(13) && !self.facts.is_empty() {
            let recent = if self.dice.chance(80) { self.facts.len().min(12) } else { self.facts.len() };
            let at = self.facts.len() - 1 - self.dice.below(recent as u64) as usize;
            let subject = self.facts[at].event.subject.clone();
            return (subject, *self.dice.of(&[T::EventVoided, T::CorrectionMade, T::CorrectionMade]));
        }
        let (kind, ids) = FAMILIES[self.dice.weighted(&self.focus.0)].split();
        let id =
            if kind == Kind::Feedback { self.item().to_string() } else { (*self.dice.of(ids)).to_owned() };
        let subject = kind.subject(&Code::parse(&id).unwrap());
        let state = self.life(&subject).state().clone();
        if state == State::None && self.dice.chance(88) {
            // The catalogue names the beginning of each kind first.
            return (subject, *T::ALL.iter().find(|one| one.kind() == Some(kind)).unwrap());
        }
        let next = next(&state);
        if !next.is_empty() && self.dice.chance(80) {
            return (subject, *self.dice.of(next));
        }
        let of_kind: Vec<T> = T::ALL.iter().copied().filter(|one| one.kind() == Some(kind)).collect();
        let event_type = *self.dice.of(&of_kind);
        let owned = [Kind::Commitment, Kind::Action, Kind::Policy, Kind::Measure].contains(&kind);
        if owned && self.dice.chance(15) || self.dice.chance(1) {
            return (subject, T::OwnerReassigned);
        }
        (subject, event_type)
    }
}

struct Family(Kind, &'static [&'static str], u64);

impl Family {
    fn split(&self) -> (Kind, &'static [&'static str]) {
        (self.0, self.1)
    }
}

const FAMILIES: [Family; 26] = [
    Family(Kind::Action, &["a", "b", "c"], 30),
    Family(Kind::Feedback, &[""], 26),
    Family(Kind::PolicyChange, &["p", "q"], 14),
    Family(Kind::Evidence, &["e", "f", "g"], 14),
    Family(Kind::Commitment, &["C1", "C2", "C3", "C4", "C5"], 12),
    Family(Kind::Measure, &["m"], 8),
    Family(Kind::Round, &["r"], 7),
    Family(Kind::Session, &["s", "t"], 6),
    Family(Kind::Policy, &["flex", "leave"], 6),
    Family(Kind::Erasure, &["x", "y"], 5),
    Family(Kind::Post, &["head", "deputy", "clerk", "past", "new"], 6),
    Family(Kind::Unit, &["care", "ward"], 6),
    Family(Kind::CodeList, &["audience", "channel", "theme"], 4),
    Family(Kind::Calendar, &["main"], 1),
    Family(Kind::Settings, &["reports", "colours"], 2),
    Family(Kind::Pledge, &["p"], 3),
    Family(Kind::Source, &["register", "tracker", "stranger"], 7),
    Family(Kind::ReleasePoint, &["rp", "rq"], 3),
    Family(Kind::IssuedReport, &["i", "j"], 3),
    Family(Kind::AuditOpinion, &["o", "n"], 2),
    Family(Kind::PracticeSupport, &["ps", "pt"], 2),
    Family(Kind::Awareness, &["aw", "ax"], 2),
    Family(Kind::Signposting, &["sg", "sh"], 2),
    Family(Kind::SurveyResult, &["sr", "st"], 3),
    Family(Kind::Cosignature, &["one"], 3),
    Family(Kind::Ledger, &["test", "test", "other"], 3),
];

/// What usually comes next in a life that stands so.
fn next(state: &State) -> &'static [EventType] {
    use EventType as T;
    match state.name() {
        "PLANNED" => &[T::ActionStarted, T::DeadlineRevised, T::ActionProgressReported, T::ActionCompleted],
        "IN_PROGRESS" => &[T::ActionCompleted, T::ActionCompleted, T::DeadlineRevised, T::OwnerReassigned],
        "CLAIMED_COMPLETE" => &[T::ActionVerified, T::ActionVerified, T::ActionReopened],
        "VERIFIED" => &[T::ActionReopened],
        "REOPENED" => &[T::ActionStarted, T::ActionCompleted, T::ActionCancelled],
        "RECEIVED" | "ACKNOWLEDGED" => &[
            T::FeedbackAcknowledged,
            T::FeedbackConsidered,
            T::FeedbackResponded,
            T::FeedbackClosedWithoutChange,
        ],
        "CONSIDERING" => &[T::FeedbackResponded, T::FeedbackLinked, T::FeedbackUnlinked],
        "CHANGE_AGREED" | "CLOSED_WITHOUT_CHANGE" => {
            &[T::FeedbackTold, T::FeedbackReopened, T::FeedbackLinked]
        }
        "TOLD" => &[T::FeedbackReopened, T::FeedbackWithdrawn],
        "PROPOSED" => &[T::PolicyChangeApproved, T::PolicyChanged, T::PolicyChangeDeclined],
        "APPROVED" => &[T::PolicyChanged, T::PolicyChanged, T::PolicyChangeAbandoned],
        "IN_FORCE" => &[T::PolicyChangeReversed],
        "ATTACHED" | "UPHELD" => &[T::EvidenceChallenged, T::EvidenceWithdrawn],
        "CHALLENGED" => &[T::EvidenceUpheld, T::EvidenceRejected],
        "OPEN" => &[T::FeedbackRoundClosed],
        "CLOSED" => &[T::RoundResponsePublished],
        "OFFERED" => &[T::LearningDelivered, T::LearningCancelled],
        "REQUESTED" => &[T::ErasureRefused, T::ContentErased],
        "ACTIVE" => &[
            T::CommitmentReviewed,
            T::CommitmentReviewed,
            T::OwnerReassigned,
            T::CommitmentFulfilled,
            T::CommitmentMerged,
            T::CommitmentSuperseded,
            T::CommitmentWithdrawn,
        ],
        "AGREED" => &[T::MeasureReported, T::MeasureReported, T::MeasureRevised, T::OwnerReassigned],
        _ => &[],
    }
}
