//! Who may do what, with tokens and without.

use pledgebook::auth::{Role, Roles, token::Book};
use pledgebook::grpc::wire::{
    Access, EventKey, GetEventRequest, GetReceiptRequest, GetReportRequest, GetSubjectRequest, GrantChanged,
    ListLedgersRequest, ReadRequest, ReportName, SetGrantsRequest, SourceGrant, get_event_request::Key,
};
use std::time::Duration;
use tonic::{Code, Status};

use crate::seed::{append, post};
use crate::server::{LEDGER, Server, Who, field, reason};

fn code<T>(answer: Result<T, Status>) -> Code {
    answer.map_or_else(|status| status.code(), |_| Code::Ok)
}

/// A server with one token a role, each for a source of the same name.
struct Guarded {
    server: Server,
    book: Book,
    tokens: Vec<(Role, String)>,
}

impl Guarded {
    async fn start() -> Self {
        let server = Server::start().await;
        server.append("poster", vec![post("own")]).await.unwrap();
        server.append("somebody", vec![post("other")]).await.unwrap();
        let mut book = Book::default();
        let mut tokens = Vec::new();
        for role in Role::ALL {
            let source = (role == Role::Poster).then_some("poster");
            let secret = book.issue(role.as_str(), source, Roles::of(&[role]), "2026-01-01").unwrap();
            tokens.push((role, secret.reveal().to_owned()));
        }
        let guarded = Self { server, book, tokens };
        guarded.save().await;
        guarded
    }

    async fn save(&self) {
        self.book.save(&self.server.path().join("tokens.json")).unwrap();
        tokio::time::sleep(Duration::from_millis(900)).await;
    }

    fn token(&self, role: Role) -> String {
        self.tokens.iter().find(|(one, _)| *one == role).unwrap().1.clone()
    }

