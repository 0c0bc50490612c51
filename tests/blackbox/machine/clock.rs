//! The wall clock jumps: nothing is recorded under a wrong time, reads go on, and a right clock, after a restart or an
//! operator's word, is all it takes.

use pledgebook::auth::{Role, Roles, token::Book};
use pledgebook::grpc::wire::{
    Event, ReadRequest, RecordedEvent, event::Payload, reader_service_client::ReaderServiceClient,
    recorder_service_client::RecorderServiceClient,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;
use tonic::Status;

use super::{
    fault::Library,
    kill::within,
    memory,
    script::{Caller, launch, recorder, verify},
};
use crate::binary::Program;
use crate::history::Outcome;
use crate::seed::{append, post};
use crate::server::{LEDGER, Who, endpoint, reason};

const HOUR: i64 = 3_600;
/// Seconds that may pass on a busy machine between two things that happen at once.
const NEAR: i64 = HOUR / 4;

fn set(clock: &Path, ahead: i64) {
    // In one step: a clock that is half written would be a jump of its own.
    let next = clock.with_extension("next");
    std::fs::write(&next, ahead.to_string()).unwrap();
    std::fs::rename(next, clock).unwrap();
}

async fn jumps(library: &Library, ahead: i64) {
    let home = memory();
    let (data, log, clock) = (home.path().join("data"), home.path().join("calls"), home.path().join("clock"));
    let start = || library.fault(None).clock(&clock).into(launch(&data), home.path(), &log).start().unwrap();
    set(&clock, 0);
    let program = start();
    let caller = Caller::default();
    caller.create(program.address).await.unwrap();
    let mut first = recorder(program.address).await;
    caller.append(&mut first, vec![post("before")]).await.unwrap();
    set(&clock, ahead);
    for _ in 0..2 {
        caller.append(&mut first, vec![post("wrong")]).await.unwrap_err();
        let (_, outcome) = caller.history.appends().pop().unwrap();
        assert_eq!(outcome, Outcome::Refused("READ_ONLY".into()), "{ahead}");
    }
    let why = caller.head(program.address).await.unwrap().read_only_because;
    assert!(why.contains("clock jumped"), "{why}");
    assert_eq!(caller.read(program.address).await.unwrap().len(), 2);
    drop(first);
    assert!(program.terminate().success());

    set(&clock, 0);
    let program = start();
    let mut second = recorder(program.address).await;
    caller.append(&mut second, vec![post("after")]).await.unwrap();
    let held = caller.read(program.address).await.unwrap();
    caller.history.check(&held).unwrap();
    let times: Vec<_> = held.iter().map(|it| it.recorded_at.unwrap().seconds).collect();
    assert!(times[2] - times[0] < HOUR / 2, "{times:?}");
    drop(second);
    assert!(program.terminate().success());
    verify(&data);
}

#[test]
fn given_a_running_server_when_the_clock_jumps_an_hour_ahead_or_back_then_it_records_nothing_until_it_is_right()
 {
    let Some(library) = Library::compile() else { return };
    within(jumps(&library, HOUR));
    within(jumps(&library, -HOUR));
}

#[test]
fn given_a_clock_a_minute_behind_the_last_record_when_a_server_starts_then_time_stands_still_and_says_so() {
    let Some(library) = Library::compile() else { return };
    let home = memory();
    let (data, log, clock) = (home.path().join("data"), home.path().join("calls"), home.path().join("clock"));
    let start = || library.fault(None).clock(&clock).into(launch(&data), home.path(), &log).start().unwrap();
    let caller = Caller::default();
    set(&clock, 0);
    let program = start();
    within(async {
        caller.create(program.address).await.unwrap();
        caller.append(&mut recorder(program.address).await, vec![post("before")]).await.unwrap();
    });
    assert!(program.terminate().success());
    set(&clock, -60);
    let program = start();
    within(async {
        caller.append(&mut recorder(program.address).await, vec![post("after")]).await.unwrap();
        let held = caller.read(program.address).await.unwrap();
        caller.history.check(&held).unwrap();
        assert_eq!(held[2].recorded_at, held[1].recorded_at);
        assert_eq!(held[2].irregularities, ["CLOCK_BEHIND"]);
    });
    assert!(program.terminate().success());
    verify(&data);
}

/// A server whose callers show tokens, under a clock that somebody sets.
struct Guarded<'a> {
    library: &'a Library,
    home: TempDir,
    /// Role → token; the poster posts as `governance`.
    tokens: BTreeMap<&'static str, String>,
}

