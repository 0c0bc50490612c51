//! A sceptic's tests: for every question a ledger with exactly that defect, found by the answer to that question and by
//! no other.

pub(crate) mod ledger;

use jiff::civil::date;

use super::{
    Audited, Finding, Question,
    Verdict::{self, Broken, Holds, NotEstablished},
};
use crate::domain::event::{Access, Payload, ReportIssued};
use crate::domain::value::Sha256;
use ledger::{
    CANCELLED, SPARE, Unqualified, Writing, action, audit, code, erase_silently, event, granted, head,
    honest, passed, post, proposal, rewritten, smuggled, tampered,
};

/// Broken in the answer to that question, and in no other.
fn only(question: Question, otherwise: [Verdict; 5]) -> [Verdict; 5] {
    let mut verdicts = otherwise;
    verdicts[question as usize] = Broken;
    verdicts
}

/// All that can be established without anything from elsewhere.
const ALONE: [Verdict; 5] = [Holds, Holds, Holds, NotEstablished, Holds];

fn rules(audited: &Audited) -> Vec<(&'static str, Option<u64>)> {
    let findings = audited.conclusions.iter().flat_map(|it| &it.findings);
    findings.map(|it: &Finding| (it.rule, it.sequence)).collect()
}

fn notes(audited: &Audited, question: Question) -> String {
    let conclusion = &audited.conclusions[question as usize];
    conclusion.notes.iter().chain(&conclusion.limits).cloned().collect::<Vec<_>>().join("\n")
}

#[test]
fn given_an_honest_ledger_and_its_root_when_it_is_audited_then_every_verdict_holds() {
    let backend = honest();
    let (audited, verdicts) = audit(&backend, &[head(&backend)]);
    assert_eq!(verdicts, [Holds; 5], "{audited:#?}");
    assert_eq!(rules(&audited), []);
    let words = audited.words.as_ref().unwrap();
    assert_eq!((words.held, words.erased), (2, 0));
}

#[test]
fn given_nothing_from_elsewhere_when_a_ledger_is_audited_then_it_is_said_that_a_rewritten_one_verifies_too() {
    let (audited, verdicts) = audit(&honest(), &[]);
    assert_eq!(verdicts, ALONE);
    assert!(notes(&audited, Question::Freshness).contains("rewritten"), "{audited:#?}");
}

#[test]
fn given_no_event_is_opened_when_a_ledger_is_verified_then_integrity_alone_is_answered_and_the_rest_is_named()
{
    let backend = honest();
    let (report, audited) = passed(&backend);
    let [integrity] = &audited.conclusions[..] else { panic!("{audited:#?}") };
    assert_eq!((integrity.question, integrity.verdict), (Question::Integrity, Holds));
    assert!(notes(&audited, Question::Integrity).contains("events were not opened"), "{audited:#?}");
    assert!(!integrity.summary.contains("index"), "{audited:#?}");
    assert!(audited.words.is_none() && audited.opened.is_some());
    let known = head(&backend);
    assert_eq!((report.records, report.root), (known.size, known.root));

    let broken = tampered(&backend, |files| {
        let segment = files.get_mut("log/00000000.seg").unwrap();
        segment[5_000] ^= 1;
    });
    let (_, audited) = passed(&broken);
    assert_eq!(audited.conclusions[0].verdict, Broken);
}

#[test]
fn given_questions_that_were_asked_when_the_others_are_left_out_then_integrity_is_not() {
    let (mut audited, _) = audit(&honest(), &[]);
    audited.keep_only(&[Question::Erasure]);
    let answered: Vec<_> = audited.conclusions.iter().map(|it| it.question).collect();
    assert_eq!(answered, [Question::Integrity, Question::Erasure]);
}

#[test]
fn given_one_flipped_byte_when_it_is_audited_then_integrity_is_broken_and_nothing_else_is_said_to_hold() {
    let backend = honest();
    let kept = head(&backend);
    let backend = tampered(&backend, |files| {
        let segment = files.get_mut("log/00000000.seg").unwrap();
        let at = segment.windows(5).position(|bytes| bytes == b"spare").unwrap();
        segment[at] ^= 1;
    });
    let (audited, verdicts) = audit(&backend, &[kept]);
    let none_holds = [Broken, NotEstablished, NotEstablished, NotEstablished, NotEstablished];
    // That the statement does not match is a consequence, and listed.
    assert_eq!(verdicts, none_holds, "{audited:#?}");
    assert_eq!(audited.kept, [(kept, None)]);
}

