//! Reports that were worked out before, kept for whoever asks again: so figures that stand still between two release
//! points are worked out once a point, however fast the ledger grows.
//!
//! Invariant: a remembered report is the report that would be worked out now, byte for byte ([`Memory`]). Working ahead
//! changes nothing but how long the next reader waits. Must not know how a report is worked out.

use jiff::civil::Date;
use std::sync::{Mutex, PoisonError};

use crate::domain::value::Sha256;
use crate::projections::Views;
use crate::projections::history::Horizon;
use crate::reports::{self, Memory, NotReportable, Parameters, Period, Report, ReportName, Stand};

/// The reports of one ledger that were asked for last, and those that will be.
#[derive(Debug, Default)]
pub struct Remembered {
    memory: Memory,
    /// At which release point and in which year reports were worked out before anybody asked.
    ahead: Mutex<Option<Ahead>>,
}

/// What moves the reports that stand still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ahead {
    points: usize,
    year: Period,
}

/// What is worked out before anybody asks: what stands still until there is another release point, and what those of the
/// others rest on that look at one. R9 and R5 leave behind what they need of the feedback.
const STANDING: [ReportName; 6] = [
    ReportName::Feedback,
    ReportName::ResponseTimes,
    ReportName::Learning,
    ReportName::Surveys,
    ReportName::Choice,
    ReportName::PolicyChanges,
];

impl Remembered {
    /// A report, worked out now or before.
    pub fn report(
        &self,
        name: ReportName,
        views: &Views,
        parameters: &Parameters,
        stand: &Stand,
    ) -> Result<Report, NotReportable> {
        reports::remembered(&self.memory, name, views, parameters, stand)
    }

    /// Works out what stands still, if a release point or a year came since it was last: of the year in which the newest
    /// event was recorded and of the one before. And what R10 finds, which is quick if nothing came for it. So no reader
    /// waits for it. `go_on` is asked before each.
    pub fn work_ahead(&self, views: &Views, go_on: impl Fn() -> bool) {
        let Some(today) = views.size().checked_sub(1).map(|last| views.recorded_on(last)) else { return };
        let year = Period::financial_year_of(today);
        let known = Horizon { as_at: today, as_known: views.size() };
        let points = views.releases.points(known).len();
        let now = Ahead { points, year };
        let before = self.ahead.lock().unwrap_or_else(PoisonError::into_inner).replace(now);
        let years = [Some(year), year.first_day().yesterday().ok().map(Period::financial_year_of)];
        let standing = years.into_iter().flatten().flat_map(|year| STANDING.map(|name| (name, year)));
        let standing = standing.filter(|_| before != Some(now) && points > 0);
        let earlier = (!views.releases.issued.is_empty()).then_some((ReportName::Restatements, year));
        let stand = Stand { ledger: String::new(), root: Sha256([0; 32]) };
        for (name, period) in standing.chain(earlier) {
            if !go_on() {
                return;
            }
            // It is worked out to be remembered. What cannot be reported now, nobody will be told of.
            let _ = self.report(name, views, &asked(today, views, period), &stand);
        }
    }
}

