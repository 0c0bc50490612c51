//! The twins of R11, R12 and the lists of R10: what the record says of itself.

use jiff::{ToSpan as _, civil::Date};
use std::collections::{BTreeMap, BTreeSet};

use super::{Headlines, Said, Twin, days, london};
use crate::domain::command::Recorded;
use crate::domain::event::{EventType, OpinionResult, Payload, SourceStatement};
use crate::domain::id::Kind;
use crate::domain::irregularity::Irregularity;

/// One source, as the twin sees it.
struct Poster {
    /// The days on which something of it was recorded.
    posted: BTreeSet<Date>,
    granted: Option<Date>,
    /// The day on which its last standing grant was recorded, if it allows nothing.
    closed: Option<Date>,
    succeeded: Option<Date>,
    statements: BTreeMap<(Date, Date), bool>,
}

impl Poster {
    fn begins(&self) -> Option<Date> {
        self.posted.first().copied().into_iter().chain(self.granted).min()
    }
}

/// Never less than nothing.
pub(super) fn whole(days: i64) -> u64 {
    u64::try_from(days).unwrap_or(0)
}

fn recorded_on(fact: &Recorded) -> Date {
    london().to_datetime(fact.recorded_at).date()
}

fn is_about_people(fact: &Recorded) -> bool {
    matches!(fact.event.subject.kind(), Kind::Feedback | Kind::Erasure)
}

impl<'f> Twin<'f> {
    /// The record by which something was said so.
    fn by(&self, said: &Said<'f>) -> &'f Recorded {
        let mut known = self.known();
        let found = known.find(|fact| match &fact.event.payload {
            Payload::CorrectionMade(made) => std::ptr::eq(made.corrected.payload.as_ref(), said.payload),
            payload => std::ptr::eq(payload, said.payload),
        });
        found.unwrap()
    }

    /// What stands of a subject, whatever day it names, in the order of the records that say it.
    fn standing(&self, subject: &str) -> Vec<(&'f Recorded, Said<'f>)> {
        let mut all: Vec<_> = self
            .all()
            .into_iter()
            .filter(|said| said.stands && said.subject().to_string() == subject)
            .map(|said| (self.by(&said), said))
            .collect();
        all.sort_by_key(|(by, _)| by.sequence);
        all
    }

    fn posters(&self) -> BTreeMap<String, Poster> {
        let mut names: BTreeSet<String> = self.ids(Kind::Source);
        names.extend(self.known().map(|fact| fact.source.to_string()));
        names.remove("operator");
        let mut all = BTreeMap::new();
        for name in names {
            let mut poster = Poster {
                posted: BTreeSet::new(),
                granted: None,
                closed: None,
                succeeded: None,
                statements: BTreeMap::new(),
            };
            for fact in self.known().filter(|fact| fact.source.as_str() == name) {
                if fact.event.payload.event_type() != EventType::LedgerOpened {
                    poster.posted.insert(recorded_on(fact));
                }
            }
            for (by, said) in self.standing(&format!("source/{name}")) {
                match said.payload {
                    Payload::GrantChanged(it) if it.types.is_empty() => poster.closed = Some(recorded_on(by)),
                    Payload::GrantChanged(_) => {
                        poster.granted = poster.granted.or(Some(recorded_on(by)));
                        poster.closed = None;
                    }
                    Payload::SourceSucceeded(_) => poster.succeeded = poster.succeeded.or(Some(said.day)),
                    Payload::SourceStatement(SourceStatement { period_from, period_to, .. }) => {
                        let matches = !said.marks.contains(&Irregularity::StatementMismatch);
                        poster.statements.insert((*period_from, *period_to), matches);
                    }
                    _ => {}
                }
            }
            all.insert(name, poster);
        }
        all
    }

    /// R12. The second is how many days each that is not ended has been silent, and whether it was ever heard of.
    pub(crate) fn r12(&self, least: i64) -> (Headlines, BTreeMap<String, (i64, bool)>) {
        let (mut commitments, mut sources) = (BTreeMap::new(), BTreeMap::new());
        for (id, stands) in self.commitments() {
            if stands {
                let subject = format!("commitment/{id}");
                let about = self.about(&subject);
                let made = about.iter().rev().find(|it| matches!(it.payload, Payload::CommitmentMade(_)));
                let heard = self.silence(&id);
                let days = heard.unwrap_or_else(|| days(made.unwrap().day, self.as_at));
                commitments.insert(subject, (days, heard.is_some()));
            }
        }
        for (name, poster) in self.posters() {
            let over = [poster.closed, poster.succeeded].into_iter().flatten().any(|on| on <= self.as_at);
            let Some(begins) = poster.begins().filter(|on| *on <= self.as_at && !over) else { continue };
            let heard = poster.posted.iter().filter(|on| **on <= self.as_at).max();
            let days = days(*heard.unwrap_or(&begins), self.as_at);
            sources.insert(format!("source/{name}"), (days, heard.is_some()));
        }
        let mut said = Headlines::new();
        for (name, all) in [("commitments", &commitments), ("sources", &sources)] {
            if !all.is_empty() {
                let of = Some(all.len() as u64);
                let silent = all.values().filter(|(days, _)| *days >= least).count() as u64;
                let never = all.values().filter(|(_, ever)| !ever).count() as u64;
                said.insert(format!("r12.silent_{name}"), (silent, of));
                said.insert(format!("r12.never_{name}"), (never, of));
            }
        }
        if let Some(longest) = commitments.values().map(|(days, _)| *days).max() {
            said.insert("r12.longest".into(), (whole(longest), None));
        }
        commitments.extend(sources);
        (said, commitments)
    }

    /// How each month of each source stands, day by day: `register 2025-04` → `missing`.
    pub(crate) fn months(&self) -> BTreeMap<String, &'static str> {
        let mut months = BTreeMap::new();
        for (name, poster) in self.posters() {
            let Some(begins) = poster.begins() else { continue };
            let end = poster.succeeded.map(|on| poster.posted.last().map_or(on, |last| on.max(*last)));
            let mut day = begins;
            let mut of: BTreeMap<Date, Vec<Date>> = BTreeMap::new();
            while day <= self.as_at.last_of_month() && end.is_none_or(|end| day <= end) {
                of.entry(day.first_of_month()).or_default().push(day);
                day = day.checked_add(1.day()).unwrap();
            }
            for (month, all) in of {
                let stated = |day: &Date| {
                    let within = poster.statements.iter().filter(|((from, to), _)| from <= day && day <= to);
                    within.map(|(_, matches)| *matches).collect::<Vec<_>>()
                };
                let how = match () {
                    () if all.iter().flat_map(stated).any(|matches| !matches) => "not_matching",
                    () if all.iter().all(|day| !stated(day).is_empty()) => "matching",
                    () if all.iter().any(|day| poster.posted.contains(day)) => "missing",
                    () => "silent",
                };
                let due = month.last_of_month() < self.as_at;
                if due || how.ends_with("matching") {
                    months.insert(format!("{name} {}", month.strftime("%Y-%m")), how);
                }
            }
        }
        months
    }

