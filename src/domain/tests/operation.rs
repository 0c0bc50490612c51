//! Erasures, release points, issued reports, auditors' opinions, the clock.

use super::says::*;
use super::says_operation::*;
use super::{Given, given, given_nothing};
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;
use crate::domain::value::{PublicKey, Signature};

/// The day on which everything given is recorded.
const TODAY: &str = "2026-06-15";

/// A plan, a move with words, an item of feedback with content, an item without; and the sequence of the first.
fn words_and_content() -> (Given, u64) {
    let mut content = feedback_received(Anonymity::Named, Contact::Direct);
    content.content_commitment = Some(hash("content"));
    let was = given([
        planned("2025-04-01"),
        revised("2025-04-02", "2025-06-30", "2025-07-31"),
        on("2025-05-01", &item(1), content),
        received("2025-05-01", 2),
    ]);
    let first = was.first;
    (was, first)
}

fn requested() -> Given {
    let (was, first) = words_and_content();
    was.and([asked("2026-06-01", &[(first + 1, Some("reason"))])])
}

#[test]
fn given_words_and_content_when_their_erasure_is_asked_for_then_it_is_accepted() {
    let (was, first) = words_and_content();
    was.when(asked("2026-06-01", &[(first + 1, Some("reason")), (first + 2, None)]))
        .then_accepted()
        .and_state("erasure/e", "REQUESTED");
    let (was, first) = words_and_content();
    was.when(asked("2026-06-01", &[(first + 1, None)])).then_accepted();
}

#[test]
fn given_a_request_when_it_is_decided_then_that_is_the_end() {
    requested().when(not_erased("2026-06-02")).then_accepted().and_state("erasure/e", "REFUSED");
    requested().when(erased("2026-06-02", "2026-06-02")).then_accepted().and_state("erasure/e", "ERASED");
}

#[test]
fn erasure_of_nothing() {
    given([])
        .when(asked("2026-06-01", &[]))
        .then_malformed(&ERASURE_OF_NOTHING, "erasure_requested.references");
}

#[test]
fn no_words_in_field() {
    for (offset, field) in [(0, "reason"), (1, "title"), (1, "definition"), (2, "content_commitment")] {
        let (was, first) = words_and_content();
        was.when(asked("2026-06-01", &[(first + 1, Some("reason")), (first + offset, Some(field))]))
            .then_malformed(&NO_WORDS_IN_FIELD, "erasure_requested.references[1].field");
    }
}

#[test]
fn nothing_beside_record() {
    for offset in [0, 3] {
        let (was, first) = words_and_content();
        was.when(asked("2026-06-01", &[(first + offset, None)]))
            .then_malformed(&NOTHING_BESIDE_RECORD, "erasure_requested.references[0].sequence");
    }
}

#[test]
fn given_no_such_record_when_its_erasure_is_asked_for_then_it_is_unknown() {
    let (was, first) = words_and_content();
    was.when(asked("2026-06-01", &[(first + 1, None), (first + 4, None)]))
        .then_unknown("erasure_requested.references[1].sequence", &format!("record {}", first + 4));
}

#[test]
fn given_everything_of_a_record_when_a_field_of_it_is_named_too_then_it_is_named_twice() {
    for fields in
        [[None, None], [None, Some("reason")], [Some("reason"), None], [Some("reason"), Some("reason")]]
    {
        let (was, first) = words_and_content();
        let references = [(first + 1, fields[0]), (first + 1, fields[1])];
        was.when(asked("2026-06-01", &references))
            .then_malformed(&NAMED_TWICE, "erasure_requested.references[1]");
    }
}

#[test]
fn erasure_already_requested() {
    let again = |was: &Given| asked("2026-06-03", &[(was.first + 2, None)]);
    let was = requested();
    let said = again(&was);
    was.when(said).then_refused(&ERASURE_ALREADY_REQUESTED).because_of(4);
    let was = requested().and([not_erased("2026-06-02")]);
    let said = again(&was);
    was.when(said).then_refused(&ERASURE_ALREADY_REQUESTED).because_of(5);
}

