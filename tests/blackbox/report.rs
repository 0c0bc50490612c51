//! Reports over gRPC: which position, which day.

use pledgebook::grpc::wire::{
    GetReportRequest, ListDefinitionsRequest, ListLedgersRequest, Report, ReportName,
};
use std::time::Duration;
use tonic::{Code, Request};

use crate::seed::{action, completed, date, pledged};
use crate::server::{LEDGER, Server, field, reason};

fn lateness() -> GetReportRequest {
    GetReportRequest {
        ledger: LEDGER.into(),
        report: ReportName::Lateness.into(),
        as_at: Some(date(2025, 12, 31)),
        ..Default::default()
    }
}

async fn report(server: &Server, request: GetReportRequest) -> Report {
    server.reports().get_report(request).await.unwrap().into_inner().report.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn given_later_events_when_a_report_is_asked_for_as_known_before_then_it_is_the_same_as_it_was() {
    let server = pledged().await;
    server.append("tracker", vec![action("rest", date(2025, 6, 1))]).await.unwrap();
    let size = server.size(LEDGER).await;
    let before = report(&server, GetReportRequest { at_least: Some(size), ..lateness() }).await;
    assert_eq!((before.as_known, before.code.as_str(), before.example_data), (size, "R2", true));
    assert_eq!(before.ledger, LEDGER);
    let ledger =
        server.admin().list_ledgers(ListLedgersRequest {}).await.unwrap().into_inner().ledgers.remove(0);
    assert_eq!(before.root_hash, ledger.root_hash);

    server.append("tracker", vec![completed("rest")]).await.unwrap();
    let as_known = report(&server, GetReportRequest { as_known: Some(size), ..lateness() }).await;
    assert_eq!(as_known, before);
    let now = report(&server, GetReportRequest { at_least: Some(size + 1), ..lateness() }).await;
    assert_eq!(now.as_known, size + 1);
    assert_ne!(now.root_hash, before.root_hash);
    let server = server.restart().await;
    assert_eq!(report(&server, GetReportRequest { as_known: Some(size), ..lateness() }).await, before);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_every_report_when_it_is_asked_for_without_parameters_then_it_is_about_today() {
    let server = pledged().await;
    for name in [ReportName::Commitments, ReportName::Lateness, ReportName::PolicyChanges] {
        let request = GetReportRequest { ledger: LEDGER.into(), report: name.into(), ..Default::default() };
        let report = report(&server, request).await;
        let today =
            jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::get("Europe/London").unwrap()).date();
        let as_at = report.as_at.unwrap();
        assert_eq!(
            (as_at.year, as_at.month, as_at.day),
            (today.year().into(), today.month().into(), today.day().into())
        );
        assert!(report.period.len() == 7 && !report.figures.is_empty());
    }
    server.stop().await;
}

/// Whoever reads a report can ask what its words mean, in the version that it was worked out by.
#[tokio::test(flavor = "multi_thread")]
async fn given_a_report_when_its_definition_is_asked_for_then_the_version_is_its_own_and_the_terms_are_there()
{
    let server = pledged().await;
    let report = report(&server, lateness()).await;
    let asked = |reports: Vec<i32>| ListDefinitionsRequest { reports };
    let list = async |request| {
        server.reports().list_definitions(request).await.map(|it| it.into_inner().definitions)
    };
    let one = list(asked(vec![ReportName::Lateness.into(), ReportName::Lateness.into()])).await.unwrap();
    assert_eq!(one.len(), 1);
    assert_eq!((&one[0].version, &one[0].title), (&report.definition_version, &report.title));
    assert!(one[0].terms.iter().any(|term| term.term == "First date we gave" && term.meaning.ends_with('.')));
    let all = list(asked(vec![])).await.unwrap();
    let codes: Vec<_> = all.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(codes, ["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R12"]);
    let refused = list(asked(vec![2, 13])).await.unwrap_err();
    assert_eq!((refused.code(), field(&refused).as_str()), (Code::InvalidArgument, "reports[1]"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_parameters_that_make_no_sense_when_a_report_is_asked_for_then_the_field_is_named() {
    let server = pledged().await;
    let size = server.size(LEDGER).await;
    for (request, code, at) in [
        (GetReportRequest { report: 0, ..lateness() }, Code::InvalidArgument, "report"),
        (GetReportRequest { report: 13, ..lateness() }, Code::InvalidArgument, "report"),
        (
            GetReportRequest { as_at: Some(date(2025, 2, 30)), ..lateness() },
            Code::InvalidArgument,
            "as_at.day",
        ),
        (GetReportRequest { period: "2025".into(), ..lateness() }, Code::InvalidArgument, "period"),
        (GetReportRequest { as_known: Some(0), ..lateness() }, Code::InvalidArgument, "as_known"),
        (GetReportRequest { as_known: Some(size + 1), ..lateness() }, Code::OutOfRange, "as_known"),
    ] {
        let refused = server.reports().get_report(request).await.unwrap_err();
        assert_eq!((refused.code(), field(&refused).as_str()), (code, at));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_position_that_does_not_come_when_it_is_waited_for_then_the_deadline_says_how_far_it_got() {
    let server = pledged().await;
    let mut request = Request::new(GetReportRequest { at_least: Some(1_000), ..lateness() });
    // The header alone: the client's own timer would answer first.
    request.metadata_mut().insert("grpc-timeout", "500m".parse().unwrap());
    let refused = server.reports().get_report(request).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).1.as_str()), (Code::DeadlineExceeded, "VIEWS_BEHIND"));
    assert_eq!(reason(&refused).2["size"], "8");
    let mut request = Request::new(GetReportRequest { at_least: Some(9), ..lateness() });
    request.set_timeout(Duration::from_secs(10));
    let mut reports = server.reports();
    let waiting = tokio::spawn(async move { reports.get_report(request).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.append("tracker", vec![action("rest", date(2025, 6, 1))]).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().into_inner().report.unwrap().as_known, 9);
    server.stop().await;
}
