//! Lives on the real engine, predicted by the tables of `cycles`: every step is said as an event, and accepted or
//! refused as the table says.
//!
//! Invariant: the links of these events hold on every day, so that nothing but the life cycle decides.

use jiff::{ToSpan, civil::Date, civil::date};
use std::collections::BTreeSet;
use uuid::Uuid;

use super::{
    cycles::{FAMILIES, Family, Line, Said, Step, is_late, is_legal, next},
    dice::Dice,
    engine::Engine,
    every, fill,
    history::{Counts, ground},
    said::{clothe, sample},
};
use crate::domain::{
    event::*,
    id::{Code, Subject},
    irregularity::Irregularity,
    value::{Label, Occurred, Sha256, Words},
};
use crate::journal::tests::{action, cancelled, code, event, proposal, source};
use crate::journal::{Proposal, Refused};

/// How many lives of each family are led where nobody asks for a number.
const LIVES: u64 = 60;

const OWNERS: [&str; 2] = ["head", "assessor"];

fn day(offset: i64) -> Date {
    date(2025, 1, 15).checked_add(offset.days()).unwrap()
}

/// Deadlines are told apart, and lie behind every day.
fn due(number: i64) -> Date {
    date(2027, 1, 1).checked_add(number.days()).unwrap()
}

fn owner(number: i64) -> Code {
    code(OWNERS[number as usize])
}

fn subject(family: &Family) -> Subject {
    let id = match family.name {
        "action" => "action/life",
        "evidence" => "evidence/life",
        "feedback" => "feedback/01010101-0101-4101-8101-010101010101",
        "round" => "round/life",
        "change" => "policy-change/life",
        "session" => "session/life",
        "commitment" => "commitment/life",
        "measure" => "measure/life",
        "erasure" => "erasure/life",
        _ => "policy/life",
    };
    Subject::parse(id).unwrap()
}

/// What the step is said as.
fn payload(family: &Family, step: Step, words_at: u64, number: u64) -> Payload {
    use EventType as T;
    let event_type = match (family.name, step.name) {
        ("action", "plan") => T::ActionPlanned,
        ("action", "start") => T::ActionStarted,
        ("action", "complete") => T::ActionCompleted,
        ("action", "cancel") => T::ActionCancelled,
        ("action", "progress") => T::ActionProgressReported,
        ("action", "revise") => T::DeadlineRevised,
        ("action", "verify") => T::ActionVerified,
        ("action", "reopen") => T::ActionReopened,
        (_, "hand over") => T::OwnerReassigned,
        ("evidence", "attach") => T::EvidenceAttached,
        ("evidence", "challenge") => T::EvidenceChallenged,
        ("evidence", "uphold") => T::EvidenceUpheld,
        ("evidence", "reject") => T::EvidenceRejected,
        ("evidence", "take back") => T::EvidenceWithdrawn,
        ("feedback", "receive") => T::FeedbackReceived,
        ("feedback", "acknowledge") => T::FeedbackAcknowledged,
        ("feedback", "consider") => T::FeedbackConsidered,
        ("feedback", "answer") => T::FeedbackResponded,
        ("feedback", "close") => T::FeedbackClosedWithoutChange,
        ("feedback", "tell") => T::FeedbackTold,
        ("feedback", "hear again") => T::FeedbackReopened,
        ("feedback", "withdraw" | "withdraw contact") => T::FeedbackWithdrawn,
        ("round", "seek") => T::FeedbackSought,
        ("round", "end") => T::FeedbackRoundClosed,
        ("round", "publish") => T::RoundResponsePublished,
        ("change", "propose") => T::PolicyChangeProposed,
        ("change", "approve") => T::PolicyChangeApproved,
        ("change", "change") => T::PolicyChanged,
        ("change", "decline") => T::PolicyChangeDeclined,
        ("change", "abandon") => T::PolicyChangeAbandoned,
        ("change", "reverse") => T::PolicyChangeReversed,
        ("session", "offer") => T::LearningOffered,
        ("session", "deliver") => T::LearningDelivered,
        ("session", "call off") => T::LearningCancelled,
        ("commitment", "make") => T::CommitmentMade,
        ("commitment", "review") => T::CommitmentReviewed,
        ("commitment", "fulfil") => T::CommitmentFulfilled,
        ("commitment", "merge") => T::CommitmentMerged,
        ("commitment", "supersede") => T::CommitmentSuperseded,
        ("commitment", "give up") => T::CommitmentWithdrawn,
        ("measure", "agree") => T::MeasureAgreed,
        ("measure", "re-agree") => T::MeasureRevised,
        ("measure", "report") => T::MeasureReported,
        ("erasure", "ask") => T::ErasureRequested,
        ("erasure", "refuse") => T::ErasureRefused,
        ("erasure", "erase") => T::ContentErased,
        ("policy", "register") => T::PolicyRegistered,
        ("policy", "look again") => T::PolicyReviewed,
        (family, step) => unreachable!("{family} has no step {step}"),
    };
    let mut payload = sample(event_type).payload;
    promised(&mut payload, step);
    looped(&mut payload, step, words_at, number);
    payload
}

