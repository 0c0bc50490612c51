//! Judging one event at its own place in the ledger: grant → expected version → rules. (Repeats are found before.)
//!
//! Invariant: a judgement reads the command and the [`World`], nothing else; the same world and the same command give
//! the same answer, in the server, in the verifier and in tests. It must not know how the world finds its facts.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::sync::Arc;
use uuid::Uuid;

use super::command::{Command, Expected, Recorded};
use super::event::{Access, Event, Payload};
use super::grants;
use super::id::{SourceName, Subject};
use super::irregularity::Irregularity;
use super::rejection::Rejection;
use super::rules;
use super::subject::{Life, Place};
use super::value::Sha256;

mod action;
mod batch;
mod commitment;
mod correction;
mod envelope;
mod evidence;
mod feedback;
mod governance;
mod holder;
mod links;
mod measure;
mod mention;
mod operation;
mod people;
mod pledge;
mod policy;
mod source;
mod survey;
mod trust;

pub use batch::{ANONYMOUS_RELEASE, judge_batch, recording_order};
pub use mention::{Mention, mentions};
pub use operation::REPORTS;
pub use source::{digest_of_ids, statement_matches};
pub use trust::{cosignature_is_signed, opinion_is_signed, rotation_is_signed};

/// What a judgement may ask about the ledger, as it stands just before the event's own place.
pub trait World {
    /// Why an answer could not be given.
    type Error;

    /// When the event will be recorded.
    fn now(&self) -> Timestamp;

    /// The time zone in which the ledger counts days.
    fn zone(&self) -> &TimeZone;

    /// Who may post without a grant.
    fn access(&self) -> Access;

    /// The life of a subject; an empty one if it is unknown.
    fn life(&mut self, subject: &Subject) -> Result<Arc<Life>, Self::Error>;

    /// The facts that mention this, by sequence; voided ones too.
    fn mentioned_by(&mut self, mention: &Mention) -> Result<Vec<Arc<Recorded>>, Self::Error>;

    /// Whether any fact mentions this; voided ones count.
    fn is_mentioned(&mut self, mention: &Mention) -> Result<bool, Self::Error>;

    /// The sequence of the first fact that mentions this. Where mentions may be many, as of codes, a world should
    /// answer from its index, without reading them all.
    fn first_mention(&mut self, mention: &Mention) -> Result<Option<u64>, Self::Error> {
        Ok(self.mentioned_by(mention)?.first().map(|fact| fact.sequence))
    }

    /// The fact at a sequence; none at and beyond the event's own place.
    fn fact(&mut self, sequence: u64) -> Result<Option<Arc<Recorded>>, Self::Error>;

    /// The ids of that source's events, in no order, whose day of recording lies in the span, both ends in it. Only
    /// days that are over are asked for, so nothing can be added to them any more.
    fn posted(&mut self, source: &SourceName, from: Date, to: Date) -> Result<Vec<Uuid>, Self::Error>;

    /// The Merkle root over the first `size` records (RFC 6962); none beyond what is durable. Nobody outside can know the
    /// root of what is not, so whoever names one names another root.
    fn root(&mut self, size: u64) -> Result<Option<Sha256>, Self::Error>;

    /// How many records the ledger holds, if the world can say so. Whoever can should: it keeps a second
    /// `LedgerOpened`, about another name, out.
    fn size(&self) -> Option<u64> {
        None
    }
}

/// An event that may be recorded.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Decision {
    /// What is noticed about it, in the order in which the marks are declared.
    pub irregularities: Vec<Irregularity>,
}

/// Judges one event.
pub fn decide<W: World>(world: &mut W, command: &Command) -> Result<Result<Decision, Rejection>, W::Error> {
    match judge(world, command) {
        Ok(decision) => Ok(Ok(decision)),
        Err(Stop::Refused(rejection)) => Ok(Err(rejection)),
        Err(Stop::World(error)) => Err(error),
    }
}

/// Why a judgement ends early.
enum Stop<E> {
    Refused(Rejection),
    World(E),
}