impl<'a> Guarded<'a> {
    fn new(library: &'a Library) -> Self {
        let (home, mut book, mut tokens) = (memory(), Book::default(), BTreeMap::new());
        for role in [Role::Poster, Role::Operator, Role::Auditor] {
            let source = (role == Role::Poster).then_some("governance");
            let secret = book.issue(role.as_str(), source, Roles::of(&[role]), "2026-01-01").unwrap();
            tokens.insert(role.as_str(), secret.reveal().to_owned());
        }
        std::fs::create_dir(home.path().join("data")).unwrap();
        book.save(&home.path().join("data/tokens.json")).unwrap();
        Self { library, home, tokens }
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    fn set(&self, ahead: i64) {
        set(&self.home.path().join("clock"), ahead);
    }

    fn start(&self) -> Program {
        let fault = self.library.fault(None).clock(&self.home.path().join("clock"));
        fault.into(launch(&self.data()), self.home.path(), &self.home.path().join("calls")).start().unwrap()
    }

    /// `pledgebook ledger …` with the token of a role: how it ends, and what it says.
    fn ledger(&self, program: &Program, role: &str, arguments: &[&str]) -> (i32, String) {
        let server = format!("http://{}", program.address);
        let output = Command::new(env!("CARGO_BIN_EXE_pledgebook"))
            .arg("ledger")
            .args(arguments)
            .args(["--server", &server])
            .env("PLEDGEBOOK_TOKEN", &self.tokens[role])
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap()).concat();
        (output.status.code().unwrap(), said)
    }

    fn create(&self, program: &Program) {
        let opened = ["create", "acme", "--organisation", "Acme", "--origin", "ledger.example/acme"];
        let (code, said) = self.ledger(program, "operator", &opened);
        assert_eq!(code, 0, "{said}");
    }

    /// Why the ledger takes nothing; empty if it does.
    fn why(&self, program: &Program) -> String {
        let (code, said) = self.ledger(program, "operator", &["list", "--json"]);
        assert_eq!(code, 0, "{said}");
        let ledger: serde_json::Value = serde_json::from_str(&said).unwrap();
        ledger["read_only_because"].as_str().unwrap().to_owned()
    }

    async fn append(&self, program: &Program, post: Event) -> Result<(), Status> {
        let who = Who::Token(self.tokens["poster"].clone());
        let channel = endpoint(program.address).connect().await.unwrap();
        let mut recorder = RecorderServiceClient::with_interceptor(channel, who);
        recorder.append(append(vec![post])).await.map(drop)
    }

    async fn read(&self, program: &Program) -> Vec<RecordedEvent> {
        let who = Who::Token(self.tokens["auditor"].clone());
        let channel = endpoint(program.address).connect().await.unwrap();
        let mut reader = ReaderServiceClient::with_interceptor(channel, who);
        let request = ReadRequest { ledger: LEDGER.into(), ..Default::default() };
        let mut stream = reader.read(request).await.unwrap().into_inner();
        let mut events = Vec::new();
        while let Some(answer) = stream.message().await.unwrap() {
            events.push(answer.event.unwrap());
        }
        events
    }

    /// The ledger is read-only because of its clock, and an operator, nobody else, says that the clock is right now.
    async fn corrects(&self, program: &Program, why: &str) {
        let refused = self.append(program, post("wrong")).await.unwrap_err();
        assert_eq!(reason(&refused).1, "READ_ONLY");
        let told = self.why(program);
        assert!(told.contains(why) && told.contains("pledgebook ledger correct-clock"), "{told}");
        for role in ["poster", "auditor"] {
            let (code, said) = self.ledger(program, role, &["correct-clock", "acme"]);
            assert_eq!((code, said.contains("ROLE")), (2, true), "{said}");
        }
        assert_eq!(self.why(program), told);
        let (code, said) = self.ledger(program, "operator", &["correct-clock", "acme"]);
        assert_eq!((code, said.contains("takes appends again")), (0, true), "{said}");
        assert_eq!(self.why(program), "");
        self.append(program, post("after")).await.unwrap();
        let (code, said) = self.ledger(program, "operator", &["correct-clock", "acme"]);
        assert_eq!((code, said.contains("CLOCK_TRUSTED")), (2, true), "{said}");
    }
}

