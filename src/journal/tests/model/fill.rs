//! Fills a payload with values that mostly hold on the ground of a history, and sometimes do not.
//!
//! Invariant: it bends what the sample of a type says, field by field; a field that is not named here keeps its sample.

use ed25519_dalek::{Signer as _, SigningKey};
use jiff::ToSpan;
use sha2::Digest as _;

use super::said::Speaker;
use crate::domain::{
    command::Recorded,
    event::*,
    id::{Code, Kind, SourceName, Subject},
    subject::State,
    value::{Label, PublicKey, Sha256, Signature},
};

/// The pledge's text, as the ground publishes it.
pub(super) const TEXT: &str = "We pledge to listen.";

pub(super) fn hash(text: &[u8]) -> Sha256 {
    Sha256(sha2::Sha256::digest(text).into())
}

fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

const COMMITMENTS: &[&str] = &["C1", "C2", "C1", "C2", "C3", "C4"];
const EVIDENCE: &[&str] = &["e", "f", "g"];

pub(super) fn fill(it: &mut Speaker<'_>, subject: &Subject, payload: &mut Payload) {
    match subject.kind() {
        Kind::Action | Kind::Evidence | Kind::Measure | Kind::Commitment | Kind::Pledge => {
            promised(it, subject, payload);
        }
        Kind::Round | Kind::Feedback | Kind::Policy | Kind::PolicyChange => looped(it, subject, payload),
        Kind::Ledger | Kind::Source | Kind::Post | Kind::CodeList | Kind::Calendar | Kind::Settings => {
            governed(it, subject, payload);
        }
        Kind::Unit
        | Kind::Session
        | Kind::PracticeSupport
        | Kind::Awareness
        | Kind::Signposting
        | Kind::SurveyResult => counted(it, payload),
        Kind::Erasure | Kind::ReleasePoint | Kind::IssuedReport => operated(it, payload),
        Kind::AuditOpinion | Kind::Cosignature => vouched(it, payload),
    }
    if let Payload::OwnerReassigned(change) = payload {
        let owner = match it.life(subject).state() {
            State::Action(action) => Some(action.owner_post.clone()),
            State::Commitment(commitment) => Some(commitment.owner_post.clone()),
            State::Policy(policy) => Some(policy.owner_post.clone()),
            State::Measure(measure) => Some(measure.owner_post.clone()),
            _ => None,
        };
        change.from_post = owner.filter(|_| it.dice.chance(90)).unwrap_or_else(|| it.post());
        change.to_post = it.post();
    }
}