fn promised(payload: &mut Payload, step: Step) {
    let people = || Label::parse("People employed").unwrap();
    match payload {
        Payload::ActionPlanned(plan) => {
            (plan.commitments, plan.owner_post, plan.first_due) = (vec![code("C1")], owner(0), due(step.a));
            (plan.origin, plan.replaces) = (Origin::Review, None);
            plan.feedback.clear();
        }
        Payload::DeadlineRevised(revised) => {
            (revised.old_due, revised.new_due) = (due(step.a), due(step.b));
            revised.approver_post = code("clerk");
        }
        Payload::ActionCompleted(done) => done.evidence.clear(),
        Payload::ActionVerified(found) => {
            (found.verifier_post, found.evidence) = (code("clerk"), vec![code("about-life")]);
        }
        Payload::OwnerReassigned(change) => {
            (change.from_post, change.to_post) = (owner(step.a), owner(step.b));
        }
        Payload::EvidenceAttached(attached) => {
            (attached.about, attached.kind) = (Subject::parse("action/base").unwrap(), code("minutes"));
        }
        Payload::EvidenceChallenged(EvidenceChallenged { by_post, .. })
        | Payload::EvidenceUpheld(EvidenceUpheld { by_post, .. })
        | Payload::EvidenceRejected(EvidenceRejected { by_post, .. }) => *by_post = code("clerk"),
        Payload::CommitmentMade(made) => {
            (made.pledge, made.pledge_version, made.owner_post) = (code("p"), 1, owner(0));
            (made.quote, made.span_start, made.span_end) = ("to listen".into(), 10, 19);
            made.kind = [CommitmentKind::Continuing, CommitmentKind::Milestone][step.a as usize];
            (made.audience, made.principles, made.delivers) = (vec![code("staff")], Vec::new(), Vec::new());
        }
        Payload::CommitmentReviewed(review) => {
            // The period is one day, so that it is over on every day that the table lets a review have.
            (review.period_from, review.period_to) = (day(step.b), day(step.b));
            let outcomes = [ReviewOutcome::Partly, ReviewOutcome::Limited, ReviewOutcome::NoEvidence];
            review.outcome = outcomes[step.a as usize];
            review.assessor_post = code("clerk");
            review.evidence.clear();
        }
        Payload::CommitmentFulfilled(done) => done.evidence.clear(),
        Payload::CommitmentMerged(merged) => merged.into = code("C1"),
        Payload::CommitmentSuperseded(superseded) => superseded.by = code("C1"),
        Payload::MeasureAgreed(agreed) => {
            (agreed.commitment, agreed.owner_post, agreed.due) = (code("C1"), owner(0), None);
            agreed.denominator = (step.a == 1).then(people);
        }
        Payload::MeasureRevised(revised) => {
            (revised.approver_post, revised.due) = (code("clerk"), None);
            revised.denominator = (step.a == 1).then(people);
        }
        Payload::MeasureReported(reported) => {
            let from = date(2024, 6, 1).checked_add(step.b.months()).unwrap();
            (reported.period_from, reported.period_to) = (from, from.last_of_month());
            reported.denominator = (step.a == 1).then_some(40);
        }
        _ => {}
    }
}