#[test]
fn given_a_record_that_was_written_anew_with_all_hashes_when_a_root_was_kept_then_freshness_alone_is_broken()
{
    let backend = honest();
    let kept = head(&backend);
    let anew = rewritten(&backend, |sequence, record| {
        if sequence == SPARE {
            record.say(|event| match &mut event.payload {
                Payload::PostRegistered(post) => post.valid_from = date(2021, 1, 1),
                other => panic!("{other:?}"),
            });
        }
        true
    });
    assert_eq!(audit(&anew, &[]).1, ALONE, "whole in itself");
    let (audited, verdicts) = audit(&anew, &[kept]);
    assert_eq!(verdicts, only(Question::Freshness, ALONE));
    assert_eq!(rules(&audited), [("freshness.kept", Some(kept.size - 1))]);
    assert_eq!(audited.kept, [(kept, Some(false))]);
}

#[test]
fn given_a_level_file_that_was_changed_when_it_is_audited_then_integrity_alone_is_broken() {
    let backend = honest();
    let kept = head(&backend);
    let backend = tampered(&backend, |files| files.get_mut("public/tile/0").unwrap()[40] ^= 1);
    let (audited, verdicts) = audit(&backend, &[kept]);
    assert_eq!(verdicts, only(Question::Integrity, ALONE));
    assert_eq!(rules(&audited), [("level.hash", Some(1))]);
    assert_eq!(audited.kept, [(kept, None)], "roots are read from the levels");
}

#[test]
fn given_fewer_records_than_when_its_root_was_kept_then_freshness_alone_is_broken() {
    let backend = honest();
    let kept = head(&backend);
    let cut = rewritten(&backend, |sequence, _| sequence < kept.size - 1);
    let (audited, verdicts) = audit(&cut, &[kept]);
    // The only record of June went with it: by what is left, May is not over.
    assert_eq!(verdicts, only(Question::Freshness, ALONE), "{audited:#?}");
    assert!(audited.conclusions[3].findings[0].found.contains("11 records only"), "{audited:#?}");
}

#[test]
fn given_an_opinion_when_what_it_is_about_was_written_anew_then_freshness_alone_is_broken() {
    let backend = Writing::begin(Access::Granted).may().stated(0).audited(Unqualified).end();
    let (audited, verdicts) = audit(&backend, &[]);
    assert_eq!(verdicts, [Holds; 5], "{audited:#?}");
    assert!(audited.conclusions[3].summary.contains("Fernhill Assurance"));
    assert!(notes(&audited, Question::Freshness).contains("Ask the auditor"));
    let anew = rewritten(&backend, |sequence, record| {
        if sequence == SPARE {
            record.say(|event| event.actor_post = Some(code("head")));
        }
        true
    });
    let (audited, verdicts) = audit(&anew, &[]);
    assert_eq!(verdicts, only(Question::Freshness, ALONE));
    assert_eq!(rules(&audited), [("freshness.opinion", Some(12))]);
    let forged = rewritten(&backend, |sequence, record| {
        if sequence == 12 {
            record.say(|event| match &mut event.payload {
                Payload::AuditOpinionRecorded(opinion) => opinion.signature.0[0] ^= 1,
                other => panic!("{other:?}"),
            });
        }
        true
    });
    let (audited, verdicts) = audit(&forged, &[]);
    assert_eq!(verdicts, only(Question::Freshness, ALONE));
    assert_eq!(rules(&audited), [("freshness.signature", Some(12))]);
}

#[test]
fn given_a_sources_numbers_when_one_is_missing_or_comes_twice_then_completeness_alone_is_broken() {
    let mut writing = Writing::begin(Access::Granted);
    writing.count_from(40);
    let mut writing = writing.may();
    writing.count_from(51);
    writing.add(post("late"));
    let (audited, verdicts) = audit(&writing.end(), &[]);
    assert_eq!(verdicts, only(Question::Completeness, ALONE), "{audited:#?}");
    assert_eq!(rules(&audited), [("completeness.gap", Some(11))]);
    assert!(audited.conclusions[1].findings[0].found.contains("50 to 51"), "{audited:#?}");

    let mut writing = Writing::begin(Access::Granted);
    writing.count_from(0);
    let mut writing = writing.may();
    writing.count_from(3);
    writing.add(post("again"));
    let (audited, verdicts) = audit(&writing.end(), &[]);
    assert_eq!(verdicts, only(Question::Completeness, ALONE));
    assert_eq!(rules(&audited), [("completeness.repeat", Some(11))]);
}

