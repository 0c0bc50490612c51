//! Golden outputs: one small invented ledger, its three reports, and what they look like to the byte.
//!
//! A difference here is a change of what the same facts give. If it is meant, raise the definition version of the
//! report (figures) or say so in the changelog (forms), and write the new outputs with `PLEDGEBOOK_BLESS=1`.

use super::{parameters, stand};
use crate::domain::event::{
    Anonymity, ChangeNature, Disposition, Origin, Payload, Respondents, ResponseOutcome, ReviewOutcome,
    WithdrawalScope,
};
use crate::projections::chronicle::Chronicle;
use crate::reports::{Format, Report, ReportName, render, report};

/// A small organisation's year.
pub(crate) fn sample() -> Chronicle {
    let mut ledger = Chronicle::opened(true);
    ledger.post("people", "Head of People and Organisational Development");
    ledger.post("chief", "Chief Executive");
    ledger.settings(5);
    ledger.pledge(1, "2025-03-01", &[("C0", Disposition::Kept)]);
    ledger.commitment(
        "C10",
        "Policies and practice: safe, supported, valued",
        "work to ensure that our policies and practice help ensure our staff feel safe, supported and valued",
        &["C9"],
    );
    ledger.commitment("C9", "Prioritise staff wellbeing", "continue to prioritise staff wellbeing", &[]);
    ledger.commitment(
        "C14",
        "Continually seeking feedback on policies and practice",
        "continually seeking feedback from our staff about where our policies and practice can be strengthened",
        &["C10"],
    );
    actions(&mut ledger);
    policies(&mut ledger);
    afterwards(&mut ledger);
    super::golden_record::write(&mut ledger);
    voices(&mut ledger);
    super::golden_people::write(&mut ledger);
    ledger
}

/// What staff said in the year, and what became of it; released in March.
fn voices(ledger: &mut Chronicle) {
    ledger.at("2026-03-03T10:00:00Z").reasons(
        "2025-03-01",
        &[
            ("cost", "It would cost more than it helps"),
            ("law", "The law does not allow it"),
            ("others", "Not ours to decide"),
        ],
    );
    let off =
        ["2025-04-18", "2025-05-05", "2025-05-26", "2025-08-04", "2025-12-01", "2025-12-25", "2025-12-26"];
    ledger.calendar("2025-03-01", ("2025-03-01", "2026-03-31"), &off);
    let heard = |ledger: &mut Chronicle, on: &str, count: usize| -> Vec<_> {
        let one = |_| ledger.voice(on, Respondents::Staff, Anonymity::Confidential).0;
        (0..count).map(one).collect()
    };
    let hours = ledger.facts.iter().find_map(|fact| match &fact.event.payload {
        Payload::PolicyChangeProposed(it) if it.title.as_str() == "Change core-hours" => {
            Some(it.feedback.clone())
        }
        _ => None,
    });
    let hours: Vec<_> = hours.unwrap();
    let rest = heard(ledger, "2025-05-12", 9);
    for item in &rest {
        ledger.link(*item, "2025-06-02", "action/rest-spaces");
    }
    let agreed = ResponseOutcome::ChangeAgreed;
    for (items, acknowledged, answered, told) in [
        (&rest, "2025-05-14", "2025-06-02", "2025-10-20"),
        (&hours, "2026-01-14", "2026-02-04", "2026-03-02"),
    ] {
        for item in items {
            ledger.acknowledge(*item, acknowledged);
            ledger.respond(*item, answered, agreed);
            ledger.tell(*item, told);
        }
    }
    for (received, count, reason, answered) in [
        ("2025-09-08", 8, "law", "2025-09-29"),
        ("2025-10-06", 6, "cost", "2025-11-10"),
        ("2025-10-07", 4, "others", "2025-10-13"),
    ] {
        for item in heard(ledger, received, count) {
            ledger.consider(item, "2025-10-10");
            ledger.close(item, answered, reason);
            ledger.respond(item, answered, ResponseOutcome::NoChange);
            ledger.tell(item, answered);
        }
    }
    for item in heard(ledger, "2025-11-03", 7) {
        ledger.acknowledge(item, "2025-11-05");
        ledger.respond(item, "2025-12-02", ResponseOutcome::ChangeConsidered);
    }
    heard(ledger, "2026-01-05", 5);
    for item in heard(ledger, "2026-02-16", 8) {
        ledger.acknowledge(item, "2026-02-18");
    }
    ledger.at("2026-03-05T10:00:00Z").release("spring", "2026-03-05");
}