/// The record of an operator's word, and by how many seconds it says that the clock was ahead.
fn correction(held: &[RecordedEvent]) -> (&RecordedEvent, i64) {
    let found = held.iter().find_map(|it| match &it.event.as_ref().unwrap().payload {
        Some(Payload::ClockCorrected(corrected)) => Some((it, corrected.drift_seconds)),
        _ => None,
    });
    found.expect("no ClockCorrected")
}

fn is_behind(record: &RecordedEvent) -> bool {
    record.irregularities.iter().any(|it| it == "CLOCK_BEHIND")
}

/// The clock jumps; then it is set back, or what it shows now is right; then an operator says so.
async fn corrected(library: &Library, ahead: i64, set_back: bool) {
    let guarded = Guarded::new(library);
    guarded.set(0);
    let program = guarded.start();
    guarded.create(&program);
    guarded.append(&program, post("before")).await.unwrap();
    guarded.set(ahead);
    let refused = guarded.append(&program, post("wrong")).await.unwrap_err();
    assert_eq!(reason(&refused).1, "READ_ONLY");
    if set_back {
        guarded.set(0);
    }
    guarded.corrects(&program, "clock jumped").await;
    let held = guarded.read(&program).await;
    // Opened, before, the correction, after: of what was refused there is nothing.
    assert_eq!(held.len(), 4, "{held:?}");
    let (record, drift) = correction(&held);
    let event = record.event.as_ref().unwrap();
    assert_eq!(
        (record.sequence, record.source.as_str(), event.subject.as_str()),
        (2, "operator", "ledger/acme")
    );
    assert!((drift - ahead).abs() < NEAR, "{drift} {ahead}");
    let times: Vec<_> = held.iter().map(|it| it.recorded_at.unwrap().seconds).collect();
    let passed = times[3] - times[1];
    if set_back || ahead < 0 {
        assert!((0..NEAR).contains(&passed), "{times:?}");
    } else {
        assert!((passed - ahead).abs() < NEAR, "{times:?}");
    }
    // Behind what is recorded, time stands still until the clock has caught up.
    let stands = !set_back && ahead < 0;
    assert_eq!((is_behind(record), is_behind(&held[3])), (stands, stands), "{held:?}");
    assert!(program.terminate().success());
    verify(&guarded.data());
}

#[test]
fn given_a_clock_that_jumped_when_an_operator_says_that_it_is_right_then_the_ledger_opens_without_a_restart()
{
    let Some(library) = Library::compile() else { return };
    for ahead in [HOUR, -HOUR, 48 * HOUR, -48 * HOUR] {
        for set_back in [true, false] {
            within(corrected(&library, ahead, set_back));
        }
    }
}

#[test]
fn given_a_last_record_in_the_future_when_a_server_starts_then_it_takes_nothing_until_an_operator_says_so() {
    let Some(library) = Library::compile() else { return };
    for ahead in [HOUR, 48 * HOUR] {
        let guarded = Guarded::new(&library);
        guarded.set(ahead);
        let program = guarded.start();
        guarded.create(&program);
        within(guarded.append(&program, post("before"))).unwrap();
        assert!(program.terminate().success());
        guarded.set(0);
        let program = guarded.start();
        within(guarded.corrects(&program, "the last record was taken at"));
        let held = within(guarded.read(&program));
        let (record, drift) = correction(&held);
        assert!((drift - ahead).abs() < NEAR, "{drift} {ahead}");
        assert!(is_behind(record) && is_behind(&held[3]), "{held:?}");
        assert_eq!((record.recorded_at, held[3].recorded_at), (held[1].recorded_at, held[1].recorded_at));
        assert!(program.terminate().success());
        verify(&guarded.data());
    }
}