impl<E> From<Rejection> for Stop<E> {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

/// The outcome of a part of a judgement in the world `W`.
type Judged<T, W> = Result<T, Stop<<W as World>::Error>>;

fn judge<W: World>(world: &mut W, command: &Command) -> Judged<Decision, W> {
    let event = &command.event;
    let access = world.access();
    let grant_holder = world.life(&command.source.subject()).map_err(Stop::World)?;
    grants::judge(access, &grant_holder, &command.source, event)?;
    let life = world.life(&event.subject).map_err(Stop::World)?;
    room(&life, event)?;
    expectation(command, &life)?;
    commitment::can_be_owned(event)?;
    let day = envelope::judge(world, event)?;

    // It has no place yet: the last one makes it follow everything else of its day.
    let fact = Arc::new(Recorded {
        sequence: u64::MAX,
        recorded_at: world.now(),
        source: command.source.clone(),
        irregularities: Vec::new(),
        event: event.clone(),
    });
    let place = life.judge(&fact, world.zone()).map_err(|breach| envelope::refusal(&fact, &breach))?;
    let mut case =
        Case { world, life: &life, fact: &fact, day, place: &place, standing: None, marks: Vec::new() };
    payload(&mut case)?;
    let mut marks = case.marks;
    if place.late {
        marks.push(Irregularity::LateRecorded);
    }
    marks.sort_unstable();
    Ok(Decision { irregularities: marks })
}

/// One event on its way through the rules of its type.
struct Case<'a, W: World> {
    world: &'a mut W,
    /// Its subject's life before it.
    life: &'a Life,
    fact: &'a Arc<Recorded>,
    /// The day on which it counts.
    day: Date,
    place: &'a Place,
    /// What a correction says anew, as it stands: links are judged when they are made, so what that made is not judged
    /// again.
    standing: Option<Arc<Recorded>>,
    marks: Vec<Irregularity>,
}

