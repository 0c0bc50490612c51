//! Two ledgers on two servers that differ only in what must stay hidden, and a reader with a token who asks both for
//! everything: what it gets is the same, and what it is refused is refused by both.
//!
//! Invariant: masked are the Merkle root, times of recording and what follows from them (an issue's hash), and nothing else:
//! two servers sign two histories.

use pledgebook::auth::{Role, Roles, token::Book};
use pledgebook::grpc::wire::{
    self, CodeListAdopted, CodeListEntry, Event, ExplainFigureRequest, FeedbackClosedWithoutChange,
    FeedbackReceived, FeedbackResponded, FeedbackTold, GetReceiptRequest, GetReportRequest,
    GetSubjectRequest, IssueReportRequest, ListIssuedRequest, ReadRequest, ReleasePointDeclared, ReportName,
    Respondents, ResponseMode, ResponseOutcome, SubscribeRequest, TracePolicyChangeRequest,
    WatchReportRequest, event::Payload,
};
use std::time::{Duration, Instant};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::seed::{action, date, event, pledge};
use crate::server::{LEDGER, Server, Who};

/// Longer than anything here takes, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first item's id: a UUID of version 4.
const FIRST: u128 = 0xfeed_0000_0000_4000_8000_0000_0000_0000;

fn today() -> wire::Date {
    let today = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::get("Europe/London").unwrap()).date();
    date(today.year().into(), today.month().into(), today.day().into())
}

/// What becomes of one item.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Closed(&'static str, ResponseMode),
    Open,
}

/// The events of these items. The ids of events and items follow from their numbers, so that twins have the same.
fn spoken(fates: &[Fate]) -> Vec<Event> {
    let mut events = Vec::new();
    for (number, fate) in fates.iter().enumerate() {
        let subject = format!("feedback/{}", Uuid::from_u128(FIRST + number as u128));
        let received = FeedbackReceived {
            respondents: Respondents::Staff.into(),
            themes: vec!["leave".into()],
            channel: "survey".into(),
            anonymity: wire::Anonymity::Confidential.into(),
            contact: wire::Contact::ReplyToken.into(),
            ..Default::default()
        };
        let answered = FeedbackResponded {
            outcome: ResponseOutcome::NoChange.into(),
            mode: ResponseMode::Direct.into(),
            response_url: String::new(),
        };
        events.push(event(subject.as_str(), date(2025, 4, 7), Payload::FeedbackReceived(received)));
        events.push(event(subject.as_str(), date(2025, 4, 27), Payload::FeedbackResponded(answered)));
        if let Fate::Closed(reason, mode) = *fate {
            let closed =
                FeedbackClosedWithoutChange { reason_code: reason.into(), reason: "It was weighed.".into() };
            let told = FeedbackTold { mode: mode.into() };
            events.push(event(
                subject.as_str(),
                date(2025, 5, 6),
                Payload::FeedbackClosedWithoutChange(closed),
            ));
            events.push(event(subject, date(2025, 5, 7), Payload::FeedbackTold(told)));
        }
    }
    events
}