#[test]
fn erasure_not_requested() {
    given([]).when(not_erased("2026-06-02")).then_refused(&ERASURE_NOT_REQUESTED);
    given([]).when(erased("2026-06-02", "2026-07-02")).then_refused(&ERASURE_NOT_REQUESTED);
    // Before it was asked for.
    requested().when(erased("2026-05-31", "2026-07-02")).then_refused(&ERASURE_NOT_REQUESTED).because_of(4);
}

#[test]
fn erasure_already_decided() {
    let refused = || requested().and([not_erased("2026-06-02")]);
    refused().when(erased("2026-06-03", "2026-07-02")).then_refused(&ERASURE_ALREADY_DECIDED).because_of(5);
    refused().when(not_erased("2026-06-03")).then_refused(&ERASURE_ALREADY_DECIDED).because_of(5);
    // Backdated between the request and its refusal, which could then not be true.
    refused().when(erased("2026-06-01", "2026-07-02")).then_refused(&ERASURE_ALREADY_DECIDED).because_of(5);
    let erased_already = || requested().and([erased("2026-06-02", "2026-07-02")]);
    erased_already()
        .when(erased("2026-06-03", "2026-07-02"))
        .then_refused(&ERASURE_ALREADY_DECIDED)
        .because_of(5);
    erased_already().when(not_erased("2026-06-03")).then_refused(&ERASURE_ALREADY_DECIDED).because_of(5);
}

#[test]
fn given_a_refusal_when_it_is_voided_then_the_request_is_open_again() {
    let refusal = not_erased("2026-06-02");
    requested()
        .and([refusal.clone()])
        .when(void("2026-06-03", &refusal))
        .then_accepted()
        .and_state("erasure/e", "REQUESTED")
        .given
        .when(erased("2026-06-04", "2026-07-02"))
        .then_accepted();
}

#[test]
fn given_an_erasure_when_its_request_is_voided_then_the_void_is_refused() {
    let (was, first) = words_and_content();
    let request = asked("2026-06-01", &[(first + 1, None)]);
    was.and([request.clone(), erased("2026-06-02", "2026-07-02")])
        .when(void("2026-06-03", &request))
        .then_refused(&ERASURE_NOT_REQUESTED)
        .because_of(5);
}

#[test]
fn backups_expire_before() {
    requested()
        .when(erased("2026-06-02", "2026-06-01"))
        .then_malformed(&BACKUPS_EXPIRE_BEFORE, "content_erased.backups_expire_on");
}

#[test]
fn given_an_erasure_when_nobody_valid_attests_it_then_it_is_refused() {
    let by = |post: &str| {
        erased("2026-06-02", "2026-07-02").with(|event| {
            if let Payload::ContentErased(erased) = &mut event.payload {
                erased.attested_by = code(post);
            }
        })
    };
    requested().when(by("nobody")).then_unknown("content_erased.attested_by", "post/nobody");
    requested()
        .and([post("former", "2020-01-01", Some("2025-12-31"), &[])])
        .when(by("former"))
        .then_refused(&POST_NOT_VALID);
}

#[test]
fn given_a_grant_for_another_post_when_an_erasure_is_attested_then_it_is_not_granted() {
    requested()
        .and([grant("store", &["erasure.*"], &["*"], &["head"])])
        .when(erased("2026-06-02", "2026-07-02").from("store"))
        .then_not_granted("post assessor");
}

#[test]
fn given_release_points_when_declared_an_interval_apart_then_they_are_accepted() {
    given([])
        .when(release_point("first", TODAY, 3))
        .then_accepted()
        .and_state("release-point/first", "DECLARED")
        .given
        .at("2026-09-01T12:00:00Z")
        .when(release_point("second", "2026-07-13", 3))
        .then_accepted();
}

#[test]
fn release_point_already_declared() {
    given([release_point("first", TODAY, 3)])
        .at("2026-09-01T12:00:00Z")
        .when(release_point("first", "2026-08-15", 4))
        .then_refused(&RELEASE_POINT_ALREADY_DECLARED)
        .because_of(0);
}