fn promised(it: &mut Speaker<'_>, subject: &Subject, payload: &mut Payload) {
    let state = it.life(subject).state().clone();
    match payload {
        Payload::ActionPlanned(plan) => {
            plan.commitments = vec![it.standing(Kind::Commitment, COMMITMENTS)];
            plan.owner_post = it.post();
            plan.first_due = it.day(1, 90);
            plan.origin = Origin::Review;
            plan.feedback.clear();
            if it.dice.chance(50)
                && let Some(item) = it.heard()
            {
                plan.origin = Origin::Feedback;
                plan.feedback = vec![item];
            }
            plan.replaces = it.dice.chance(10).then(|| it.standing(Kind::Action, &["a", "b", "c"]));
        }
        Payload::DeadlineRevised(revised) => {
            if let State::Action(action) = &state {
                revised.old_due = action.due;
            }
            revised.new_due = it.day(0, 119);
            revised.approver_post = it.post();
        }
        Payload::ActionCompleted(done) => done.evidence = supporting(it, subject),
        Payload::ActionVerified(found) => {
            found.verifier_post = it.post();
            found.evidence = supporting(it, subject);
        }
        Payload::ActionProgressReported(progress) => {
            progress.progress = it.code(&["on-track"]);
            progress.percent = it.dice.below(104) as u32;
        }
        Payload::EvidenceAttached(attached) => {
            attached.about = Kind::Action.subject(&it.standing(Kind::Action, &["a", "b", "c"]));
            if it.dice.chance(30) || !it.life(&attached.about).stands() && it.dice.chance(90) {
                attached.about = Kind::Commitment.subject(&it.standing(Kind::Commitment, &["C1", "C3"]));
            }
            attached.sha256 = hash(&[it.dice.below(6) as u8]);
            attached.kind = it.code(&["minutes", "photo"]);
        }
        Payload::EvidenceChallenged(EvidenceChallenged { by_post, .. })
        | Payload::EvidenceUpheld(EvidenceUpheld { by_post, .. })
        | Payload::EvidenceRejected(EvidenceRejected { by_post, .. }) => *by_post = it.post(),
        Payload::CommitmentMade(made) => *made = commitment(it),
        Payload::CommitmentReviewed(review) => {
            review.period_to = it.day(-39, 0);
            review.period_from = review.period_to.checked_sub(30.days()).unwrap();
            review.outcome = *it.dice.of(ReviewOutcome::ALL);
            review.assessor_post = it.post();
            review.evidence = supporting(it, subject);
        }
        Payload::CommitmentFulfilled(done) => done.evidence = supporting(it, subject),
        Payload::CommitmentMerged(merged) => merged.into = it.standing(Kind::Commitment, COMMITMENTS),
        Payload::CommitmentSuperseded(superseded) => {
            superseded.by = it.standing(Kind::Commitment, COMMITMENTS);
        }
        Payload::MeasureAgreed(agreed) => {
            agreed.commitment = it.standing(Kind::Commitment, COMMITMENTS);
            agreed.owner_post = it.post();
            agreed.due = it.dice.chance(50).then(|| it.ahead(90));
            agreed.denominator = it.dice.chance(50).then(|| label("People employed"));
        }
        Payload::MeasureRevised(revised) => {
            revised.approver_post = it.post();
            revised.due = it.dice.chance(50).then(|| it.ahead(90));
            revised.denominator = it.dice.chance(50).then(|| label("People employed"));
        }
        Payload::MeasureReported(reported) => {
            reported.period_to = it.day(-5, 0);
            reported.period_from = reported.period_to.checked_sub(6.days()).unwrap();
            let shared = matches!(&state, State::Measure(measure) if measure.has_denominator);
            reported.denominator = (shared == it.dice.chance(85)).then_some(40);
        }
        Payload::PledgePublished(pledge) => {
            let editions = match &state {
                State::Pledge(pledge) => pledge.editions.len() as u32,
                _ => 0,
            };
            pledge.version = editions + u32::from(it.dice.chance(90));
            pledge.text = TEXT.into();
            pledge.sha256 = hash(TEXT.as_bytes());
            pledge.principles.clear();
            pledge.dispositions = disposed(it, editions);
        }
        _ => {}
    }
}

fn commitment(it: &mut Speaker<'_>) -> CommitmentMade {
    CommitmentMade {
        title: label("Listen"),
        pledge: it.code(&["p"]),
        pledge_version: 1,
        quote: "to listen".into(),
        span_start: 10,
        span_end: 19,
        kind: *it.dice.of(CommitmentKind::ALL),
        owner_post: it.post(),
        audience: it.codes(&["staff"], 1),
        principles: Vec::new(),
        delivers: Vec::new(),
    }
}

fn disposed(it: &mut Speaker<'_>, editions: u32) -> Vec<CommitmentDisposition> {
    let ids = ["C1", "C2", "C3", "C4", "C5"].map(code);
    let mut all = Vec::new();
    for commitment in ids.into_iter().filter(|_| editions > 0) {
        let life = it.life(&Kind::Commitment.subject(&commitment));
        let open = matches!(life.state(), State::Commitment(one) if one.end.is_none());
        if open && it.dice.chance(95) {
            let disposition = *it.dice.of(&[
                Disposition::Kept,
                Disposition::Kept,
                Disposition::Kept,
                Disposition::Withdrawn,
            ]);
            all.push(CommitmentDisposition { commitment, disposition });
        }
    }
    all
}

/// Evidence about that subject, if chance finds some.
fn supporting(it: &mut Speaker<'_>, subject: &Subject) -> Vec<Code> {
    if it.dice.chance(8) {
        return vec![it.code(EVIDENCE)];
    }
    let about = |id: &Code| {
        let life = it.life(&Kind::Evidence.subject(id));
        matches!(life.state(), State::Evidence(one) if one.about == *subject && !one.has_fallen())
    };
    EVIDENCE.iter().map(|id| code(id)).filter(about).collect()
}

