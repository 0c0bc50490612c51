//! What can be asked about a report beside the report, over gRPC and by the command: what stands behind a figure and a
//! change, issues and their verification, and figures that are followed. And what a reader never gets.

use pledgebook::auth::{Role, Roles, token::Book};
use pledgebook::grpc::wire::{
    self, ChangeNature, Event, ExplainFigureRequest, FeedbackReceived, FeedbackResponded, FeedbackTold,
    GetCheckpointRequest, GetReportRequest, IssueReportRequest, IssueReportResponse, ListIssuedRequest,
    Origin, PolicyChangeApproved, PolicyChangeProposed, PolicyChanged, PolicyRegistered,
    ReleasePointDeclared, ReportName, Respondents, ResponseMode, ResponseOutcome, TracePolicyChangeRequest,
    WatchReportRequest, WatchReportResponse, audit_service_client::AuditServiceClient, event::Payload,
};
use sha2::{Digest as _, Sha256};
use std::{
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};
use storage::{Digest, merkle::verify};
use tonic::{Code, Status, Streaming};
use uuid::Uuid;

use crate::erase::{WORDS, erased, requested};
use crate::seed::{action, cancelled, completed, date, event, pledge};
use crate::server::{LEDGER, Server, Who, endpoint, field, reason};

/// Longer than anything here takes, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn today() -> wire::Date {
    let today = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::get("Europe/London").unwrap()).date();
    date(today.year().into(), today.month().into(), today.day().into())
}

fn of(report: ReportName) -> GetReportRequest {
    GetReportRequest { ledger: LEDGER.into(), report: report.into(), ..Default::default() }
}

fn lateness() -> GetReportRequest {
    GetReportRequest { as_at: Some(date(2025, 12, 31)), period: "2025-26".into(), ..of(ReportName::Lateness) }
}

/// So many items of staff feedback, each answered and told in public.
fn spoken(count: usize) -> (Vec<String>, Vec<Event>) {
    let ids: Vec<String> = (0..count).map(|_| Uuid::new_v4().to_string()).collect();
    let events = ids.iter().flat_map(|id| {
        let received = FeedbackReceived {
            respondents: Respondents::Staff.into(),
            themes: vec!["leave".into()],
            channel: "survey".into(),
            anonymity: wire::Anonymity::Confidential.into(),
            contact: wire::Contact::None.into(),
            ..Default::default()
        };
        let mode = ResponseMode::Public.into();
        let answered = FeedbackResponded {
            outcome: ResponseOutcome::ChangeAgreed.into(),
            mode,
            response_url: "https://acme.example/you-said".into(),
        };
        let subject = format!("feedback/{id}");
        [
            event(subject.as_str(), date(2025, 4, 7), Payload::FeedbackReceived(received)),
            event(subject.as_str(), date(2025, 4, 27), Payload::FeedbackResponded(answered)),
            event(subject, date(2025, 7, 17), Payload::FeedbackTold(FeedbackTold { mode })),
        ]
    });
    let events = events.collect();
    (ids, events)
}

/// A policy change that cites these items, and is in force.
fn changed(id: &str, feedback: &[String]) -> Vec<Event> {
    let subject = format!("policy-change/{id}");
    let proposed = PolicyChangeProposed {
        title: "Core hours end earlier".into(),
        policy: "leave".into(),
        origin: Origin::Feedback.into(),
        feedback: feedback.to_vec(),
        commitments: vec!["C1".into()],
        nature: ChangeNature::Substantive.into(),
    };
    let changed = PolicyChanged {
        policy: "leave".into(),
        version: format!("v-{id}"),
        effective_on: Some(date(2025, 7, 1)),
        document_sha256: Sha256::digest(id).to_vec(),
        what_changed: "Core hours end at three.".into(),
    };
    vec![
        event(subject.as_str(), date(2025, 5, 6), Payload::PolicyChangeProposed(proposed)),
        event(
            subject.as_str(),
            date(2025, 6, 3),
            Payload::PolicyChangeApproved(PolicyChangeApproved { by_post: "chief".into() }),
        ),
        event(subject, date(2025, 6, 10), Payload::PolicyChanged(changed)),
    ]
}

/// A release point of the first so many records, today.
fn point(id: &str, position: u64) -> Event {
    let declared = ReleasePointDeclared { position };
    event(format!("release-point/{id}"), today(), Payload::ReleasePointDeclared(declared))
}