#[test]
fn release_point_too_soon() {
    let was = || given([release_point("a", TODAY, 3)]).at("2026-12-01T12:00:00Z");
    was().when(release_point("b", TODAY, 3)).then_refused(&RELEASE_POINT_TOO_SOON).because_of(0);
    was().when(release_point("b", "2026-07-12", 3)).then_refused(&RELEASE_POINT_TOO_SOON).because_of(0);
    was().when(release_point("b", "2026-07-13", 3)).then_accepted();
    let was = || was().and([release_point("c", "2026-08-10", 4)]);
    was().when(release_point("b", "2026-09-06", 4)).then_refused(&RELEASE_POINT_TOO_SOON).because_of(1);
    was().when(release_point("b", "2026-09-07", 4)).then_accepted();
}

#[test]
fn given_a_longer_interval_in_the_settings_when_a_point_is_declared_then_it_counts() {
    let was = || given([settings("2026-06-01", 5, 10, 40), release_point("a", TODAY, 3)]);
    let was = || was().at("2026-12-01T12:00:00Z");
    was().when(release_point("b", "2026-07-24", 3)).then_refused(&RELEASE_POINT_TOO_SOON).because_of(1);
    was().when(release_point("b", "2026-07-25", 3)).then_accepted();
}

#[test]
fn given_no_settings_when_points_are_declared_then_they_lie_28_days_apart() {
    let was = || given_nothing().and([opened(), release_point("a", TODAY, 1)]).at("2026-12-01T12:00:00Z");
    was().when(release_point("b", "2026-07-12", 1)).then_refused(&RELEASE_POINT_TOO_SOON).because_of(1);
    was().when(release_point("b", "2026-07-13", 1)).then_accepted();
}

#[test]
fn release_point_backwards() {
    let was = || given([release_point("a", TODAY, 5)]).at("2026-12-01T12:00:00Z");
    was().when(release_point("b", "2026-09-01", 4)).then_refused(&RELEASE_POINT_BACKWARDS).because_of(0);
    was().when(release_point("b", "2026-09-01", 5)).then_flagged(&[]);
}

#[test]
fn release_point_overtaken() {
    // It would lie far enough from both, and count no fewer records than the one and no more than the other: but figures
    // of 1 November are released, and would be taken back to those of 1 September.
    let was = || {
        let points = [release_point("a", TODAY, 5), release_point("c", "2026-11-01", 7)];
        given([]).at("2026-12-01T12:00:00Z").and(points)
    };
    for position in [5, 6, 7] {
        was()
            .when(release_point("b", "2026-09-01", position))
            .then_refused(&RELEASE_POINT_OVERTAKEN)
            .because_of(1);
    }
    was().when(release_point("b", "2026-10-31", 7)).then_refused(&RELEASE_POINT_OVERTAKEN).because_of(1);
    was().when(release_point("b", "2026-11-29", 7)).then_accepted();
}

#[test]
fn given_a_release_point_for_a_day_long_ago_when_none_was_declared_since_then_it_is_accepted() {
    // Declared months late, and nothing later was released meanwhile: nothing is taken back.
    given([release_point("a", TODAY, 3)])
        .at("2026-12-01T12:00:00Z")
        .when(release_point("b", "2026-07-13", 3))
        .then_accepted();
}

#[test]
fn records_not_held() {
    let size = given([]).first;
    given([]).when(release_point("a", TODAY, size)).then_accepted();
    given([]).when(release_point("a", TODAY, size + 1)).then_refused(&RECORDS_NOT_HELD);
    let report = |as_known| issued(TODAY, ReportIssued { as_known, ..report_issued() });
    given([]).when(report(size)).then_accepted();
    given([]).when(report(size + 1)).then_refused(&RECORDS_NOT_HELD);
    given([]).when(concluded(TODAY, opinion(0, size))).then_accepted();
    given([]).when(concluded(TODAY, opinion(0, size + 1))).then_refused(&RECORDS_NOT_HELD);
    // On the day before, none of them was held.
    given([]).when(release_point("a", "2026-06-14", 1)).then_refused(&RECORDS_NOT_HELD);
}

#[test]
fn given_a_record_from_just_after_midnight_when_counted_for_the_day_before_then_clocks_may_differ() {
    let report = |was: &Given| issued(TODAY, ReportIssued { as_known: was.first + 1, ..report_issued() });
    let was = given([]).at("2026-06-15T23:04:59Z").and([planned("2025-04-01")]);
    let said = report(&was);
    was.when(said).then_accepted();
    let was = given([]).at("2026-06-15T23:05:00Z").and([planned("2025-04-01")]);
    let said = report(&was);
    was.when(said).then_refused(&RECORDS_NOT_HELD).because_of(0);
}