    pub(crate) fn r11(&self) -> Headlines {
        let mut said = Headlines::new();
        self.outside(&mut said);
        self.released_notices(&mut said);
        if self.as_known <= 1 {
            return said;
        }
        let months = self.months();
        if !months.is_empty() {
            for how in ["matching", "not_matching", "missing", "silent"] {
                let n = months.values().filter(|it| **it == how).count() as u64;
                said.insert(format!("r11.statements_{how}"), (n, Some(months.len() as u64)));
            }
        }
        let count = |test: &dyn Fn(&Recorded) -> bool| self.known().filter(|fact| test(fact)).count() as u64;
        let of = |test: &dyn Fn(&Recorded) -> bool| count(&|fact| !is_about_people(fact) && test(fact));
        let late = |fact: &Recorded| fact.irregularities.contains(&Irregularity::LateRecorded);
        let counted = [
            ("r11.irregular", of(&|fact| !fact.irregularities.is_empty())),
            ("r11.late", of(&late)),
            ("r11.corrected", of(&|fact| matches!(fact.event.payload, Payload::CorrectionMade(_)))),
            ("r11.voided", of(&|fact| matches!(fact.event.payload, Payload::EventVoided(_)))),
            ("r11.restores", count(&|fact| matches!(fact.event.payload, Payload::LedgerRestored(_)))),
            ("r11.keys", count(&|fact| matches!(fact.event.payload, Payload::KeyRotated(_)))),
            ("r11.clock", count(&|fact| matches!(fact.event.payload, Payload::ClockCorrected(_)))),
        ];
        said.extend(counted.map(|(id, n)| (id.to_owned(), (n, None))));
        let lags = self
            .known()
            .filter(|fact| !is_about_people(fact) && late(fact))
            .map(|fact| whole(days(fact.event.occurred.effective(&london()), recorded_on(fact))));
        if let Some(longest) = lags.max() {
            said.insert("r11.longest_lag".into(), (longest, None));
        }
        said
    }