fn looped(payload: &mut Payload, step: Step, words_at: u64, number: u64) {
    let mode = [ResponseMode::Public, ResponseMode::Direct][usize::from(step.a == 1)];
    match payload {
        Payload::FeedbackReceived(item) => {
            (item.round, item.themes, item.channel) = (None, vec![code("rest")], code("box"));
            item.policies.clear();
            item.anonymity = Anonymity::Confidential;
            item.contact = [Contact::None, Contact::Direct][step.a as usize];
        }
        Payload::FeedbackAcknowledged(said) => said.mode = mode,
        Payload::FeedbackConsidered(said) => said.mode = mode,
        Payload::FeedbackTold(said) => said.mode = mode,
        Payload::FeedbackResponded(said) => {
            use ResponseOutcome::{ChangeAgreed, ChangeConsidered, NoChange};
            (said.mode, said.outcome) = (mode, [ChangeAgreed, ChangeConsidered, NoChange][step.b as usize]);
        }
        Payload::FeedbackClosedWithoutChange(closed) => closed.reason_code = code("cost"),
        Payload::FeedbackWithdrawn(withdrawn) => {
            let contact = step.name == "withdraw contact";
            withdrawn.scope = if contact { WithdrawalScope::Contact } else { WithdrawalScope::Whole };
        }
        Payload::FeedbackSought(sought) => {
            (sought.opens, sought.closes) = (day(step.a), date(2027, 1, 1));
            (sought.channels, sought.commitments) = (vec![code("box")], vec![code("C1")]);
        }
        Payload::PolicyRegistered(policy) => {
            policy.owner_post = owner(0);
        }
        Payload::PolicyReviewed(review) => {
            (review.outcome, review.change) = (PolicyReviewOutcome::NoChange, None);
            review.next_due = date(2027, 1, 1);
        }
        Payload::PolicyChangeProposed(proposed) => {
            (proposed.policy, proposed.origin) = (code("flex"), Origin::Review);
            proposed.feedback.clear();
            proposed.commitments = vec![code("C1")];
        }
        Payload::PolicyChanged(changed) => {
            (changed.policy, changed.effective_on) = (code("flex"), day(step.a));
            changed.document_sha256 = fill::hash(&number.to_be_bytes());
        }
        Payload::PolicyChangeApproved(PolicyChangeApproved { by_post })
        | Payload::PolicyChangeDeclined(PolicyChangeDeclined { by_post, .. })
        | Payload::PolicyChangeAbandoned(PolicyChangeAbandoned { by_post, .. })
        | Payload::PolicyChangeReversed(PolicyChangeReversed { by_post, .. }) => *by_post = code("clerk"),
        Payload::LearningOffered(offered) => {
            (offered.audience, offered.commitments) = (vec![code("staff")], vec![code("C1")]);
            offered.held_on = date(2027, 1, 1);
        }
        Payload::ErasureRequested(request) => {
            request.references = vec![ErasureReference { sequence: words_at, field: None }];
        }
        Payload::ContentErased(erased) => {
            (erased.backups_expire_on, erased.attested_by) = (date(2027, 1, 1), code("clerk"));
        }
        _ => {}
    }
}

/// One life on a ledger of its own.
struct Led {
    engine: Engine,
    family: &'static Family,
    lines: Vec<Line>,
    proposals: Vec<Proposal>,
    words_at: u64,
}

impl Led {
    fn begin(family: &'static Family) -> Self {
        let engine = Engine::new(Access::Open);
        let mut ground = ground(Access::Open);
        let base = action("base");
        let called_off = action("called-off");
        let mut about = sample(EventType::EvidenceAttached).payload;
        if let Payload::EvidenceAttached(attached) = &mut about {
            attached.about = Subject::parse("action/life").unwrap();
            attached.kind = code("minutes");
        }
        ground.extend([base, called_off]);
        let words_at = ground.len() as u64;
        ground.push(cancelled("called-off", Uuid::new_v4(), 1, "The office closed."));
        // What verifies the life is about it, so the life must have begun once; a void takes that back, and leaves the
        // evidence.
        if family.name == "action" {
            let mut begun = event("action/life", payload(family, Step { name: "plan", a: 0, b: 0 }, 0, 0));
            begun.occurred = Occurred::Day(date(2025, 1, 10));
            let id = begun.id;
            ground.push(proposal(begun));
            ground.push(proposal(event("evidence/about-life", about)));
            let void = EventVoided {
                target_event_id: id,
                target_source: Some(source("tracker")),
                ground: VoidGround::Test,
                approver_post: code("clerk"),
            };
            let mut void = event("action/life", void);
            void.occurred = Occurred::Day(date(2025, 1, 10));
            ground.push(proposal(void));
        }
        let (answers, _) = engine.burst(&[ground], None);
        assert!(answers[0].is_ok(), "{answers:?}");
        Self { engine, family, lines: Vec::new(), proposals: Vec::new(), words_at }
    }