/// What happened to all that later in the year: owners, measures, reviews, ends, links, reversals.
fn afterwards(ledger: &mut Chronicle) {
    ledger.at("2026-03-02T10:00:00Z").post("audit", "Internal Audit");
    ledger.reassign("action/quiet-hours", "2026-02-20", "people", "chief");
    ledger.reassign("commitment/C14", "2026-02-20", "people", "chief");
    ledger.milestone("M1", "Publish a wellbeing plan");
    ledger.commitment("C15", "Noticing the impact of trauma", "aware of the impact of trauma", &["C9"]);
    ledger.evidence("wellbeing-plan", "2026-02-01", "commitment/M1");
    ledger.fulfil("M1", "2026-02-02", &["wellbeing-plan"]);
    ledger.merge("C15", "2026-02-03", "C9");
    ledger.measure("feeling-safe", "2025-06-01", "C10", ("%", Some("answers")), Some("85"));
    ledger.value("feeling-safe", "2025-10-10", ("2025-07-01", "2025-09-30"), 133, Some(212));
    ledger.revise("feeling-safe", "2025-11-03", "%", Some("75"));
    ledger.measure("helped", "2025-06-01", "C9", ("people", Some("people")), None);
    ledger.value("helped", "2025-10-10", ("2025-07-01", "2025-09-30"), 3, Some(40));
    ledger.activity(2, "open-day", "2026-02-25", &["C9"]);
    ledger.evidence("survey", "2025-10-10", "commitment/C10");
    let half = ("2025-04-01", "2025-09-30");
    ledger.review("C10", "2025-10-20", half, ReviewOutcome::Partly, &["survey"], &[]);
    ledger.review("C9", "2025-10-20", half, ReviewOutcome::Kept, &["rest-space-photos"], &[]);
    ledger.reject("rest-space-photos", "2026-02-26");
    let late = ledger.feedback("2026-02-20", Respondents::Staff, 1)[0];
    ledger.link(late, "2026-02-20", "policy-change/sick-pay");
    let early = ledger.feedback("2026-01-13", Respondents::Partners, 6);
    ledger.propose("part-time", "2026-01-15", "leave", (Origin::Review, ChangeNature::Substantive), &[]);
    for item in &early {
        ledger.link(*item, "2026-01-16", "policy-change/part-time");
    }
    ledger.approve("part-time", "2026-01-20");
    ledger.change("part-time", "2026-01-21", "leave", "2026-02-01", true);
    ledger.reverse("part-time", "2026-02-27");
    ledger.take_back(early[0], "2026-02-28", WithdrawalScope::Whole);
    ledger.propose("cars", "2026-01-15", "expenses", (Origin::Other, ChangeNature::Substantive), &[]);
    ledger.decline("cars", "2026-02-15");
    ledger.review_policy("expenses", "2026-02-28", "2026-03-15");
    ledger.retire("people", "2026-03-02", "2026-03-01");
}