fn looped(it: &mut Speaker<'_>, subject: &Subject, payload: &mut Payload) {
    let modes = [ResponseMode::Public, ResponseMode::Direct];
    match payload {
        Payload::FeedbackSought(sought) => {
            sought.opens = it.day(-9, 0);
            sought.closes = it.day(0, 9);
            sought.invited = it.dice.chance(80).then_some(12);
            sought.channels = it.codes(&["box", "survey"], 1);
            sought.commitments = vec![it.standing(Kind::Commitment, COMMITMENTS)];
        }
        Payload::FeedbackRoundClosed(closed) => closed.responses = it.dice.below(16) as u32,
        Payload::FeedbackReceived(received) => {
            received.round =
                (it.dice.chance(50) && it.life(&Kind::Round.subject(&code("r"))).stands()).then(|| code("r"));
            received.themes = vec![it.code(&["rest", "rotas", "spare"])];
            received.policies = if it.dice.chance(20) { vec![it.code(&["flex"])] } else { Vec::new() };
            received.channel = it.code(&["box", "survey"]);
            received.anonymity = *it.dice.of(&[Anonymity::Confidential, Anonymity::Named]);
            received.contact =
                *it.dice.of(&[Contact::Direct, Contact::Direct, Contact::ReplyToken, Contact::None]);
        }
        Payload::FeedbackAcknowledged(said) => said.mode = *it.dice.of(&modes),
        Payload::FeedbackConsidered(said) => said.mode = *it.dice.of(&modes),
        Payload::FeedbackTold(said) => said.mode = *it.dice.of(&modes),
        Payload::FeedbackResponded(said) => {
            said.mode = *it.dice.of(&modes);
            said.outcome = *it.dice.of(ResponseOutcome::ALL);
        }
        Payload::FeedbackClosedWithoutChange(closed) => closed.reason_code = it.code(&["cost", "law"]),
        Payload::FeedbackLinked(FeedbackLinked { to: work })
        | Payload::FeedbackUnlinked(FeedbackUnlinked { from: work }) => {
            *work = Kind::Action.subject(&it.standing(Kind::Action, &["a", "b", "c"]));
            if it.dice.chance(40) {
                *work = Kind::PolicyChange.subject(&it.standing(Kind::PolicyChange, &["p", "q"]));
            } else if it.dice.chance(3) {
                *work = Kind::Policy.subject(&code("flex"));
            }
        }
        Payload::FeedbackWithdrawn(withdrawn) => withdrawn.scope = *it.dice.of(WithdrawalScope::ALL),
        Payload::PolicyRegistered(policy) => {
            policy.owner_post = it.post();
            policy.document_sha256 = hash(b"first");
        }
        Payload::PolicyReviewed(review) => {
            review.next_due = it.day(0, 299);
            review.outcome = *it.dice.of(PolicyReviewOutcome::ALL);
            let named = (review.outcome == PolicyReviewOutcome::ChangeProposed) == it.dice.chance(90);
            review.change = named.then(|| it.code(&["p", "q"]));
        }
        Payload::PolicyChangeProposed(proposed) => {
            proposed.policy = it.standing(Kind::Policy, &["flex", "leave"]);
            proposed.origin = Origin::Review;
            proposed.feedback =
                if it.dice.chance(50) { it.heard().into_iter().collect() } else { Vec::new() };
            proposed.commitments = vec![it.standing(Kind::Commitment, COMMITMENTS)];
            proposed.nature = *it.dice.of(ChangeNature::ALL);
        }
        Payload::PolicyChanged(changed) => {
            if let State::Change(change) = it.life(subject).state() {
                changed.policy = change.policy.clone();
            }
            changed.effective_on = it.day(-6, 3);
            changed.document_sha256 = hash(&[it.dice.below(5) as u8]);
        }
        Payload::PolicyChangeApproved(PolicyChangeApproved { by_post })
        | Payload::PolicyChangeDeclined(PolicyChangeDeclined { by_post, .. })
        | Payload::PolicyChangeAbandoned(PolicyChangeAbandoned { by_post, .. })
        | Payload::PolicyChangeReversed(PolicyChangeReversed { by_post, .. }) => *by_post = it.post(),
        _ => {}
    }
}

