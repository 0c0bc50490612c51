//! By hand: R12.

use super::{ask, ask_known, cell, figure, parameters, share, stand, subjects};
use crate::projections::chronicle::Chronicle;
use crate::reports::{Parameters, Report, ReportName, report};

fn r12(ledger: &Chronicle, as_at: &str) -> Report {
    ask(ReportName::Silence, ledger, as_at)
}

#[test]
fn given_silent_sources_when_asked_then_the_longest_silence_is_first_and_never_is_told_apart() {
    let mut ledger = Chronicle::opened(false);
    ledger.at("2025-03-10T09:00:00Z").by("operator").grant("lms", "2025-03-10", &["*"]);
    ledger.at("2025-04-07T09:00:00Z").by("tracker").plan("a", "2025-04-07", "2025-06-01", &["C1"]);
    ledger.by("old").plan("b", "2025-04-07", "2025-06-01", &["C1"]);
    ledger.by("operator").succeed("old", "2025-05-01", "new");
    // A statement that there was nothing is an event.
    ledger.at("2025-12-02T09:00:00Z").by("survey").state("survey", ("2025-11-01", "2025-11-30"), true);
    let report = r12(&ledger, "2025-12-31");
    // old has ended; the operator and the opening are no source's; new never did anything. lms, survey and tracker are left.
    assert_eq!(share(&report, "r12.silent_sources"), (2, 3));
    assert_eq!(share(&report, "r12.never_sources"), (1, 3));
    assert_eq!(subjects(&report, "r12.sources"), ["source/lms", "source/tracker"]);
    // 10 March to 31 December: 21 + 30 + 31 + 30 + 31 + 31 + 30 + 31 + 30 + 31 = 296; from 7 April 28 less.
    assert_eq!(cell(&report, "source/lms", "silent"), "296 days");
    assert_eq!(cell(&report, "source/lms", "last"), "[x] Never any, since it was allowed to on 10 Mar 2025");
    assert_eq!(cell(&report, "source/tracker", "silent"), "268 days");
    assert_eq!(cell(&report, "source/tracker", "last"), "7 Apr 2025");
    // Before it was succeeded, old was no less silent than tracker; what was posted later does not count then.
    assert_eq!(share(&r12(&ledger, "2025-04-30"), "r12.silent_sources"), (0, 3));
    let early = ask_known(ReportName::Silence, &ledger, "2025-12-31", 4);
    assert_eq!(subjects(&early, "r12.sources"), ["source/lms", "source/old", "source/tracker"]);
}

#[test]
fn given_a_source_when_all_is_taken_from_it_then_it_is_not_called_silent() {
    let mut ledger = Chronicle::opened(false);
    ledger.at("2025-04-07T09:00:00Z").by("tracker").plan("a", "2025-04-07", "2025-06-01", &["C1"]);
    let taken = ledger.at("2025-06-01T09:00:00Z").by("operator").grant("tracker", "2025-06-01", &[]);
    assert_eq!(figure(&r12(&ledger, "2025-12-31"), "r12.silent_sources").status.mark(), "[z]");
    assert_eq!(
        share(&ask_known(ReportName::Silence, &ledger, "2025-12-31", taken), "r12.silent_sources"),
        (1, 1)
    );
}

#[test]
fn given_commitments_when_nothing_happens_for_them_then_they_are_silent_until_they_end() {
    let mut ledger = Chronicle::opened(false);
    let made = ledger.commitment("C1", "Awareness", "be aware", &[]);
    ledger.commitment("C2", "Learning", "learn", &[]);
    ledger.commitment("C3", "Given up", "try", &[]);
    // Out of order: what is recorded last happened first, and does not count as the last event.
    ledger.at("2025-12-01T09:00:00Z").activity(2, "later", "2025-11-20", &["C2"]);
    ledger.activity(2, "sooner", "2025-06-01", &["C2"]);
    ledger.withdraw("C3", "2025-07-01");
    let report = r12(&ledger, "2025-12-31");
    // C1 and C2 stand. C1 was made on 1 March: 30 + 275 = 305 days. C2: 10 + 31 = 41 days, less than 90.
    assert_eq!(
        (share(&report, "r12.silent_commitments"), share(&report, "r12.never_commitments")),
        ((1, 2), (1, 2))
    );
    assert_eq!(subjects(&report, "r12.commitments"), ["commitment/C1"]);
    assert_eq!(cell(&report, "commitment/C1", "silent"), "305 days");
    assert_eq!(cell(&report, "commitment/C1", "last"), "[x] Never any, since it was made on 1 Mar 2025");
    assert_eq!(figure(&report, "r12.silent_commitments").events, [made]);
    let asked = Parameters { days: Some(41), ..parameters("2025-12-31", 7, "2025-26") };
    let report = report_of(&ledger, &asked);
    assert_eq!(subjects(&report, "r12.commitments"), ["commitment/C1", "commitment/C2"]);
    assert_eq!(cell(&report, "commitment/C2", "last"), "20 Nov 2025");
    let report = report_of(&ledger, &Parameters { days: Some(42), ..asked });
    assert_eq!(subjects(&report, "r12.commitments"), ["commitment/C1"]);
}

fn report_of(ledger: &Chronicle, asked: &Parameters) -> Report {
    report(ReportName::Silence, &ledger.views(), asked, &stand()).unwrap()
}