#[test]
fn given_a_statement_when_a_record_was_dropped_and_all_written_anew_then_completeness_alone_is_broken() {
    let backend = honest();
    let dropped = rewritten(&backend, |sequence, _| sequence != SPARE);
    let (audited, verdicts) = audit(&dropped, &[]);
    assert_eq!(verdicts, only(Question::Completeness, ALONE));
    assert_eq!(rules(&audited), [("completeness.statement", Some(SPARE))]);
    assert!(notes(&audited, Question::Completeness).is_empty());
    // Marking it does not make it hold.
    let marked = rewritten(&backend, |sequence, record| {
        if sequence == SPARE + 1 {
            record.flag("STATEMENT_MISMATCH");
        }
        sequence != SPARE
    });
    let (audited, verdicts) = audit(&marked, &[]);
    assert_eq!(verdicts, [Holds, NotEstablished, Holds, NotEstablished, Holds]);
    assert!(notes(&audited, Question::Completeness).contains("tracker stated 9 events"), "{audited:#?}");
    // Nor is a mark left standing where the ledger holds just what was stated.
    let unasked = rewritten(&backend, |sequence, record| {
        if sequence == SPARE + 1 {
            record.flag("STATEMENT_MISMATCH");
        }
        true
    });
    let (audited, verdicts) = audit(&unasked, &[]);
    assert_eq!(verdicts, only(Question::Completeness, ALONE));
    assert_eq!(rules(&audited), [("completeness.statement", Some(SPARE + 1))]);
}

#[test]
fn given_a_statement_that_never_matched_when_it_is_audited_then_that_is_told_and_nothing_is_broken() {
    let backend = Writing::begin(Access::Granted).may().stated(2).end();
    let (audited, verdicts) = audit(&backend, &[]);
    assert_eq!(verdicts, [Holds, NotEstablished, Holds, NotEstablished, Holds]);
    assert!(notes(&audited, Question::Completeness).contains("tracker stated 11 events"), "{audited:#?}");
    assert_eq!(rules(&audited), []);
}

#[test]
fn given_a_month_without_a_statement_when_it_is_over_then_its_source_is_silent_and_nothing_is_broken() {
    let backend = Writing::begin(Access::Granted).may().end();
    assert_eq!(audit(&backend, &[]).1, ALONE, "May is not over");
    let writing = Writing::begin(Access::Granted).may();
    writing.by("operator", granted("tracker", &["*"]));
    let mut later = writing.stated(0);
    later.add(post("june"));
    let (audited, verdicts) = audit(&later.end(), &[]);
    assert_eq!(verdicts, ALONE, "{audited:#?}");
    let quiet = Writing::begin(Access::Granted);
    quiet.by("operator", granted("survey-tool", &["*"]));
    let (audited, verdicts) = audit(&quiet.may().stated(0).end(), &[]);
    assert_eq!(verdicts, [Holds, NotEstablished, Holds, NotEstablished, Holds]);
    let notes = notes(&audited, Question::Completeness);
    assert!(notes.contains("survey-tool is silent") && notes.contains("in 2025-05."), "{notes}");
}

#[test]
fn given_a_report_over_more_records_than_there_were_when_it_is_audited_then_completeness_alone_is_broken() {
    let backend = honest();
    let issued = |as_known, definition_version| {
        proposal(event(
            &format!("issued-report/r{as_known}"),
            ReportIssued {
                report: code("R2"),
                release_point: None,
                as_at: date(2025, 5, 1),
                as_known,
                definition_version,
                sha256: Sha256([0; 32]),
                suppressed_cells: 0,
            },
        ))
    };
    let size = head(&backend).size;
    smuggled(&backend, "tracker", &issued(size, 2));
    assert_eq!(audit(&backend, &[]).1, ALONE);
    smuggled(&backend, "tracker", &issued(size + 1, 9));
    let (audited, verdicts) = audit(&backend, &[]);
    assert_eq!(verdicts, [Holds, NotEstablished, Holds, NotEstablished, Holds]);
    assert!(notes(&audited, Question::Completeness).contains("its definition 9"), "{audited:#?}");
    smuggled(&backend, "tracker", &issued(size + 3, 2));
    let (audited, verdicts) = audit(&backend, &[]);
    assert_eq!(verdicts, only(Question::Completeness, ALONE));
    assert_eq!(rules(&audited), [("completeness.report", Some(size + 2))]);
}