fn actions(ledger: &mut Chronicle) {
    ledger.at("2025-04-07T10:00:00Z");
    ledger.plan("rest-spaces", "2025-04-07", "2025-09-30", &["C9"]);
    ledger.plan("quiet-hours", "2025-04-07", "2025-06-30", &["C9", "C10"]);
    ledger.plan("signposting", "2025-04-07", "2025-12-19", &["C9"]);
    ledger.plan("old-handbook", "2025-04-07", "2025-08-29", &["C10"]);
    ledger.at("2025-06-20T10:00:00Z").moved("quiet-hours", "2025-06-20", "2025-06-30", "2026-04-30", false);
    ledger.start("quiet-hours", "2025-06-23");
    ledger.at("2025-09-15T10:00:00Z").cancel("old-handbook", "2025-09-15");
    ledger.plan_replacing("new-handbook", "2025-09-15", "2026-06-30", &["C10"], Some("old-handbook"));
    ledger.at("2025-10-14T10:00:00Z").complete("rest-spaces", "2025-10-12");
    ledger.evidence("rest-space-photos", "2025-10-13", "action/rest-spaces");
    ledger.verify("rest-spaces", "2025-10-14");
    ledger.at("2026-01-09T10:00:00Z").complete("signposting", "2025-12-18");
}

fn policies(ledger: &mut Chronicle) {
    let heard = (Origin::Feedback, ChangeNature::Substantive);
    ledger.at("2026-01-12T10:00:00Z").policy("flexible-working", "2025-04-01", "2026-09-30");
    ledger.policy("expenses", "2025-04-01", "2025-12-31");
    ledger.policy("leave", "2025-04-01", "2026-12-31");
    let many = ledger.feedback("2026-01-12", Respondents::Staff, 7);
    let few = ledger.feedback("2026-01-12", Respondents::Staff, 3);
    ledger.propose("core-hours", "2026-01-13", "flexible-working", heard, &many);
    ledger.propose("carers", "2026-01-13", "leave", heard, &few);
    ledger.propose("parental", "2026-01-14", "leave", (Origin::Law, ChangeNature::Substantive), &[]);
    ledger.propose("typo", "2026-01-14", "leave", (Origin::Other, ChangeNature::Editorial), &[]);
    ledger.at("2026-02-02T10:00:00Z").approve("core-hours", "2026-02-02");
    ledger.approve("carers", "2026-02-02");
    ledger.change("core-hours", "2026-02-02", "flexible-working", "2026-03-01", true);
    ledger.change("carers", "2026-02-02", "leave", "2026-03-06", true);
    ledger.propose("sick-pay", "2026-02-10", "leave", (Origin::Audit, ChangeNature::Substantive), &[]);
    ledger.approve("sick-pay", "2026-02-11");
    ledger.change("sick-pay", "2026-02-12", "leave", "2026-04-06", true);
    ledger.at("2026-02-16T10:00:00Z").change("parental", "2026-02-16", "leave", "2026-02-16", false);
    ledger.change("typo", "2026-02-16", "leave", "2026-02-17", false);
}

pub(crate) fn sample_report(name: ReportName) -> Report {
    let ledger = sample();
    let parameters = parameters("2026-03-31", ledger.facts.len() as u64, "2025-26");
    report(name, &ledger.views(), &parameters, &stand()).unwrap()
}

/// Every form of every report of the sample is what it was. `golden/R2.txt` and so on.
#[test]
fn outputs_are_what_they_were() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file!()).with_extension("");
    let forms = [(Format::Text, "txt"), (Format::Json, "json"), (Format::Csv, "csv"), (Format::Html, "html")];
    let mut differing = Vec::new();
    for name in ReportName::ALL {
        let report = sample_report(name);
        for (format, extension) in forms {
            let file = folder.join(format!("{}.{extension}", report.code));
            let now = render(&report, format, 80);
            if std::env::var_os("PLEDGEBOOK_BLESS").is_some() {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&file, &now).unwrap();
            }
            if std::fs::read(&file).ok().as_deref() != Some(now.as_bytes()) {
                differing.push(file.display().to_string());
            }
        }
    }
    assert!(differing.is_empty(), "{differing:#?}");
}