fn governed(it: &mut Speaker<'_>, subject: &Subject, payload: &mut Payload) {
    match payload {
        Payload::GrantChanged(grant) => {
            grant.types = vec![(*it.dice.of(&["*", "*", "*", "*", "action.*", "nonsense"])).to_owned()];
            grant.subjects = vec![(*it.dice.of(&["*", "*", "action/*"])).to_owned()];
            grant.posts = vec![(*it.dice.of(&["*", "*", "head"])).to_owned()];
        }
        Payload::SourceStatement(statement) => {
            statement.period_to = it.day(-11, 0);
            statement.period_from =
                statement.period_to.checked_sub((it.dice.below(9) as i64).days()).unwrap();
            let zone = &it.naive.zone;
            let mut ids: Vec<_> = it
                .facts
                .iter()
                .filter(|fact| fact.source.as_str() == subject.id().as_str())
                .filter(|fact| {
                    let day = zone.to_datetime(fact.recorded_at).date();
                    statement.period_from <= day && day <= statement.period_to
                })
                .map(|fact| fact.event.id.into_bytes())
                .collect();
            ids.sort_unstable();
            statement.count = ids.len() as u64 + u64::from(it.dice.chance(15));
            statement.digest = hash(&ids.concat());
        }
        Payload::SourceSucceeded(succeeded) => {
            let to = *it.dice.of(&["tracker", "newer", "register"]);
            succeeded.to = SourceName::parse(to).unwrap();
        }
        Payload::PostRegistered(post) => {
            post.valid_from = it.day(-39, 0);
            post.valid_to = it.dice.chance(30).then(|| it.day(0, 39));
            post.held_with = it.codes(&["head", "clerk", "assessor"], 1);
        }
        Payload::PostRetired(retired) => retired.last_day = it.day(-9, 10),
        Payload::CodeListAdopted(list) => {
            let all: &[&str] = match subject.id().as_str() {
                "audience" => &["staff", "partners"],
                "channel" => &["box", "survey"],
                _ => &["rest", "rotas", "spare"],
            };
            list.entries = all.iter().map(|id| entry(id)).collect();
            if it.dice.chance(50) {
                let dropped = it.dice.below(list.entries.len() as u64) as usize;
                list.entries.remove(dropped);
            }
            if it.dice.chance(30) {
                list.entries[0].valid_to = Some(it.day(-29, 0));
            }
        }
        Payload::ReportSettingsAdopted(settings) => {
            settings.calendar = it.code(&["main"]);
            settings.suppress_below = 4 + it.dice.below(4) as u32;
            settings.survey_minimum = 10 + it.dice.below(3) as u32;
        }
        Payload::ClockCorrected(corrected) => corrected.drift_seconds = 5,
        Payload::KeyRotated(rotated) => *rotated = key_rotated(it, subject),
        Payload::LedgerRestored(restored) => {
            let earlier = |fact: &&std::sync::Arc<Recorded>| {
                fact.event.subject == *subject && matches!(fact.event.payload, Payload::LedgerRestored(_))
            };
            restored.incarnation =
                it.facts.iter().filter(earlier).count() as u32 + u32::from(it.dice.chance(90));
            restored.restored_size = it.facts.len() as u64 - u64::from(it.dice.chance(10));
            (restored.known_size, restored.known_root) = match it.dice.weighted(&[20, 50, 25, 5]) {
                0 => (0, None),
                1 => {
                    let (size, root) = known_root(it);
                    (size, Some(root))
                }
                2 => (restored.restored_size + 1 + it.dice.below(5), Some(hash(b"lost"))),
                _ => (0, Some(hash(b"lost"))),
            };
        }
        _ => {}
    }
}

/// From the key in force, mostly, to another of few.
fn key_rotated(it: &mut Speaker<'_>, subject: &Subject) -> KeyRotated {
    let key = |number: u64| SigningKey::from_bytes(&[10 + number as u8; 32]);
    let public = |number: u64| PublicKey(key(number).verifying_key().to_bytes());
    let mut rotations = it.facts.iter().rev().filter(|fact| fact.event.subject == *subject);
    let last = rotations.find_map(|fact| match &fact.event.payload {
        Payload::KeyRotated(last) => Some(last.new_key),
        _ => None,
    });
    let in_force = (0..8).find(|number| Some(public(*number)) == last).unwrap_or(0);
    let old = if it.dice.chance(90) { in_force } else { it.dice.below(8) };
    let new = if it.dice.chance(85) { (old + 1) % 8 } else { it.dice.below(8) };
    let unsigned = KeyRotated { old_key: public(old), new_key: public(new), signature: Signature([0; 64]) };
    let statement = unsigned.statement(origin(it));
    KeyRotated { signature: Signature(key(old).sign(statement.as_bytes()).to_bytes()), ..unsigned }
}