    fn outside(&self, said: &mut Headlines) {
        let mut furthest: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let mut covered: BTreeMap<u64, OpinionResult> = BTreeMap::new();
        let mut opinions = 0;
        for fact in self.known() {
            match &fact.event.payload {
                Payload::CosignatureRecorded(it) if it.organisation.as_str() != "Acme Improvement" => {
                    let held = furthest.entry(it.organisation.as_str().to_owned()).or_default();
                    *held = (*held).max((it.size, it.time));
                }
                Payload::AuditOpinionRecorded(it) => {
                    opinions += 1;
                    for record in it.first..it.end.min(self.as_known) {
                        covered.insert(record, it.result);
                    }
                }
                _ => {}
            }
        }
        if !furthest.is_empty() {
            said.insert("r11.outside".into(), (furthest.len() as u64, None));
            let signed = furthest.values().map(|(_, time)| {
                let signed = jiff::Timestamp::from_second(time.cast_signed()).unwrap();
                london().to_datetime(signed).date()
            });
            let age = whole(days(signed.max().unwrap(), self.as_at));
            said.insert("r11.outside_age".into(), (age, None));
        }
        if opinions > 0 {
            said.insert("r11.audited".into(), (covered.len() as u64, Some(self.as_known)));
        }
    }

    /// One number, as it is released: never below the threshold, never by a small move.
    fn released_notices(&self, said: &mut Headlines) {
        let points = self.points();
        if points.is_empty() {
            return;
        }
        // What was released last, and whether it is hidden.
        let mut released: Option<(u64, bool)> = None;
        let mut threshold = 0;
        for (on, position) in points {
            threshold = self.threshold(position).max(threshold);
            let noticed = self.facts.iter().filter(|fact| {
                let amends =
                    matches!(fact.event.payload, Payload::EventVoided(_) | Payload::CorrectionMade(_));
                fact.sequence < position
                    && fact.event.occurred.effective(&london()) <= on
                    && is_about_people(fact)
                    && (amends || !fact.irregularities.is_empty())
            });
            let n = noticed.count() as u64;
            let small = (1..threshold).contains(&n);
            released = match released {
                None if n == 0 => None,
                // One part is never safe: while it is hidden, nobody has seen it.
                None | Some((_, true)) => Some((n, small)),
                Some((was, false)) if was.abs_diff(n) >= threshold && !small => Some((n, false)),
                Some((was, hidden)) => Some((was, hidden || (1..threshold).contains(&was))),
            };
        }
        match released {
            None => drop(said.insert("r11.feedback".into(), (0, None))),
            Some((0, false) | (_, true)) => {}
            Some((n, false)) => drop(said.insert("r11.feedback".into(), (n, None))),
        }
    }

    /// The release points: day and position.
    pub(super) fn points(&self) -> Vec<(Date, u64)> {
        let mut seen = BTreeSet::new();
        let mut points = Vec::new();
        for fact in self.known() {
            if let Payload::ReleasePointDeclared(point) = &fact.event.payload
                && seen.insert(fact.event.subject.clone())
            {
                points.push((fact.event.occurred.effective(&london()), point.position));
            }
        }
        points.retain(|(on, _)| *on <= self.as_at);
        points
    }

    /// The highest threshold that was ever set among so many events.
    pub(super) fn threshold(&self, as_known: u64) -> u64 {
        let then = Twin { as_known, as_at: Date::MAX, ..*self };
        let set = then.visible().into_iter().filter_map(|said| match said.payload {
            Payload::ReportSettingsAdopted(it) => Some(u64::from(it.suppress_below)),
            _ => None,
        });
        set.fold(5, u64::max)
    }

    /// R10's lists: how, by which event, of which event.
    pub(crate) fn changed(&self, since: u64) -> BTreeSet<(&'static str, u64, u64)> {
        let mut found = BTreeSet::new();
        let all = self.all();
        for said in all.iter().filter(|said| counts(said)) {
            let by = self.by(said).sequence;
            let root = all.iter().find(|it| it.root.sequence == said.root.sequence).unwrap();
            if by >= since {
                let place = said.root.sequence;
                if by == place && said.day <= self.as_at {
                    found.insert(("late", by, by));
                } else if by != place && (said.day <= self.as_at || root.day <= self.as_at) {
                    found.insert(("corrected", by, place));
                }
            }
            if let Some(void) = self.void_of(self.by(said)).filter(|void| void.sequence >= since) {
                // With the event fall its corrections.
                let fell = all.iter().filter(|it| {
                    let its = self.by(it).sequence;
                    its == by || by == it.root.sequence
                });
                if fell.map(|it| it.day).any(|day| day <= self.as_at) {
                    found.insert(("voided", void.sequence, by));
                }
            }
        }
        found
    }
}

/// Whether one of the compared reports counts something of it.
fn counts(said: &Said<'_>) -> bool {
    let aside = matches!(
        said.subject().kind(),
        Kind::Ledger
            | Kind::Source
            | Kind::Unit
            | Kind::Feedback
            | Kind::Erasure
            | Kind::ReleasePoint
            | Kind::IssuedReport
            | Kind::AuditOpinion
            | Kind::Cosignature
    );
    let kept_by_none = matches!(
        said.payload.event_type(),
        EventType::ActionProgressReported
            | EventType::LearningDelivered
            | EventType::LearningCancelled
            | EventType::FeedbackRoundClosed
            | EventType::RoundResponsePublished
    );
    !aside && !kept_by_none
}