#[test]
fn given_no_records_when_a_position_counts_them_then_it_is_zero() {
    given([])
        .when(release_point("a", TODAY, 0))
        .then_malformed(&COUNT_IS_ZERO, "release_point_declared.position");
    given([])
        .when(issued(TODAY, ReportIssued { as_known: 0, ..report_issued() }))
        .then_malformed(&COUNT_IS_ZERO, "report_issued.as_known");
    given([])
        .when(issued(TODAY, ReportIssued { definition_version: 0, ..report_issued() }))
        .then_malformed(&COUNT_IS_ZERO, "report_issued.definition_version");
}

#[test]
fn report_unknown() {
    for name in ["R0", "R13", "r5", "R05", "R"] {
        given([])
            .when(issued(TODAY, ReportIssued { report: code(name), ..report_issued() }))
            .then_malformed(&REPORT_UNKNOWN, "report_issued.report");
    }
    for number in 1..=12 {
        let report = ReportIssued { report: code(&format!("R{number}")), ..report_issued() };
        given([]).when(issued(TODAY, report)).then_accepted().and_state("issued-report/r", "RECORDED");
    }
}

#[test]
fn as_at_after_issue() {
    given([])
        .when(issued(TODAY, ReportIssued { as_at: day("2026-06-16"), ..report_issued() }))
        .then_malformed(&AS_AT_AFTER_ISSUE, "report_issued.as_at");
}

#[test]
fn release_point_after_report() {
    let with = |as_known| {
        let release_point = Some(code("a"));
        issued("2026-07-01", ReportIssued { release_point, as_known, ..report_issued() })
    };
    let was = || given([release_point("a", TODAY, 3)]).at("2026-12-01T12:00:00Z");
    was().when(with(3)).then_accepted();
    was().when(with(2)).then_refused(&RELEASE_POINT_AFTER_REPORT).because_of(0);
    given([])
        .at("2026-12-01T12:00:00Z")
        .and([release_point("a", "2026-07-02", 3)])
        .when(with(3))
        .then_refused(&RELEASE_POINT_AFTER_REPORT)
        .because_of(0);
    given([])
        .at("2026-12-01T12:00:00Z")
        .when(with(3))
        .then_unknown("report_issued.release_point", "release-point/a");
}

#[test]
fn report_already_issued() {
    let report = || issued(TODAY, report_issued());
    given([report()]).when(report()).then_refused(&REPORT_ALREADY_ISSUED).because_of(0);
    let first = report();
    given([first.clone()]).when(void(TODAY, &first)).then_refused(&VOID_OF_OPERATION).because_of(0);
}

#[test]
fn opinion_already_recorded() {
    let said = || concluded(TODAY, opinion(0, 3));
    given([said()]).when(said()).then_refused(&OPINION_ALREADY_RECORDED).because_of(0);
}

#[test]
fn opinion_range_empty() {
    for (first, end) in [(3, 3), (3, 2), (0, 0)] {
        given([])
            .when(concluded(TODAY, opinion(first, end)))
            .then_malformed(&OPINION_RANGE_EMPTY, "audit_opinion_recorded.end");
    }
    given([]).when(concluded(TODAY, opinion(2, 3))).then_accepted().and_state("audit-opinion/o", "RECORDED");
}

#[test]
fn opinion_key() {
    // Not a point of the curve; the neutral element, for which anybody can sign.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut off_the_curve = [0; 32];
    off_the_curve[0] = 2;
    for key in [neutral, off_the_curve] {
        given([])
            .when(concluded(TODAY, AuditOpinionRecorded { public_key: PublicKey(key), ..opinion(0, 3) }))
            .then_malformed(&OPINION_KEY, "audit_opinion_recorded.public_key");
    }
}