/// The ledger's origin, or, now and then, another's.
fn origin(it: &mut Speaker<'_>) -> &'static str {
    if it.dice.chance(90) { "test.example/ledger" } else { "other.example" }
}

/// A size and its root, as a poster can know them; or, now and then, another root.
fn known_root(it: &mut Speaker<'_>) -> (u64, Sha256) {
    let known = it.naive.roots.len() as u64;
    if known == 0 || it.dice.chance(8) {
        return (1 + it.dice.below(known + 2), hash(b"another"));
    }
    let size = 1 + it.dice.below(known);
    (size, it.naive.roots[size as usize - 1])
}

pub(super) fn entry(id: &str) -> CodeListEntry {
    CodeListEntry {
        code: code(id),
        title: label("A code"),
        valid_from: None,
        valid_to: None,
        aliases: Vec::new(),
    }
}

fn counted(it: &mut Speaker<'_>, payload: &mut Payload) {
    match payload {
        Payload::UnitRegistered(unit) => {
            unit.valid_from = it.day(-59, 0);
            unit.valid_to = it.dice.chance(30).then(|| it.day(0, 39));
            unit.part_of = it.dice.chance(30).then(|| it.code(&["care", "ward"]));
        }
        Payload::WorkforceBaselineRecorded(baseline) => baseline.leaders = it.dice.below(14) as u32,
        Payload::LearningOffered(offered) => {
            offered.audience = it.codes(&["staff"], 1);
            offered.commitments = vec![it.standing(Kind::Commitment, COMMITMENTS)];
            offered.held_on = it.day(18, 20);
        }
        Payload::LearningDelivered(delivered) => delivered.attendances = Some(it.dice.below(50) as u32),
        Payload::PracticeSupportProvided(support) => {
            support.kind = it.code(&["coaching"]);
            support.audience = it.codes(&["staff"], 1);
            support.commitments = vec![it.standing(Kind::Commitment, COMMITMENTS)];
        }
        Payload::AwarenessActivityHeld(held) => {
            held.audience = it.codes(&["staff"], 1);
            held.councils = it.codes(&["ABE"], 1);
            held.partners = it.codes(&["police"], 1);
            held.commitments = vec![it.standing(Kind::Commitment, COMMITMENTS)];
        }
        Payload::SupportSignposted(said) => {
            said.route = it.code(&["helpline"]);
            said.channel = it.code(&["box", "survey"]);
            said.commitments = vec![it.standing(Kind::Commitment, COMMITMENTS)];
        }
        Payload::SurveyResultRecorded(result) => {
            result.unit = it.dice.chance(40).then(|| it.code(&["care"]));
            result.round = it.dice.chance(10).then(|| it.code(&["r"]));
            result.period_to = it.day(-19, 0);
            result.period_from = result.period_to.checked_sub(20.days()).unwrap();
            result.withheld = it.dice.chance(10);
            result.population = 10 + it.dice.below(8) as u32;
            result.agree_options = vec![code("option")];
            result.dont_know_options.clear();
            if result.withheld {
                result.options.clear();
                result.agree_options.clear();
            }
            result.commitments = vec![it.standing(Kind::Commitment, COMMITMENTS)];
        }
        _ => {}
    }
}

fn operated(it: &mut Speaker<'_>, payload: &mut Payload) {
    let held = it.facts.len() as u64;
    let some_of = |it: &mut Speaker<'_>| 1 + it.dice.below(held + 1);
    match payload {
        Payload::ErasureRequested(request) => {
            let with_words: Vec<_> =
                it.facts.iter().filter(|f| !f.event.payload.words().is_empty()).cloned().collect();
            for reference in &mut request.references {
                reference.sequence = it.dice.below(held + 2);
                reference.field = it.dice.chance(20).then(|| code("reason"));
                if !with_words.is_empty() && it.dice.chance(80) {
                    reference.sequence = it.dice.of(&with_words).sequence;
                }
            }
        }
        Payload::ContentErased(erased) => {
            erased.backups_expire_on = it.day(27, 30);
            erased.attested_by = it.post();
        }
        Payload::ReleasePointDeclared(point) => point.position = some_of(it),
        Payload::ReportIssued(report) => {
            report.as_known = some_of(it);
            report.as_at = it.day(-8, 0);
            report.release_point = it.dice.chance(30).then(|| it.code(&["rp", "rq"]));
        }
        _ => {}
    }
}

/// What others sign about the ledger.
fn vouched(it: &mut Speaker<'_>, payload: &mut Payload) {
    let key = SigningKey::from_bytes(&[7 + it.dice.below(2) as u8; 32]);
    let public_key = PublicKey(key.verifying_key().to_bytes());
    let (size, root) = known_root(it);
    let sign = |statement: String| Signature(key.sign(statement.as_bytes()).to_bytes());
    match payload {
        Payload::AuditOpinionRecorded(opinion) => {
            (opinion.first, opinion.end, opinion.root) = (0, size, root);
            opinion.public_key = public_key;
            opinion.signature = sign(opinion.statement(origin(it)));
        }
        Payload::CosignatureRecorded(signed) => {
            (signed.size, signed.root, signed.public_key) = (size, root, public_key);
            let ahead = 360 * i64::from(it.dice.chance(5));
            signed.time = (it.naive.now.as_second() + ahead).cast_unsigned();
            signed.signature = sign(signed.statement(origin(it)));
        }
        _ => {}
    }
}
