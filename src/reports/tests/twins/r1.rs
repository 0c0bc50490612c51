//! The twin of R1.

use super::{Headlines, Said, Twin, days};
use crate::domain::event::{Disposition, Payload, ReviewOutcome};
use crate::domain::id::{Code, Kind};
use jiff::civil::Date;

fn names(commitments: &[Code], id: &str) -> bool {
    commitments.iter().any(|it| it.as_str() == id)
}

impl Twin<'_> {
    /// The last standing event of its subject by which that subject names commitments.
    fn last_naming(&self, subject: &str) -> Option<Said<'_>> {
        let naming = |said: &Said<'_>| match said.payload {
            // What names nothing may have named something before it was said anew.
            Payload::LearningDelivered(_)
            | Payload::LearningCancelled(_)
            | Payload::FeedbackRoundClosed(_)
            | Payload::RoundResponsePublished(_) => false,
            Payload::ActionPlanned(_) | Payload::PolicyChangeProposed(_) | Payload::MeasureAgreed(_) => true,
            _ => matches!(
                said.subject().kind(),
                Kind::Round
                    | Kind::Session
                    | Kind::PracticeSupport
                    | Kind::Awareness
                    | Kind::Signposting
                    | Kind::SurveyResult
            ),
        };
        self.about(subject).into_iter().rfind(naming)
    }

    /// Whether an event shows activity for a commitment.
    fn shows(&self, said: &Said<'_>, id: &str) -> bool {
        match said.payload {
            // Of several plans or agreements about one thing only the one that stands.
            Payload::ActionPlanned(_) | Payload::MeasureAgreed(_) => {
                let last = self.last_naming(&said.subject().to_string()).unwrap();
                last.order() == said.order() && names(said.payload.commitments(), id)
            }
            Payload::EvidenceAttached(it) => {
                let own = self.about(&said.subject().to_string());
                let is_last = own
                    .iter()
                    .rfind(|it| matches!(it.payload, Payload::EvidenceAttached(_)))
                    .is_some_and(|it| it.order() == said.order());
                let fell = own.iter().any(|later| {
                    matches!(later.payload, Payload::EvidenceRejected(_) | Payload::EvidenceWithdrawn(_))
                        && later.order() > said.order()
                });
                let about = it.about.to_string();
                let through = about == format!("commitment/{id}")
                    || self.last_naming(&about).is_some_and(|it| names(it.payload.commitments(), id));
                is_last && !fell && through
            }
            payload => names(payload.commitments(), id),
        }
    }

    /// How long ago the last evidence of activity was.
    pub(crate) fn silence(&self, id: &str) -> Option<i64> {
        let last = self.visible().iter().filter(|said| self.shows(said, id)).map(|said| said.day).max();
        last.map(|last| days(last, self.as_at))
    }

    /// What the latest review of the period found.
    pub(crate) fn review(&self, id: &str) -> Option<ReviewOutcome> {
        let mut found: Option<(Date, Date, u64, ReviewOutcome)> = None;
        for said in self.about(&format!("commitment/{id}")) {
            if let Payload::CommitmentReviewed(it) = said.payload
                && it.period_to >= self.first_day
                && it.period_from <= self.last_day
            {
                let this = (it.period_to, said.day, said.root.sequence, it.outcome);
                found = Some(found.map_or(this, |best| if this > best { this } else { best }));
            }
        }
        found.map(|(.., outcome)| outcome)
    }

    /// The latest value of each standing measure, by its id: the commitment, and the value.
    pub(crate) fn measures(&self) -> Vec<(String, String, Option<u32>)> {
        let mut measures = Vec::new();
        for id in self.ids(Kind::Measure) {
            let mut commitment = None;
            let mut latest: Option<(Date, u32)> = None;
            for said in self.about(&format!("measure/{id}")) {
                match said.payload {
                    Payload::MeasureAgreed(it) => commitment = Some(it.commitment.to_string()),
                    Payload::MeasureReported(it)
                        if commitment.is_some() && latest.is_none_or(|(to, _)| to <= it.period_to) =>
                    {
                        latest = Some((it.period_to, it.numerator));
                    }
                    _ => {}
                }
            }
            measures.extend(commitment.map(|of| (id, of, latest.map(|(_, value)| value))));
        }
        measures
    }

    /// Whether each known commitment stands.
    pub(crate) fn commitments(&self) -> Vec<(String, bool)> {
        let mut known = Vec::new();
        for id in self.ids(Kind::Commitment) {
            let subject = format!("commitment/{id}");
            let facts = self.about(&subject);
            let made = facts.iter().rev().find_map(|said| match said.payload {
                Payload::CommitmentMade(made) => Some(made),
                _ => None,
            });
            let Some(made) = made else {
                let is_made = |it: &Said<'_>| matches!(it.payload, Payload::CommitmentMade(_));
                let was_made = self.ever(&subject).into_iter().any(|it| is_made(&it) && it.voided_root(self));
                known.extend(was_made.then_some((id, false)));
                continue;
            };
            let ended = facts.iter().any(|said| {
                matches!(
                    said.payload,
                    Payload::CommitmentFulfilled(_)
                        | Payload::CommitmentMerged(_)
                        | Payload::CommitmentSuperseded(_)
                        | Payload::CommitmentWithdrawn(_)
                )
            });
            let mut fate = None;
            for said in self.about(&format!("pledge/{}", made.pledge)) {
                if let Payload::PledgePublished(pledge) = said.payload
                    && pledge.version > made.pledge_version
                {
                    let it = pledge.dispositions.iter().find(|it| it.commitment.as_str() == id);
                    fate = it.map(|it| it.disposition).or(fate);
                }
            }
            known.push((id, !ended && fate.is_none_or(|fate| fate == Disposition::Kept)));
        }
        known
    }

    pub(crate) fn r1(&self) -> Headlines {
        let all = self.commitments();
        let measures = self.measures();
        let (mut of, mut silent, mut silent_in_period, mut reviewed, mut with_measure) = (0, 0, 0, 0, 0);
        for (id, _) in all.iter().filter(|(_, stands)| *stands) {
            of += 1;
            let shown = self.visible().into_iter().filter(|said| self.shows(said, id));
            silent += u64::from(self.silence(id).is_none());
            silent_in_period += u64::from(shown.filter(|said| self.in_period(said.day)).count() == 0);
            reviewed += u64::from(self.review(id).is_some());
            with_measure += u64::from(measures.iter().any(|(_, commitment, _)| commitment == id));
        }
        let mut said = Headlines::new();
        if !all.is_empty() {
            said.insert("r1.commitments".into(), (of, None));
            said.insert("r1.ended".into(), (all.len() as u64 - of, None));
        }
        if of > 0 {
            said.insert("r1.silent".into(), (silent, Some(of)));
            said.insert("r1.silent_in_period".into(), (silent_in_period, Some(of)));
            said.insert("r1.reviewed".into(), (reviewed, Some(of)));
            said.insert("r1.measured".into(), (with_measure, Some(of)));
        }
        said
    }
}

impl Said<'_> {
    fn voided_root(&self, twin: &Twin<'_>) -> bool {
        twin.void_of(self.root).is_some()
    }
}