#[test]
fn opinion_signature() {
    let good = || opinion(0, 3);
    let mut flipped = good().signature.0;
    flipped[40] ^= 1;
    let bent = [
        AuditOpinionRecorded { first: 1, ..good() },
        AuditOpinionRecorded { end: 4, ..good() },
        AuditOpinionRecorded { root: hash("another root"), ..good() },
        AuditOpinionRecorded { result: OpinionResult::Qualified, ..good() },
        AuditOpinionRecorded { auditor: label("Somebody else"), ..good() },
        AuditOpinionRecorded { signature: Signature(flipped), ..good() },
        AuditOpinionRecorded { signature: Signature([0; 64]), ..good() },
    ];
    for opinion in bent {
        given([])
            .when(concluded(TODAY, opinion))
            .then_malformed(&OPINION_SIGNATURE, "audit_opinion_recorded.signature");
    }
}

#[test]
fn given_an_opinion_about_another_ledger_when_recorded_here_then_its_signature_is_not_this_statements() {
    let other = opened().with(|event| {
        if let Payload::LedgerOpened(opened) = &mut event.payload {
            opened.origin = "ledger.example/other".into();
        }
    });
    given_nothing()
        .and([other])
        .when(concluded(TODAY, opinion(0, 1)))
        .then_malformed(&OPINION_SIGNATURE, "audit_opinion_recorded.signature");
}

/// Signed by another implementation (pyca/cryptography) over the statement written out here.
#[test]
fn given_an_opinion_signed_elsewhere_when_recorded_then_it_is_accepted() {
    const KEY: &str = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c";
    const SIGNATURE: &str = concat!(
        "feac7981107ae698ea220b862ed1f42f7f42f4973b41535a3363054c293c472a",
        "9406015f191f0915e5cbe91fb7e337a975670c3a366aec23ba8a91b77750ec08"
    );
    let golden = AuditOpinionRecorded {
        public_key: PublicKey(const_hex::decode_to_array(KEY).unwrap()),
        signature: Signature(const_hex::decode_to_array(SIGNATURE).unwrap()),
        ..opinion(0, 3)
    };
    assert_eq!(
        golden.statement("ledger.example/acme"),
        "pledgebook audit opinion v1\nledger.example/acme\n0\n3\n\
         db2effe64d36352bcd4c260bde0e1138310c9f77b89d4c57578652f9b185b630\n\
         UNQUALIFIED\nOutside Auditors\n"
    );
    given([]).when(concluded(TODAY, golden)).then_accepted();
}

#[test]
fn ledger_not_opened() {
    given([]).when(clock(TODAY, "other", 5)).then_refused(&LEDGER_NOT_OPENED);
}

#[test]
fn given_a_ledger_that_was_opened_under_a_clock_ahead_when_it_is_set_right_then_that_is_taken() {
    given([])
        .when(clock("2024-12-31", "acme", 90_000))
        .then_flagged(&[LateRecorded])
        .and_state("ledger/acme", "OPENED");
}

#[test]
fn given_a_ledger_when_its_clock_is_set_then_it_stays_open() {
    for drift in [-3_600, 0, 5] {
        given([]).when(clock(TODAY, "acme", drift)).then_accepted().and_state("ledger/acme", "OPENED");
    }
    given([clock(TODAY, "acme", 5)]).when(clock("2026-06-14", "acme", 5)).then_flagged(&[LateRecorded]);
}

#[test]
fn given_a_clock_when_anybody_but_the_operator_sets_it_then_it_is_not_granted() {
    given([]).when(clock(TODAY, "acme", 5).from("register")).then_not_granted("type clock.corrected");
    given([])
        .when(grant("x", &["clock.corrected"], &[], &[]))
        .then_malformed(&GRANT_TYPE, "grant_changed.types[0]");
    given([grant("tracker", &["*"], &["*"], &["*"])])
        .when(clock(TODAY, "acme", 5).from("tracker"))
        .then_not_granted("type clock.corrected");
}

#[test]
fn given_what_others_have_acted_on_when_voided_then_the_void_is_refused() {
    let final_ones = [release_point("a", TODAY, 3), concluded(TODAY, opinion(0, 3)), clock(TODAY, "acme", 5)];
    for said in final_ones {
        given([said.clone()]).when(void(TODAY, &said)).then_refused(&VOID_OF_OPERATION).because_of(0);
    }
    let erasure = erased("2026-06-02", "2026-07-02");
    requested()
        .and([erasure.clone()])
        .when(void("2026-06-03", &erasure))
        .then_refused(&VOID_OF_OPERATION)
        .because_of(5);
}