    fn proposal(&self, line: Line, dice: &mut Dice) -> Proposal {
        let (on, said) = line;
        let mut payload = match said {
            Said::Step(step) => payload(self.family, step, self.words_at, self.lines.len() as u64),
            Said::Void(target) => EventVoided {
                target_event_id: self.proposals[target].command.event.id,
                target_source: None,
                ground: VoidGround::Test,
                approver_post: code("clerk"),
            }
            .into(),
            Said::Move(target, to) => {
                let event = &self.proposals[target].command.event;
                // What no wire can say: a correction holds neither a correction nor a void.
                let amends = matches!(event.payload, Payload::EventVoided(_) | Payload::CorrectionMade(_));
                let payload =
                    if amends { sample(EventType::ActionStarted).payload } else { event.payload.clone() };
                CorrectionMade {
                    target_event_id: event.id,
                    target_source: None,
                    corrected: Corrected {
                        subject: event.subject.clone(),
                        occurred: Occurred::Day(day(to)),
                        actor_post: None,
                        payload: Box::new(payload),
                    },
                    approver_post: Some(code("clerk")),
                    reason: Words(Sha256([0; 32])),
                }
                .into()
            }
        };
        let texts = match &mut payload {
            // What is said anew is the same but for its day, words and all.
            Payload::CorrectionMade(made) => {
                let kept = (*made.corrected.payload).clone();
                let mut texts = clothe(&mut payload, dice, "A slip of the pen.");
                if let Payload::CorrectionMade(made) = &mut payload {
                    *made.corrected.payload = kept;
                }
                texts.retain(|text| text.field == "reason");
                texts
            }
            payload => clothe(payload, dice, "It was agreed."),
        };
        let mut one = event(&subject(self.family).to_string(), payload);
        one.id = dice.uuid();
        one.occurred = Occurred::Day(day(on));
        Proposal { texts, ..proposal(one) }
    }

    fn step(&mut self, dice: &mut Dice, counts: &mut Counts) {
        let line = next(self.family, &self.lines, dice);
        // Reviews are of periods that are over.
        if let (on, Said::Step(Step { name: "review", b, .. })) = line
            && b > on
        {
            return;
        }
        if let (_, Said::Move(target, to)) = line
            && let Said::Step(Step { name: "review", b, .. }) = self.lines[target].1
            && b > to
        {
            return;
        }
        let mut then = self.lines.clone();
        then.push(line);
        let legal = is_legal(self.family, &then);
        let proposal = self.proposal(line, dice);
        let (mut answers, _) = self.engine.burst(&[vec![proposal.clone()]], None);
        let answer = answers.remove(0);
        let told = format!("{} {line:?} after {:#?}: {answer:?}", self.family.name, self.lines);
        match answer {
            Ok(appended) => {
                assert!(legal, "accepted against the table: {told}");
                let late = appended[0].receipt.irregularities.contains(&Irregularity::LateRecorded);
                // What was recorded late stays marked, however it is said anew.
                let late_before = match line.1 {
                    Said::Move(target, _) => is_late(&then[..=target]),
                    _ => false,
                };
                assert_eq!(late, is_late(&then) || late_before, "marked as late: {told}");
                self.lines = then;
                self.proposals.push(proposal);
                *counts.entry(format!("{} accepted", self.family.name)).or_default() += 1;
            }
            Err(Refused::Rejected { rejection, .. }) => {
                assert!(!legal, "refused against the table: {told}");
                *counts.entry(format!("{} refused", self.family.name)).or_default() += 1;
                *counts.entry(format!("refused {}", rejection.reason())).or_default() += 1;
            }
            Err(error) => panic!("{error}: {told}"),
        }
    }
}

#[test]
fn given_lives_with_valid_links_when_steps_are_said_then_the_tables_predict_the_journal() {
    let counts = every("lives", LIVES, |number, counts| {
        let mut dice = Dice::new(number ^ 0xc0ff_ee00);
        let mut led = Led::begin(&FAMILIES[(number % FAMILIES.len() as u64) as usize]);
        for _ in 0..40 {
            led.step(&mut dice, counts);
            if dice.chance(3) {
                led.engine = led.engine.restarted();
            }
        }
    });
    if super::asked("PLEDGEBOOK_HISTORY").is_none() {
        let seen: BTreeSet<_> = counts.keys().filter_map(|name| name.strip_suffix(" accepted")).collect();
        assert!(FAMILIES.iter().all(|family| seen.contains(family.name)), "{seen:?}");
    }
}