const fn asked(as_at: Date, views: &Views, period: Period) -> Parameters {
    Parameters::new(as_at, views.size(), period)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::value::Sha256;
    use crate::projections::chronicle::people::Answers;
    use crate::projections::chronicle::{Chronicle, on};
    use crate::reports::Period;

    fn asked(known: u64, year: &str) -> Parameters {
        Parameters::new(on("2025-12-31"), known, Period::parse(year).unwrap())
    }

    #[test]
    fn given_a_report_when_it_is_asked_for_again_then_it_is_the_same_and_says_where_it_stands() {
        let mut ledger = Chronicle::opened(false);
        ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
        let remembered = Remembered::default();
        for _ in 0..3 {
            ledger.plan(&format!("b{}", ledger.facts.len()), "2025-04-01", "2025-06-01", &["C1"]);
            let views = ledger.views();
            for name in ReportName::ALL {
                for known in [2, views.size(), 2, views.size()] {
                    let stand = Stand { ledger: "ledgers/acme".into(), root: Sha256([known as u8; 32]) };
                    let parameters = asked(known, "2025-26");
                    let worked = reports::report(name, &views, &parameters, &stand);
                    assert_eq!(remembered.report(name, &views, &parameters, &stand), worked);
                }
            }
        }
        let beyond = remembered.report(
            ReportName::Lateness,
            &ledger.views(),
            &asked(99, "2025-26"),
            &Stand { ledger: "ledgers/acme".into(), root: Sha256([0; 32]) },
        );
        assert!(matches!(beyond, Err(NotReportable::BeyondHead { .. })));
    }

    #[test]
    fn given_many_reports_when_they_are_asked_for_then_only_so_many_are_kept() {
        let ledger = Chronicle::opened(false);
        let (views, remembered) = (ledger.views(), Remembered::default());
        let stand = Stand { ledger: "ledgers/acme".into(), root: Sha256([0; 32]) };
        for year in 2000..2060 {
            let year = format!("{year}-{:02}", (year + 1) % 100);
            remembered.report(ReportName::Lateness, &views, &asked(1, &year), &stand).unwrap();
        }
        assert!(remembered.memory.len() < 30, "{} bodies", remembered.memory.len());
    }

    #[test]
    fn given_figures_about_people_when_the_ledger_grows_then_they_rest_on_the_same() {
        let mut ledger = Chronicle::opened(false);
        let basis =
            |ledger: &Chronicle, name, known| reports::basis(name, &ledger.views(), &asked(known, "2025-26"));
        ledger.settings(5);
        ledger.noise(3, "2025-05-01");
        let known = ledger.facts.len() as u64;
        let at_first = basis(&ledger, ReportName::Feedback, known);
        ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
        assert_eq!(basis(&ledger, ReportName::Feedback, known + 1), at_first);
        assert_ne!(
            basis(&ledger, ReportName::Lateness, known + 1),
            basis(&ledger, ReportName::Lateness, known)
        );
        // What steers the report counts from the next release point on.
        let settings = ledger.settings(10);
        assert_eq!(basis(&ledger, ReportName::Feedback, settings + 1), at_first);
        let point = ledger.say(
            "release-point/r2",
            "2025-06-30",
            crate::domain::event::ReleasePointDeclared { position: 2 },
        );
        assert_ne!(basis(&ledger, ReportName::Feedback, point + 1), at_first);
        assert_eq!(basis(&ledger, ReportName::Feedback, point), at_first);
    }

    #[test]
    fn given_positions_with_one_basis_when_reports_about_people_are_worked_out_then_they_say_the_same() {
        let mut ledger = Chronicle::opened(false);
        ledger.settings(5);
        ledger.unit("u1", None, None);
        let counted = ledger.learned("u1", "2025-05-01", [80, 60, 40, 20, 10], [20, 15, 10, 10, 5]);
        let delivered = ledger.deliver("s1", "2025-05-20", Some(12));
        let answered = ledger.answered("a1", "2025-06-01", &Answers::default());
        ledger.release("p1", "2025-06-30");
        // All of this is known later, and counts from the next point on; settings and lists count at once.
        ledger.learned("u1", "2025-06-02", [90, 70, 50, 30, 20], [20, 15, 10, 10, 5]);
        ledger.void(counted, "2025-07-01");
        ledger.void(answered, "2025-07-01");
        ledger.deliver("s2", "2025-06-20", None);
        ledger.survey_minimum(30);
        ledger.answered("a2", "2025-06-03", &Answers { counts: Ok([30, 30, 0]), ..Answers::default() });
        ledger.release("p2", "2025-09-30");
        ledger.void(delivered, "2025-10-01");
        ledger.unit("u2", Some("u1"), None);
        let views = ledger.views();
        let stand = Stand { ledger: "ledgers/acme".into(), root: Sha256([0; 32]) };
        let (mut same, mut other) = (0, 0);
        for name in
            [ReportName::Feedback, ReportName::ResponseTimes, ReportName::Learning, ReportName::Surveys]
        {
            let of = |known| {
                let report = reports::report(name, &views, &asked(known, "2025-26"), &stand).unwrap();
                let basis = reports::basis(name, &views, &asked(known, "2025-26"));
                (basis, report.figures, report.tables, report.notes)
            };
            let all: Vec<_> = (1..=views.size()).map(of).collect();
            for pair in all.windows(2) {
                if pair[0].0 == pair[1].0 {
                    assert_eq!(pair[0], pair[1]);
                    same += 1;
                } else {
                    other += u32::from(pair[0].1 != pair[1].1);
                }
            }
        }
        assert!(same >= 16 && other >= 2, "{same} pairs with one basis, {other} that read otherwise");
    }
}