/// A ledger in which two actions were planned and one is done, and a policy is registered: 8 records of the pledge, then
/// 8 `rest`, 9 `rest` done, 10 `quiet`, 11 the policy.
async fn busy() -> Server {
    let server = Server::start().await;
    server.append("governance", pledge()).await.unwrap();
    let registered = PolicyRegistered {
        title: "Leave".into(),
        owner_post: "chief".into(),
        version: "v1".into(),
        document_sha256: Sha256::digest("v1").to_vec(),
        review_due: Some(date(2026, 3, 31)),
    };
    let events = vec![
        action("rest", date(2025, 2, 1)),
        completed("rest"),
        action("quiet", date(2026, 6, 1)),
        event("policy/leave", date(2025, 1, 10), Payload::PolicyRegistered(registered)),
    ];
    server.append("governance", events).await.unwrap();
    server
}

/// Its tokens: one for each role, and one of a source that also reads.
struct Tokens(Vec<(&'static str, String)>);

impl Tokens {
    async fn of(server: &Server) -> Self {
        let mut book = Book::default();
        let mut all = Vec::new();
        let posting = Roles::of(&[Role::Poster, Role::Reader]);
        let roles = [
            ("reader", None, Roles::of(&[Role::Reader])),
            ("auditor", None, Roles::of(&[Role::Auditor])),
            ("operator", None, Roles::of(&[Role::Operator])),
            ("poster", Some("lms"), Roles::of(&[Role::Poster])),
            ("issuer", Some("governance"), posting),
        ];
        for (name, source, roles) in roles {
            let secret = book.issue(name, source, roles, "2026-01-01").unwrap();
            all.push((name, secret.reveal().to_owned()));
        }
        book.save(&server.path().join("tokens.json")).unwrap();
        let tokens = Self(all);
        let until = Instant::now() + PATIENCE;
        while server.reports_as(tokens.who("reader")).get_report(lateness()).await.is_err() {
            assert!(Instant::now() < until, "the tokens were not read");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tokens
    }

    fn who(&self, name: &str) -> Who {
        Who::Token(self.0.iter().find(|(one, _)| *one == name).unwrap().1.clone())
    }
}

fn headline(id: &str) -> ExplainFigureRequest {
    ExplainFigureRequest { report: Some(lateness()), figure_id: id.into(), ..Default::default() }
}

const LATE: &str = "r2.late_against_first_due";

fn digest(bytes: &[u8]) -> Digest {
    Digest(bytes.try_into().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_figure_when_it_is_explained_then_a_reader_sees_its_events_and_an_auditor_who_said_so_and_a_proof()
 {
    let server = busy().await;
    let tokens = Tokens::of(&server).await;
    let mut reports = server.reports_as(tokens.who("reader"));
    let seen = reports.explain_figure(headline(LATE)).await.unwrap().into_inner();
    assert_eq!((seen.as_known, seen.held_for_auditors, seen.next_after), (12, false, None));
    let events: Vec<_> = seen.events.iter().map(|it| (it.sequence, it.r#type.as_str())).collect();
    assert!(
        events.contains(&(8, "action.planned")) && events.contains(&(9, "action.completed")),
        "{events:?}"
    );
    for event in &seen.events {
        assert!(event.source.is_empty() && event.irregularities.is_empty() && event.proof.is_none());
        assert!(event.subject.starts_with("action/") && event.recorded_at.is_some());
    }
    // Page by page it is the same.
    let mut pages = Vec::new();
    let mut request = ExplainFigureRequest { limit: 1, ..headline(LATE) };
    loop {
        let page = reports.explain_figure(request.clone()).await.unwrap().into_inner();
        pages.extend(page.events);
        request.after = page.next_after;
        if request.after.is_none() {
            break;
        }
    }
    assert_eq!(pages, seen.events);

    for refused in [
        ExplainFigureRequest { auditor: true, ..headline(LATE) },
        ExplainFigureRequest { proofs: true, ..headline(LATE) },
    ] {
        let refused = reports.explain_figure(refused).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).1.as_str()), (Code::PermissionDenied, "FOR_AUDITORS"));
    }
    let request = ExplainFigureRequest { auditor: true, proofs: true, ..headline(LATE) };
    let seen = server.reports_as(tokens.who("auditor")).explain_figure(request).await.unwrap().into_inner();
    for event in &seen.events {
        assert_eq!(event.source, "governance");
        let proof = event.proof.as_ref().unwrap();
        let hashes: Vec<_> = proof.hashes.iter().map(|hash| digest(hash)).collect();
        let leaf = digest(&proof.leaf_hash);
        verify::inclusion(&leaf, event.sequence, seen.as_known, &hashes, &digest(&seen.root_hash)).unwrap();
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_figure_that_there_is_not_when_it_is_explained_then_the_refusal_says_which_there_are() {
    let server = busy().await;
    let explain = async |request| server.reports().explain_figure(request).await.unwrap_err();
    let refused = explain(headline("r2.nothing")).await;
    assert_eq!((refused.code(), field(&refused).as_str()), (Code::NotFound, "figure_id"));
    assert!(refused.message().contains(LATE), "{refused:?}");
    let cell = |table: &str, row: &str, column: &str| ExplainFigureRequest {
        table_id: table.into(),
        row_subject: row.into(),
        column_id: column.into(),
        ..headline("")
    };
    for (request, at) in [
        (cell("r2.nothing", "action/rest", "action"), "table_id"),
        (cell("r2.actions", "action/rest", "nothing"), "column_id"),
    ] {
        assert_eq!(field(&explain(request).await), at);
    }
    for (request, at) in [
        (headline(""), "figure_id"),
        (ExplainFigureRequest { table_id: "r2.actions".into(), ..headline(LATE) }, "figure_id"),
        (ExplainFigureRequest { report: None, ..headline(LATE) }, "report"),
    ] {
        let refused = explain(request).await;
        assert_eq!((refused.code(), field(&refused).as_str()), (Code::InvalidArgument, at));
    }
    server.stop().await;
}

fn traced(subject: impl Into<String>) -> TracePolicyChangeRequest {
    TracePolicyChangeRequest { ledger: LEDGER.into(), subject: subject.into(), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_few_items_behind_a_change_when_a_reader_traces_it_then_nothing_leads_to_them() {
    let server = busy().await;
    let tokens = Tokens::of(&server).await;
    let mut governance = server.recorder_as(tokens.who("issuer"));
    let (ids, spoken) = spoken(4);
    for events in [spoken, changed("hours", &ids)] {
        governance.append(crate::seed::append(events)).await.unwrap();
    }
    let mut reports = server.reports_as(tokens.who("reader"));
    // 12 to 23 are the items, 24 to 26 the change.
    governance.append(crate::seed::append(vec![point("first", 27)])).await.unwrap();
    let answer = reports.trace_policy_change(traced("policy-change/hours")).await.unwrap().into_inner();
    let work = &answer.works[0];
    assert_eq!((work.title.as_str(), work.because.as_str()), ("Core hours end earlier", "Feedback"));
    assert_eq!(work.steps.iter().map(|step| step.sequence).collect::<Vec<_>>(), [24, 25, 26]);
    let voice = work.voice.as_ref().unwrap();
    assert_eq!((voice.words.as_str(), voice.items, voice.told.len()), ("Staff feedback", None, 0));
    assert!(answer.items.is_empty());
    let said = format!("{answer:?}");
    assert!(ids.iter().all(|id| !said.contains(id.as_str())), "{said}");
    assert!(
        ["day: 7 ", "day: 7,", "day: 17", "day: 27"].iter().all(|day| !said.contains(day)),
        "the days of items: {said}"
    );

    // Whether there is an item of that id, a refusal does not tell.
    let mut refusals = Vec::new();
    for id in [ids[0].clone(), Uuid::new_v4().to_string()] {
        for as_known in [None, Some(12), Some(28)] {
            let request = TracePolicyChangeRequest { as_known, ..traced(format!("feedback/{id}")) };
            let refused = reports.trace_policy_change(request).await.unwrap_err();
            refusals.push((refused.code(), refused.message().to_owned(), refused.details().to_vec()));
        }
    }
    assert_eq!(refusals[0].0, Code::PermissionDenied);
    assert!(refusals.iter().all(|refused| *refused == refusals[0]), "{refusals:?}");
    let asking = TracePolicyChangeRequest { auditor: true, ..traced("policy-change/hours") };
    let refused = reports.trace_policy_change(asking.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);

    let mut reports = server.reports_as(tokens.who("auditor"));
    let asking = TracePolicyChangeRequest { proofs: true, ..asking };
    let answer = reports.trace_policy_change(asking).await.unwrap().into_inner();
    let mut found: Vec<_> = answer.items.iter().map(|item| item.subject.clone()).collect();
    let mut wanted: Vec<_> = ids.iter().map(|id| format!("feedback/{id}")).collect();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
    for item in &answer.items {
        let steps: Vec<_> = item.steps.iter().map(|step| step.what.as_str()).collect();
        assert_eq!(
            steps,
            ["Received", "Answered: something will change, in public", "Told what came of it, in public"]
        );
        assert_eq!(item.links[0].to, "policy-change/hours");
        for step in &item.steps {
            let proof = step.proof.as_ref().unwrap();
            let hashes: Vec<_> = proof.hashes.iter().map(|hash| digest(hash)).collect();
            let (leaf, root) = (digest(&proof.leaf_hash), digest(&answer.root_hash));
            verify::inclusion(&leaf, step.sequence, answer.as_known, &hashes, &root).unwrap();
        }
    }
    let forward = TracePolicyChangeRequest { auditor: true, ..traced(format!("feedback/{}", ids[0])) };
    let answer = reports.trace_policy_change(forward).await.unwrap().into_inner();
    assert_eq!((answer.items.len(), answer.works[0].subject.as_str()), (1, "policy-change/hours"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_enough_items_behind_a_change_when_a_reader_traces_it_then_they_are_counted_as_released() {
    let server = busy().await;
    let (ids, spoken) = spoken(6);
    for events in [spoken, changed("hours", &ids)] {
        server.append("governance", events).await.unwrap();
    }
    let trace = async || {
        let request = traced("policy-change/hours");
        server
            .reports()
            .trace_policy_change(request)
            .await
            .unwrap()
            .into_inner()
            .works
            .remove(0)
            .voice
            .unwrap()
    };
    let voice = trace().await;
    assert!(voice.release_point.is_none() && voice.items.is_none() && voice.told.is_empty());
    server.append("governance", vec![point("first", server.size(LEDGER).await)]).await.unwrap();
    let voice = trace().await;
    assert_eq!((voice.words.as_str(), voice.items), ("Staff feedback", Some(6)));
    let told: Vec<_> = voice.told.iter().map(|it| (it.how.as_str(), it.items)).collect();
    let round = "In the response to their round";
    let wanted = [("Told directly", 0), ("Told in public", 6), (round, 0), ("Not told yet", 0)];
    assert_eq!(told, wanted.map(|(how, items)| (how, Some(items))));
    for (subject, code) in [
        ("policy-change/none", Code::NotFound),
        ("policy/leave", Code::InvalidArgument),
        ("x", Code::InvalidArgument),
    ] {
        let refused = server.reports().trace_policy_change(traced(subject)).await.unwrap_err();
        assert_eq!(refused.code(), code, "{subject}");
    }
    server.stop().await;
}

fn issue(id: &str, report: GetReportRequest) -> IssueReportRequest {
    IssueReportRequest { report: Some(report), id: id.into(), actor_post: String::new() }
}

async fn issued(server: &Server, request: IssueReportRequest) -> Result<IssueReportResponse, Status> {
    server.reports().issue_report(request).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_report_when_it_is_issued_then_its_hash_is_recorded_and_the_same_issue_is_the_same_for_ever()
{
    let server = busy().await;
    let first = issued(&server, issue("r2-2025", lateness())).await.unwrap();
    let said = first.issued.clone().unwrap();
    assert_eq!(said.sha256, Sha256::digest(&first.content).to_vec());
    assert_eq!((said.report.as_str(), said.as_known, said.sequence), ("R2", 12, 12));
    assert_eq!((said.release_point.as_str(), first.repeated), ("", false));
    let record = server.everything().await.pop().unwrap();
    assert_eq!((record.sequence, record.source.as_str()), (12, "operator"));
    let Some(Payload::ReportIssued(recorded)) = record.event.unwrap().payload else { panic!("no issue") };
    assert_eq!((recorded.sha256, recorded.suppressed_cells), (said.sha256.clone(), said.suppressed_cells));
    let content: serde_json::Value = serde_json::from_slice(&first.content).unwrap();
    assert_eq!((content["code"].as_str(), content["as_known"].as_u64()), (Some("R2"), Some(12)));

    // Later, and after a restart, the same.
    server.append("governance", vec![action("more", date(2025, 3, 1))]).await.unwrap();
    let server = server.restart().await;
    let again = issued(&server, issue("r2-2025", lateness())).await.unwrap();
    assert!(again.repeated && again.content == first.content && again.receipt == first.receipt);
    let other = GetReportRequest { as_known: Some(11), ..lateness() };
    let refused = issued(&server, issue("r2-2025", other)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).1.as_str()), (Code::AlreadyExists, "ALREADY_ISSUED"));
    let beyond = GetReportRequest { as_known: Some(99), ..lateness() };
    assert_eq!(issued(&server, issue("x", beyond)).await.unwrap_err().code(), Code::OutOfRange);
    let tomorrow = GetReportRequest { as_at: Some(date(2999, 1, 1)), ..of(ReportName::Lateness) };
    assert_eq!(field(&issued(&server, issue("x", tomorrow)).await.unwrap_err()), "report_issued.as_at");
    assert_eq!(field(&issued(&server, issue("not an id", lateness())).await.unwrap_err()), "id");

    for (id, name) in [("r1-2025", ReportName::Commitments), ("r5-2025", ReportName::PolicyChanges)] {
        issued(&server, issue(id, of(name))).await.unwrap();
    }
    let list = async |report: i32, before| {
        let request = ListIssuedRequest { ledger: LEDGER.into(), report, at_least: None, before };
        let listed = server.reports().list_issued(request).await.unwrap().into_inner();
        listed.issued.into_iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(list(0, None).await, ["r5-2025", "r1-2025", "r2-2025"]);
    assert_eq!(list(ReportName::Lateness.into(), None).await, ["r2-2025"]);
    assert_eq!(list(0, Some(14)).await, ["r2-2025"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_report_about_people_when_it_is_issued_then_it_needs_a_release_point_and_names_it() {
    let server = busy().await;
    for name in [
        ReportName::Feedback,
        ReportName::ResponseTimes,
        ReportName::Learning,
        ReportName::Surveys,
        ReportName::Choice,
    ] {
        let refused = issued(&server, issue("people", of(name))).await.unwrap_err();
        assert_eq!(reason(&refused).1, "NO_RELEASE_POINT");
    }
    assert_eq!(server.size(LEDGER).await, 12);
    server.append("governance", vec![point("first", 12)]).await.unwrap();
    let said = issued(&server, issue("people", of(ReportName::Feedback))).await.unwrap().issued.unwrap();
    assert_eq!((said.release_point.as_str(), said.as_known), ("first", 13));
    // Before the point was known there is none.
    let before = GetReportRequest { as_known: Some(12), ..of(ReportName::Feedback) };
    let refused = issued(&server, issue("before", before)).await.unwrap_err();
    assert_eq!(reason(&refused).1, "NO_RELEASE_POINT");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_tokens_when_each_asks_for_each_then_it_may_what_the_table_says() {
    let server = busy().await;
    let tokens = Tokens::of(&server).await;
    let mut seen = Vec::new();
    for name in ["poster", "reader", "auditor", "operator", "issuer"] {
        let mut reports = server.reports_as(tokens.who(name));
        let watch = WatchReportRequest { report: Some(lateness()) };
        let list = ListIssuedRequest { ledger: LEDGER.into(), ..Default::default() };
        let code = |status: Result<(), Status>| status.map_or_else(|status| status.code(), |()| Code::Ok);
        seen.push([
            code(reports.explain_figure(headline(LATE)).await.map(drop)),
            // It comes in, or not; there is no such change.
            code(reports.trace_policy_change(traced("policy-change/x")).await.map(drop)),
            code(reports.issue_report(issue(name, lateness())).await.map(drop)),
            code(reports.list_issued(list).await.map(drop)),
            code(reports.watch_report(watch).await.map(drop)),
        ]);
    }
    let (yes, no, none) = (Code::Ok, Code::PermissionDenied, Code::NotFound);
    let table = [
        [no, no, no, no, no],
        [yes, none, no, yes, yes],
        [yes, none, no, yes, yes],
        [no, no, yes, yes, no],
        [yes, none, yes, yes, yes],
    ];
    assert_eq!(seen, table);
    // Whoever issues under its own name is recorded as who it is.
    let mut reader = server.reader_as(tokens.who("auditor"));
    let read = wire::ReadRequest { ledger: LEDGER.into(), from: Some(12), ..Default::default() };
    let mut stream = reader.read(read).await.unwrap().into_inner();
    let mut sources = Vec::new();
    while let Some(answer) = stream.message().await.unwrap() {
        sources.push(answer.event.unwrap().source);
    }
    assert_eq!(sources, ["operator", "governance"]);
    server.stop().await;
}

async fn next(stream: &mut Streaming<WatchReportResponse>) -> WatchReportResponse {
    let message = tokio::time::timeout(PATIENCE, stream.message()).await;
    message.expect("nothing came").unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_report_that_is_watched_when_a_figure_changes_then_it_is_sent_and_nothing_else_is() {
    let server = busy().await;
    let request = WatchReportRequest { report: Some(of(ReportName::Lateness)) };
    let mut stream = server.reports().watch_report(request).await.unwrap().into_inner();
    let first = next(&mut stream).await;
    assert_eq!((first.as_known, first.figures.len()), (12, first.changed.len()));
    // Nothing about lateness; then something.
    server.append("governance", vec![crate::seed::post("other")]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    server.append("governance", vec![action("late", date(2025, 2, 1))]).await.unwrap();
    let second = next(&mut stream).await;
    assert_eq!(second.as_known, 14);
    assert!(second.changed.contains(&LATE.to_owned()), "{:?}", second.changed);
    assert!(second.changed.len() < second.figures.len(), "{:?}", second.changed);
    let known = WatchReportRequest { report: Some(GetReportRequest { as_known: Some(3), ..lateness() }) };
    let refused = server.reports().watch_report(known).await.unwrap_err();
    assert_eq!(field(&refused), "as_known");
    // A server that stops says so.
    let (stopped, last) = tokio::join!(server.stop(), stream.message());
    drop(stopped);
    assert_eq!(last.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_report_about_people_that_is_watched_when_something_is_recorded_then_it_moves_at_release_points_alone()
 {
    let server = busy().await;
    let request = WatchReportRequest { report: Some(of(ReportName::Feedback)) };
    let mut stream = server.reports().watch_report(request).await.unwrap().into_inner();
    let first = next(&mut stream).await;
    assert_eq!((first.as_known, first.release_point), (12, None));
    server.append("governance", spoken(6).1).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    server.append("governance", vec![point("first", 30)]).await.unwrap();
    // Had anything been sent in between, this would be that.
    let second = next(&mut stream).await;
    assert_eq!((second.as_known, second.release_point.unwrap().position), (31, 30));
    server.stop().await;
}

/// Runs the command, while the server goes on.
async fn run(server: &Server, arguments: &[&str]) -> Output {
    let (url, arguments) =
        (format!("http://{}", server.address), arguments.iter().map(ToString::to_string).collect::<Vec<_>>());
    let run = move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pledgebook"));
        command.env("PLEDGEBOOK_SERVER", url).env("PLEDGEBOOK_LEDGER", "acme");
        command.args(arguments).output().unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

/// The same, which must end so; gives what it wrote.
async fn ends(server: &Server, status: i32, arguments: &[&str]) -> String {
    let output = run(server, arguments).await;
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

async fn object(server: &Server, status: i32, arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&ends(server, status, arguments).await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_ledger_when_the_commands_ask_its_server_and_its_files_then_both_say_the_same() {
    let server = busy().await;
    let (ids, spoken) = spoken(3);
    for events in [spoken, changed("hours", &ids), vec![point("first", 24)]] {
        server.append("governance", events).await.unwrap();
    }
    let data = server.path().to_str().unwrap().to_owned();
    let item = format!("feedback/{}", ids[0]);
    let questions: [&[&str]; 6] = [
        &["report", "explain", LATE, "--as-at", "2025-12-31"],
        &["report", "explain", LATE, "--as-at", "2025-12-31", "--as-known", "10", "--auditor", "--proofs"],
        &["report", "explain", "r5.changes", "policy-change/hours", "items", "--as-at", "2025-12-31"],
        &["trace", "policy-change/hours"],
        &["trace", "policy-change/hours", "--auditor", "--proofs"],
        &["trace", &item, "--auditor"],
    ];
    for question in questions {
        for form in [&["--json"][..], &[]] {
            let asked = [question, form].concat();
            let offline = [&asked[..], &["--data", &data]].concat();
            let (answer, same) = (ends(&server, 0, &asked).await, ends(&server, 0, &offline).await);
            assert_eq!(answer, same, "{question:?}");
            assert!(answer.contains("EXAMPLE DATA"), "{answer}");
            let is_auditor = question.contains(&"--auditor");
            assert!(is_auditor || ids.iter().all(|id| !answer.contains(id.as_str())), "{answer}");
        }
    }
    for refused in [
        &["trace", &item][..],
        &["trace", &item, "--data", &data],
        &["report", "explain", "r2.nothing"],
        &["report", "explain", "r2.nothing", "--data", &data],
        &["report", "explain", "nothing"],
        &["report", "explain", "r2.actions", "action/rest"],
        &["report"],
    ] {
        assert_eq!(run(&server, refused).await.status.code(), Some(2), "{refused:?}");
    }
    let watched = object(&server, 0, &["report", "watch", "r2", "--changes", "0", "--json"]).await;
    assert_eq!(watched["as_known"].as_u64(), Some(25));
    server.stop().await;
}

/// Waits until everything is signed, and exports it.
async fn exported(server: &Server, to: &Path) {
    let size = server.size(LEDGER).await;
    let mut audit = AuditServiceClient::new(endpoint(server.address).connect_lazy());
    let until = Instant::now() + PATIENCE;
    let request = GetCheckpointRequest { ledger: LEDGER.into(), size: 0 };
    while audit.get_checkpoint(request.clone()).await.unwrap().into_inner().size < size {
        assert!(Instant::now() < until, "nothing was signed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let url = format!("http://{}", server.address);
    ends(server, 0, &["export", "--server", &url, "--ledger", "acme", to.to_str().unwrap()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_issued_report_when_it_is_verified_offline_then_it_is_the_same_and_a_changed_one_is_found() {
    let server = busy().await;
    let out = tempfile::tempdir().unwrap();
    let path = |name: &str| out.path().join(name).to_str().unwrap().to_owned();
    let (file, export, data) = (path("r2.json"), path("export"), server.path().to_str().unwrap().to_owned());
    let arguments =
        ["report", "issue", "r2", "--id", "r2-2025", "--as-at", "2025-12-31", "--out", &file, "--json"];
    let said = object(&server, 0, &arguments).await;
    assert_eq!((said["sequence"].as_u64(), said["repeated"].as_bool()), (Some(12), Some(false)));
    let listed = object(&server, 0, &["report", "issued", "--json"]).await;
    assert_eq!(object(&server, 0, &["report", "issued", "--json", "--data", &data]).await, listed);
    assert_eq!(listed["issued"][0]["sha256"], said["sha256"]);
    // What comes later, erased words among it, changes nothing.
    let later = vec![action("a", date(2025, 6, 1)), cancelled("a", WORDS)];
    server.append("governance", later).await.unwrap();
    exported(&server, Path::new(&export)).await;
    // Words are not needed.
    std::fs::remove_dir_all(Path::new(&export).join("auditors/words")).unwrap();
    for place in [["--data", &data], ["--export", &export]] {
        let said = object(&server, 0, &["verify-report", &file, place[0], place[1], "--json"]).await;
        assert_eq!((said["result"].as_str(), said["issue"]["sequence"].as_u64()), (Some("same"), Some(12)));
        assert_eq!(said["size"].as_u64(), Some(15));
        let text = ends(&server, 0, &["verify-report", &file, place[0], place[1]]).await;
        assert!(text.contains("EXAMPLE DATA") && text.contains("same: the records give the file"), "{text}");
    }

    let report = std::fs::read_to_string(&file).unwrap();
    let forged = |name: &str, from: &str, to: &str| {
        assert!(report.contains(from), "{from}");
        std::fs::write(path(name), report.replacen(from, to, 1)).unwrap();
        path(name)
    };
    let verify = async |file: String, status: i32| {
        let of_data = object(&server, status, &["verify-report", &file, "--data", &data, "--json"]).await;
        let of_export =
            object(&server, status, &["verify-report", &file, "--export", &export, "--json"]).await;
        assert_eq!(of_data, of_export);
        of_data
    };
    let first = serde_json::from_str::<serde_json::Value>(&report).unwrap()["figures"][0].clone();
    let text = first["text"].as_str().unwrap();
    let said = verify(forged("figure.json", text, "Nothing is late."), 1).await;
    assert_eq!(said["first_difference"]["place"], first["id"], "{said}");
    assert_eq!(said["first_difference"]["file"], "Nothing is late.");
    assert_eq!(
        (said["first_difference"]["worked_out"].as_str(), said["issue"]["same_sha256"].as_bool()),
        (Some(text), Some(false))
    );
    let root = serde_json::from_str::<serde_json::Value>(&report).unwrap()["root_hash"].clone();
    let said = verify(forged("root.json", root.as_str().unwrap(), &"0".repeat(64)), 1).await;
    assert_eq!(said["first_difference"]["place"], "root_hash");
    let said = verify(forged("form.json", "  \"ledger\"", " \"ledger\""), 1).await;
    assert_eq!(said["result"], "not_canonical");

    // It could not look: of more records than there are, of another ledger, no report, no ledger.
    for (name, from, to) in [
        ("more.json", "\"as_known\": 12", "\"as_known\": 99"),
        ("ledger.json", "ledgers/acme", "ledgers/other"),
        ("none.json", "\"figures\"", "\"figure\""),
    ] {
        let file = forged(name, from, to);
        for place in [["--data", &data], ["--export", &export]] {
            let output = run(&server, &["verify-report", &file, place[0], place[1]]).await;
            assert_eq!(output.status.code(), Some(2), "{name}: {output:?}");
        }
    }
    let missing = path("missing");
    for place in [["--data", &missing], ["--export", &missing]] {
        let output = run(&server, &["verify-report", &file, place[0], place[1]]).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_another_definition_erased_words_or_a_damaged_export_when_a_report_is_verified_then_it_is_said()
{
    let server = Server::start().await;
    server.append("governance", pledge()).await.unwrap();
    // Records 8 and 9; the words of 9 are erased later.
    let told = vec![action("a", date(2025, 6, 1)), cancelled("a", WORDS)];
    server.append("governance", told).await.unwrap();
    let out = tempfile::tempdir().unwrap();
    let path = |name: &str| out.path().join(name).to_str().unwrap().to_owned();
    let (file, export, data) = (path("r2.json"), path("export"), server.path().to_str().unwrap().to_owned());
    ends(&server, 0, &["report", "issue", "r2", "--id", "r2-2025", "--out", &file]).await;
    server.append("governance", vec![requested(9), erased()]).await.unwrap();
    exported(&server, Path::new(&export)).await;
    for place in [["--data", &data], ["--export", &export]] {
        let said = object(&server, 0, &["verify-report", &file, place[0], place[1], "--json"]).await;
        let erased = serde_json::json!([{"sequence": 9, "field": "reason", "by": 12}]);
        assert_eq!((said["result"].as_str(), &said["erased_since"]), (Some("same"), &erased));
    }
    let report = std::fs::read_to_string(&file).unwrap();
    let version = serde_json::from_str::<serde_json::Value>(&report).unwrap()["definition_version"].clone();
    std::fs::write(path("other.json"), report.replacen(version.as_str().unwrap(), "r2/99", 1)).unwrap();
    let output = run(&server, &["verify-report", &path("other.json"), "--export", &export]).await;
    // The record of the issue has another hash, so the file is wrong, whatever definitions it names.
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("another definition version"), "{output:?}");
    // Of a report that nobody issued nothing can be said then.
    let asked = ["report", "r2", "--as-known", "9", "--json", "--out"];
    ends(&server, 0, &[&asked[..], &[&path("asked.json")]].concat()).await;
    let said = object(&server, 0, &["verify-report", &path("asked.json"), "--data", &data, "--json"]).await;
    assert_eq!((said["result"].as_str(), said["issue"].is_null()), (Some("same"), true));
    let asked = std::fs::read_to_string(path("asked.json")).unwrap();
    std::fs::write(path("asked.json"), asked.replacen(version.as_str().unwrap(), "r2/99", 1)).unwrap();
    let output = run(&server, &["verify-report", &path("asked.json"), "--export", &export]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("another definition version"), "{output:?}");

    let entries = Path::new(&export).join("auditors/tile/entries/000.p/13");
    let mut bytes = std::fs::read(&entries).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&entries, bytes).unwrap();
    let output = run(&server, &["verify-report", &file, "--export", &export]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    server.stop().await;
}