    fn who(&self, role: Role) -> Who {
        Who::Token(self.token(role))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_no_tokens_when_a_source_is_not_named_then_the_refusal_says_what_to_send() {
    let server = Server::start().await;
    let mut nobody = server.recorder_as(Who::Nobody);
    let refused = nobody.append(append(vec![post("x")])).await.unwrap_err();
    assert_eq!(reason(&refused).0, Code::Unauthenticated);
    assert!(refused.message().contains("pledgebook-source: "), "{}", refused.message());
    let refused = server.append("operator", vec![post("x")]).await.unwrap_err();
    assert_eq!(reason(&refused).1, "RESERVED_SOURCE");
    let believer =
        server.recorder_as(Who::Both("pbk_00".into(), "tracker")).append(append(vec![post("x")])).await;
    assert_eq!(code(believer), Code::Unauthenticated);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_tokens_when_each_role_calls_each_service_then_it_may_what_the_table_says() {
    let guarded = Guarded::start().await;
    let server = &guarded.server;
    let mut seen = Vec::new();
    for role in Role::ALL {
        let who = guarded.who(role);
        let read = ReadRequest { ledger: LEDGER.into(), ..Default::default() };
        let report = GetReportRequest {
            ledger: LEDGER.into(),
            report: ReportName::Lateness.into(),
            ..Default::default()
        };
        let appended = server.recorder_as(who.clone()).append(append(vec![post(role.as_str())])).await;
        seen.push([
            code(appended),
            code(server.reader_as(who.clone()).read(read).await),
            code(server.reports_as(who.clone()).get_report(report).await),
            code(server.admin_as(who).list_ledgers(ListLedgersRequest {}).await),
        ]);
    }
    let (yes, no) = (Code::Ok, Code::PermissionDenied);
    let table = [[yes, yes, no, no], [no, yes, yes, yes], [no, no, yes, no], [no, no, no, yes]];
    assert_eq!(seen, table);
    guarded.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_tokens_when_none_or_a_wrong_one_is_shown_then_nobody_comes_in() {
    let guarded = Guarded::start().await;
    let server = &guarded.server;
    for (who, expected) in [
        (Who::Nobody, "NO_TOKEN"),
        (Who::Source("poster"), "NO_TOKEN"),
        (Who::Token("pbk_0000".into()), "UNKNOWN_TOKEN"),
        (Who::Both(guarded.token(Role::Poster), "somebody"), "OTHER_SOURCE"),
    ] {
        let refused = server.recorder_as(who).append(append(vec![post("x")])).await.unwrap_err();
        assert_eq!(reason(&refused).1, expected);
        assert!(!format!("{refused:?}").contains(&guarded.token(Role::Poster)));
    }
    guarded.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_token_when_it_is_revoked_then_it_stops_working_within_a_second() {
    let mut guarded = Guarded::start().await;
    let mut recorder = guarded.server.recorder_as(guarded.who(Role::Poster));
    recorder.append(append(vec![post("x")])).await.unwrap();
    assert!(guarded.book.revoke("poster"));
    guarded.save().await;
    let refused = recorder.append(append(vec![post("y")])).await.unwrap_err();
    assert_eq!(reason(&refused).1, "UNKNOWN_TOKEN");
    guarded.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_poster_when_it_reads_then_it_sees_its_own_events_only() {
    let guarded = Guarded::start().await;
    let server = &guarded.server;
    let mut reader = server.reader_as(guarded.who(Role::Poster));
    let read = ReadRequest { ledger: LEDGER.into(), ..Default::default() };
    let mut stream = reader.read(read).await.unwrap().into_inner();
    let mut sources = Vec::new();
    while let Some(answer) = stream.message().await.unwrap() {
        sources.push(answer.event.unwrap().source);
    }
    assert_eq!(sources, ["poster"]);
    let get = |sequence| GetEventRequest { ledger: LEDGER.into(), key: Some(Key::Sequence(sequence)) };
    assert_eq!(code(reader.get_event(get(1)).await), Code::Ok);
    assert_eq!(code(reader.get_event(get(2)).await), Code::NotFound);
    let about = |subject: &str| GetSubjectRequest {
        ledger: LEDGER.into(),
        subject: subject.into(),
        ..Default::default()
    };
    assert_eq!(code(reader.get_subject(about("post/own")).await), Code::Ok);
    // Nobody learns from a refusal whether there is such a subject.
    let theirs = reader.get_subject(about("post/other")).await.unwrap_err();
    let none = reader.get_subject(about("post/none")).await.unwrap_err();
    assert_eq!(
        (theirs.code(), theirs.message(), reason(&theirs)),
        (none.code(), none.message(), reason(&none))
    );
    assert_eq!(theirs.code(), Code::NotFound);

    let mut auditor = server.reader_as(guarded.who(Role::Auditor));
    assert_eq!(code(auditor.get_subject(about("post/other")).await), Code::Ok);
    let others = auditor.get_event(get(2)).await.unwrap().into_inner().event.unwrap().event.unwrap();
    let by_id = EventKey { source: "somebody".into(), event_id: others.event_id.clone() };
    let by_id = GetEventRequest { ledger: LEDGER.into(), key: Some(Key::Id(by_id)) };
    assert_eq!(code(reader.get_event(by_id).await), Code::NotFound);
    let receipt = |source: &str| GetReceiptRequest {
        ledger: LEDGER.into(),
        event_id: others.event_id.clone(),
        source: source.into(),
        ..Default::default()
    };
    let mut recorder = server.recorder_as(guarded.who(Role::Poster));
    let refused = recorder.get_receipt(receipt("somebody")).await.unwrap_err();
    assert_eq!(reason(&refused).1, "OTHERS_EVENTS");
    let mut recorder = server.recorder_as(guarded.who(Role::Auditor));
    assert_eq!(code(recorder.get_receipt(receipt("somebody")).await), Code::Ok);
    assert_eq!(field(&recorder.get_receipt(receipt("")).await.unwrap_err()), "source");
    guarded.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_closed_ledger_when_grants_are_set_then_each_source_posts_what_it_was_granted() {
    let server = Server::empty().await;
    server.create("acme", Access::Granted).await.unwrap();
    let refused = server.append("governance", vec![post("x")]).await.unwrap_err();
    assert_eq!(reason(&refused).1, "NOT_GRANTED");
    let grant = |source: &str, types: &str| SourceGrant {
        source: source.into(),
        grant: Some(GrantChanged {
            types: vec![types.into()],
            subjects: vec!["*".into()],
            posts: vec!["*".into()],
        }),
    };
    let set = |grants| SetGrantsRequest { ledger: LEDGER.into(), grants };
    let mut admin = server.admin();
    let before = server.size(LEDGER).await;
    let refused = admin.set_grants(set(vec![grant("governance", "post.*"), grant("lms", "nothing.*")])).await;
    assert_eq!(field(&refused.unwrap_err()), "grants[1].grant.types[0]");
    let refused = admin.set_grants(set(vec![grant("two words", "*")])).await.unwrap_err();
    assert_eq!(field(&refused), "grants[0].source");
    assert_eq!(server.size(LEDGER).await, before);

    let grants = vec![grant("governance", "post.*"), grant("lms", "evidence.attached")];
    let receipts = admin.set_grants(set(grants)).await.unwrap().into_inner().receipts;
    assert!(receipts.iter().all(|receipt| receipt.source == "operator"));
    assert_eq!(receipts.len(), 2);
    assert!(server.append("governance", vec![post("x")]).await.is_ok());
    let refused = server.append("lms", vec![post("y")]).await.unwrap_err();
    assert_eq!(reason(&refused).0, Code::PermissionDenied);
    server.stop().await;
}