/// A server with such a ledger, and the token of a reader. Records: the pledge, one action, reasons, feedback, a release
/// point of all that, an issue of R3.
async fn house(fates: &[Fate], ids: &[Uuid]) -> (Server, Who, u64) {
    let server = Server::start().await;
    let entry = |code: &str| CodeListEntry { code: code.into(), title: code.into(), ..Default::default() };
    let reasons = CodeListAdopted { entries: vec![entry("cost"), entry("law")] };
    let mut events = pledge();
    events.push(action("rest", date(2026, 2, 1)));
    events.push(event("code-list/no-change-reason", date(2024, 1, 1), Payload::CodeListAdopted(reasons)));
    events.extend(spoken(fates));
    let position = 1 + events.len() as u64;
    let declared = ReleasePointDeclared { position };
    events.push(event("release-point/first", today(), Payload::ReleasePointDeclared(declared)));
    for (event, id) in events.iter_mut().zip(ids) {
        event.event_id = id.to_string();
    }
    for part in events.chunks(50) {
        server.append("governance", part.to_vec()).await.unwrap();
    }
    let issue = IssueReportRequest {
        report: Some(about(ReportName::Feedback, position + 1)),
        id: "r3".into(),
        actor_post: String::new(),
    };
    server.reports().issue_report(issue).await.unwrap();
    let mut book = Book::default();
    let secret = book.issue("reader", None, Roles::of(&[Role::Reader]), "2026-01-01").unwrap();
    book.save(&server.path().join("tokens.json")).unwrap();
    let who = Who::Token(secret.reveal().to_owned());
    let until = Instant::now() + PATIENCE;
    while server.reports_as(who.clone()).get_report(about(ReportName::Lateness, 1)).await.is_err() {
        assert!(Instant::now() < until, "the token was not read");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The release point and the issue stand behind what is released.
    (server, who, position + 2)
}

fn about(report: ReportName, as_known: u64) -> GetReportRequest {
    GetReportRequest {
        ledger: LEDGER.into(),
        report: report.into(),
        as_at: Some(today()),
        period: "2025-26".into(),
        as_known: Some(as_known),
        at_least: Some(as_known),
        ..Default::default()
    }
}

const REPORTS: [ReportName; 12] = [
    ReportName::Commitments,
    ReportName::Lateness,
    ReportName::Feedback,
    ReportName::ResponseTimes,
    ReportName::PolicyChanges,
    ReportName::Learning,
    ReportName::Reach,
    ReportName::Surveys,
    ReportName::Choice,
    ReportName::Restatements,
    ReportName::Trust,
    ReportName::Silence,
];

/// Every request that explains a figure or a cell of a report.
fn explanations(request: &GetReportRequest, report: &wire::Report) -> Vec<ExplainFigureRequest> {
    let base = || ExplainFigureRequest { report: Some(request.clone()), ..Default::default() };
    let headlines =
        report.figures.iter().map(|it| ExplainFigureRequest { figure_id: it.id.clone(), ..base() });
    let cells = report.tables.iter().flat_map(|table| {
        table.rows.iter().enumerate().flat_map(move |(number, row)| {
            row.cells.iter().map(move |cell| ExplainFigureRequest {
                table_id: table.id.clone(),
                row_subject: format!("#{}", number + 1),
                column_id: cell.id.clone(),
                ..base()
            })
        })
    });
    headlines.chain(cells).collect()
}

/// Everything that a reader is given, as text, with the root, times of recording and hashes left out.
async fn seen((server, who, size): &(Server, Who, u64)) -> Vec<String> {
    let size = *size;
    let mut reports = server.reports_as(who.clone());
    let mut seen = Vec::new();
    for as_known in [8, size / 2, size - 2, size - 1, size] {
        for name in REPORTS {
            let request = about(name, as_known);
            let mut report = reports.get_report(request.clone()).await.unwrap().into_inner().report.unwrap();
            (report.root_hash, report.known_until) = (Vec::new(), None);
            seen.push(format!("{report:?}"));
            if as_known != size {
                continue;
            }
            for request in explanations(&request, &report) {
                let mut told = reports.explain_figure(request).await.unwrap().into_inner();
                told.root_hash.clear();
                for event in &mut told.events {
                    event.recorded_at = None;
                    // An issue is about the moment at which the server recorded it.
                    event.occurred.take_if(|_| event.r#type == "report.issued");
                    assert!(!event.subject.starts_with("feedback/"), "{event:?}");
                }
                seen.push(format!("{told:?}"));
            }
        }
    }
    let traced = TracePolicyChangeRequest {
        ledger: LEDGER.into(),
        subject: "action/rest".into(),
        ..Default::default()
    };
    let mut traced = reports.trace_policy_change(traced).await.unwrap().into_inner();
    traced.root_hash.clear();
    seen.push(format!("{traced:?}"));
    let list = ListIssuedRequest { ledger: LEDGER.into(), ..Default::default() };
    let mut issued = reports.list_issued(list).await.unwrap().into_inner();
    issued.issued.iter_mut().for_each(|it| it.sha256.clear());
    seen.push(format!("{issued:?}"));
    let watch = WatchReportRequest {
        report: Some(GetReportRequest { as_known: None, ..about(ReportName::Feedback, size) }),
    };
    let mut watched = reports.watch_report(watch).await.unwrap().into_inner();
    let mut first = watched.message().await.unwrap().unwrap();
    first.root_hash.clear();
    seen.push(format!("{first:?}"));
    seen
}

/// What a reader is refused: RPC by RPC.
async fn refused(server: &Server, who: &Who, item: &str, id: &str) -> Vec<Code> {
    let code = |status: Result<(), Status>| status.map_or_else(|status| status.code(), |()| Code::Ok);
    let (mut reader, mut reports) = (server.reader_as(who.clone()), server.reports_as(who.clone()));
    let ledger = || LEDGER.to_owned();
    let subject = GetSubjectRequest { ledger: ledger(), subject: item.into(), ..Default::default() };
    let read = ReadRequest { ledger: ledger(), ..Default::default() };
    let subscribe = SubscribeRequest { ledger: ledger(), ..Default::default() };
    let event =
        wire::GetEventRequest { ledger: ledger(), key: Some(wire::get_event_request::Key::Sequence(10)) };
    let receipt = GetReceiptRequest {
        ledger: ledger(),
        source: "governance".into(),
        event_id: id.into(),
        ..Default::default()
    };
    let trace = |auditor: bool, subject: &str| TracePolicyChangeRequest {
        ledger: LEDGER.into(),
        subject: subject.into(),
        auditor,
        ..Default::default()
    };
    let explain = |auditor, proofs| ExplainFigureRequest {
        report: Some(about(ReportName::Feedback, 10)),
        figure_id: "r3.staff_changed".into(),
        auditor,
        proofs,
        ..Default::default()
    };
    let issue = IssueReportRequest {
        report: Some(about(ReportName::Feedback, 10)),
        id: "mine".into(),
        actor_post: String::new(),
    };
    vec![
        code(reader.get_subject(subject).await.map(drop)),
        code(reader.read(read).await.map(drop)),
        code(reader.subscribe(subscribe).await.map(drop)),
        code(reader.get_event(event).await.map(drop)),
        code(server.recorder_as(who.clone()).get_receipt(receipt).await.map(drop)),
        code(reports.issue_report(issue).await.map(drop)),
        code(reports.explain_figure(explain(true, false)).await.map(drop)),
        code(reports.explain_figure(explain(false, true)).await.map(drop)),
        code(reports.trace_policy_change(trace(true, "action/rest")).await.map(drop)),
        code(reports.trace_policy_change(trace(false, item)).await.map(drop)),
        code(reports.trace_policy_change(trace(false, "feedback/none")).await.map(drop)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn given_twins_that_differ_in_what_is_hidden_when_a_reader_asks_for_everything_then_it_gets_the_same() {
    use Fate::{Closed, Open};
    for few in [1, 3] {
        // So few for the cost, and together ten or more with those for the law: both are held back, whichever way one of
        // them goes; and how somebody was told is behind no figure.
        let mut fates = vec![Closed("cost", ResponseMode::Direct); few];
        fates.extend([Closed("law", ResponseMode::Direct); 12]);
        fates.extend([Open; 20]);
        let mut other = fates.clone();
        other[few] = Closed("cost", ResponseMode::Public);
        let ids: Vec<Uuid> = (0..200).map(|_| Uuid::new_v4()).collect();
        let (one, two) = (house(&fates, &ids).await, house(&other, &ids).await);
        let (here, there) = (seen(&one).await, seen(&two).await);
        assert_eq!(here.len(), there.len());
        for (here, there) in here.iter().zip(&there) {
            assert_eq!(here, there);
        }
        assert!(
            here.iter().any(|it| it.contains("Of 3")),
            "R3 tells of the group, so that there is something to hide"
        );
        let item = format!("feedback/{}", Uuid::from_u128(FIRST));
        for (server, who, _) in [&one, &two] {
            let codes = refused(server, who, &item, &ids[10].to_string()).await;
            assert_eq!(codes, [Code::PermissionDenied; 11]);
        }
        one.0.stop().await;
        two.0.stop().await;
    }
}