#[test]
fn given_a_record_of_a_source_that_was_not_granted_it_then_when_it_is_audited_then_authorisation_alone_is_broken()
 {
    let backend = honest();
    let size = head(&backend).size;
    smuggled(&backend, "stranger", &post("smuggled"));
    smuggled(&backend, "operator", &granted("stranger", &["action.*"]));
    smuggled(&backend, "stranger", &action("granted"));
    smuggled(&backend, "stranger", &post("beyond"));
    // What only the operator may say.
    smuggled(&backend, "stranger", &granted("stranger", &["*"]));
    let (audited, verdicts) = audit(&backend, &[]);
    // A grant that came later excuses nothing.
    assert_eq!(verdicts, only(Question::Authorisation, ALONE), "{audited:#?}");
    let denied = [size, size + 3, size + 4].map(|it| ("authorisation.grant", Some(it)));
    assert_eq!(rules(&audited), denied);
}

#[test]
fn given_a_ledger_without_accounts_when_it_is_audited_then_who_posted_is_not_established() {
    let backend = Writing::begin(Access::Open).may().stated(0).end();
    let (audited, verdicts) = audit(&backend, &[]);
    assert_eq!(verdicts, [Holds, Holds, NotEstablished, NotEstablished, Holds], "{audited:#?}");
    assert!(notes(&audited, Question::Authorisation).contains("anybody who could reach the port"));
}

#[test]
fn given_words_when_they_are_altered_missing_or_erased_unsaid_then_erasure_alone_is_broken() {
    let backend = honest();
    let altered = rewritten(&backend, |sequence, record| {
        if sequence == CANCELLED[0] {
            record.words[0].2.push('!');
        }
        true
    });
    let (audited, verdicts) = audit(&altered, &[head(&backend)]);
    assert_eq!(verdicts, only(Question::Erasure, [Holds; 5]), "{audited:#?}");
    assert_eq!(rules(&audited), [("words.altered", Some(CANCELLED[0]))]);

    let missing = rewritten(&backend, |sequence, record| {
        if sequence == CANCELLED[1] {
            record.words.clear();
        }
        true
    });
    let (audited, verdicts) = audit(&missing, &[head(&backend)]);
    assert_eq!(verdicts, only(Question::Erasure, [Holds; 5]));
    assert_eq!(rules(&audited), [("words.missing", Some(CANCELLED[1]))]);

    erase_silently(&backend, CANCELLED[1]);
    let (audited, verdicts) = audit(&backend, &[head(&backend)]);
    assert_eq!(verdicts, only(Question::Erasure, [Holds; 5]));
    assert_eq!(rules(&audited), [("words.unexplained", Some(CANCELLED[1]))]);
}

#[test]
fn given_words_that_an_event_says_are_erased_when_they_are_then_it_holds_and_if_they_are_back_it_is_broken() {
    let before = Writing::begin(Access::Granted).may().stated(0).end().dump();
    let backend = Writing::begin(Access::Granted).may().stated(0).erased().end();
    let (audited, verdicts) = audit(&backend, &[]);
    assert_eq!(verdicts, ALONE, "{audited:#?}");
    let words = audited.words.as_ref().unwrap();
    assert_eq!((words.held, words.erased), (1, 1));
    assert!(notes(&audited, Question::Erasure).contains("1 erased by record 13, attested by head"));
    let back = tampered(&backend, |files| {
        let words = "log/words/00000000.words";
        assert_eq!(files[words].len(), before[words].len());
        files.insert(words.to_owned(), before[words].clone());
    });
    let (audited, verdicts) = audit(&back, &[]);
    // Both ledgers have the same words with the same nonces.
    assert_eq!(verdicts, only(Question::Erasure, ALONE), "{audited:#?}");
    assert_eq!(rules(&audited), [("words.not_erased", Some(CANCELLED[0]))]);
}

#[test]
fn given_more_records_than_wait_together_when_they_are_audited_then_all_are_seen_in_order() {
    let writing = Writing::begin(Access::Granted);
    let mut writing = writing.may();
    writing.count_from(0);
    for number in 0..2_500 {
        writing.add(post(&format!("p{number}")));
    }
    let backend = writing.end();
    let (audited, verdicts) = audit(&backend, &[]);
    assert_eq!(verdicts, ALONE, "{audited:#?}");
    assert!(audited.conclusions[1].summary.contains("2,500 numbered"), "{audited:#?}");
}

#[test]
fn given_a_ledger_that_is_written_anew_and_unchanged_when_it_is_audited_then_it_is_the_same_ledger() {
    let backend = honest();
    let seen = rewritten(&backend, |sequence, record| {
        assert_eq!(CANCELLED.contains(&sequence), !record.words.is_empty(), "{sequence}");
        true
    });
    assert_eq!(audit(&seen, &[head(&backend)]).1, [Holds; 5]);
}