/// The rules of an event's own type, beyond its life cycle.
fn payload<W: World>(case: &mut Case<'_, W>) -> Judged<(), W> {
    match &case.fact.event.clone().payload {
        Payload::LedgerOpened(opened) => governance::ledger(case, opened),
        Payload::GrantChanged(grant) => Ok(grants::judge_form(grant, &case.fact.event.subject)?),
        Payload::PostRegistered(post) => governance::post(case, post),
        Payload::CodeListAdopted(list) => governance::code_list(case, list),
        Payload::CalendarAdopted(calendar) => Ok(governance::calendar(calendar)?),
        Payload::ReportSettingsAdopted(settings) => governance::settings(case, settings),
        Payload::PledgePublished(published) => pledge::published(case, published),
        Payload::CommitmentMade(made) => pledge::made(case, made),
        Payload::ActionPlanned(planned) => action::planned(case, planned),
        Payload::DeadlineRevised(revised) => action::deadline_revised(case, revised),
        Payload::ActionCompleted(completed) => action::completed(case, completed),
        Payload::ActionVerified(verified) => action::verified(case, verified),
        Payload::FeedbackSought(sought) => feedback::sought(case, sought),
        Payload::FeedbackReceived(received) => feedback::received(case, received),
        Payload::FeedbackResponded(answer) => Ok(feedback::responded(answer)?),
        Payload::FeedbackClosedWithoutChange(closed) => feedback::closed(case, closed),
        Payload::PolicyRegistered(policy) => case.post(&policy.owner_post, "policy_registered.owner_post"),
        Payload::PolicyChangeProposed(proposed) => policy::proposed(case, proposed),
        Payload::PolicyChangeApproved(approved) => {
            case.post(&approved.by_post, "policy_change_approved.by_post")
        }
        Payload::PolicyChanged(changed) => policy::changed(case, changed),
        Payload::EvidenceAttached(attached) => evidence::attached(case, attached),
        Payload::OwnerReassigned(change) => commitment::owner_reassigned(case, change),
        Payload::MeasureAgreed(agreed) => measure::agreed(case, agreed),
        Payload::MeasureRevised(revised) => measure::revised(case, revised),
        Payload::MeasureReported(reported) => measure::reported(case, reported),
        Payload::CommitmentReviewed(review) => commitment::reviewed(case, review),
        Payload::CommitmentFulfilled(fulfilled) => commitment::fulfilled(case, fulfilled),
        Payload::CommitmentMerged(merged) => {
            commitment::goes_on_in(case, &merged.into, "commitment_merged.into")
        }
        Payload::CommitmentSuperseded(superseded) => {
            commitment::goes_on_in(case, &superseded.by, "commitment_superseded.by")
        }
        Payload::CommitmentWithdrawn(_) => commitment::not_closed_yet(case),
        Payload::ActionProgressReported(progress) => action::progress(case, progress),
        Payload::EvidenceChallenged(challenged) => {
            case.post(&challenged.by_post, "evidence_challenged.by_post")
        }
        Payload::EvidenceUpheld(upheld) => evidence::upheld(case, upheld),
        Payload::EvidenceRejected(rejected) => case.post(&rejected.by_post, "evidence_rejected.by_post"),
        Payload::UnitRegistered(unit) => people::unit(case, unit),
        Payload::WorkforceBaselineRecorded(baseline) => people::baseline(case, baseline),
        Payload::LearningOffered(offered) => people::offered(case, offered),
        Payload::LearningDelivered(delivered) => people::delivered(case, delivered),
        Payload::LearningCoverageRecorded(coverage) => people::coverage(case, coverage),
        Payload::PracticeSupportProvided(support) => people::practice_support(case, support),
        Payload::AwarenessActivityHeld(held) => people::awareness(case, held),
        Payload::SupportSignposted(said) => people::signposted(case, said),
        Payload::SurveyResultRecorded(result) => survey::result(case, result),
        Payload::FeedbackRoundClosed(closed) => {
            feedback::round_closed(case, closed);
            Ok(())
        }
        Payload::FeedbackLinked(linked) => feedback::linked(case, &linked.to),
        Payload::FeedbackUnlinked(unlinked) => feedback::unlinked(case, &unlinked.from),
        Payload::PolicyChangeDeclined(declined) => {
            case.post(&declined.by_post, "policy_change_declined.by_post")
        }
        Payload::PolicyChangeAbandoned(abandoned) => {
            case.post(&abandoned.by_post, "policy_change_abandoned.by_post")
        }
        Payload::PolicyChangeReversed(reversed) => {
            case.post(&reversed.by_post, "policy_change_reversed.by_post")
        }
        Payload::PolicyReviewed(reviewed) => policy::reviewed(case, reviewed),
        Payload::SourceStatement(statement) => source::stated(case, statement),
        Payload::SourceSucceeded(succeeded) => source::succeeded(case, succeeded),
        Payload::ErasureRequested(requested) => operation::erasure_requested(case, requested),
        Payload::ContentErased(erased) => operation::content_erased(case, erased),
        Payload::ReleasePointDeclared(declared) => operation::release_point(case, declared),
        Payload::ReportIssued(issued) => operation::report_issued(case, issued),
        Payload::AuditOpinionRecorded(opinion) => trust::audit_opinion(case, opinion),
        Payload::CorrectionMade(correction) => correction::made(case, correction),
        Payload::EventVoided(void) => {
            correction::voided(case, void).and_then(|()| governance::still_holds(case))
        }
        Payload::CosignatureRecorded(signed) => trust::cosignature(case, signed),
        Payload::KeyRotated(rotated) => trust::key_rotated(case, rotated),
        Payload::LedgerRestored(restored) => trust::restored(case, restored),
        Payload::ClockCorrected(_) => governance::of_an_open_ledger(case),
        // Their life cycle says it all.
        Payload::PostRetired(_)
        | Payload::ActionStarted(_)
        | Payload::ActionReopened(_)
        | Payload::ActionCancelled(_)
        | Payload::EvidenceWithdrawn(_)
        | Payload::LearningCancelled(_)
        | Payload::RoundResponsePublished(_)
        | Payload::FeedbackAcknowledged(_)
        | Payload::FeedbackConsidered(_)
        | Payload::FeedbackTold(_)
        | Payload::FeedbackReopened(_)
        | Payload::FeedbackWithdrawn(_)
        | Payload::ErasureRefused(_) => Ok(()),
    }
}

/// The most events of one subject. Every judgement reads them all, and a replay sorts them: a subject without end would
/// hold up everybody else's events.
pub(crate) const MAX_LIFE: u64 = 10_000;
/// The most voids and corrections of one subject: each of them is a replay.
pub(crate) const MAX_AMENDMENTS: usize = 200;

fn room(life: &Life, event: &Event) -> Result<(), Rejection> {
    let amends = matches!(event.payload, Payload::EventVoided(_) | Payload::CorrectionMade(_));
    if life.version() >= MAX_LIFE || (amends && life.amendments() >= MAX_AMENDMENTS) {
        return Err(rules::SUBJECT_FULL.refusal(None));
    }
    Ok(())
}

fn expectation(command: &Command, life: &Life) -> Result<(), Rejection> {
    let actual = life.version();
    let met = match command.expected {
        Expected::Any => true,
        Expected::NoSubject => actual == 0,
        Expected::SubjectExists => actual > 0,
        Expected::Version(version) => actual == version,
    };
    if met {
        return Ok(());
    }
    Err(Rejection::Conflict { subject: life.subject().clone(), expected: command.expected, actual })
}
