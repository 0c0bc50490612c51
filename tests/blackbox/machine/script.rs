//! What is done to a server while it fails: a ledger is made, events with and without words are appended over several
//! segments; and what must hold afterwards, however far that came.

use pledgebook::grpc::wire::{
    AppendResult, CreateLedgerRequest, Event, GetReceiptRequest, Ledger, ListLedgersRequest, ReadRequest,
    RecordedEvent, WordsStatus, ledger_admin_service_client::LedgerAdminServiceClient,
    reader_service_client::ReaderServiceClient, recorder_service_client::RecorderServiceClient,
};
use std::{
    net::SocketAddr,
    path::Path,
    process::{Command, ExitStatus},
    sync::{Arc, Mutex},
    time::Duration,
};
use tonic::{Code, Status, service::interceptor::InterceptedService, transport::Channel};

use crate::binary::{Launch, Program};
use crate::history::{Call, History, Outcome, now};
use crate::seed::{action, append, cancelled, date, pledge, post, posts};
use crate::server::{LEDGER, Who, endpoint, opened, reason};

pub type Recorder = RecorderServiceClient<InterceptedService<Channel, Who>>;

/// A server on that directory whose segments are as short as they may be.
pub fn launch(data: &Path) -> Launch {
    Launch::on(data).with("PLEDGEBOOK_LIMITS__SEGMENT_BYTES", "8192")
}

pub async fn recorder(address: SocketAddr) -> Recorder {
    let channel = endpoint(address).connect().await.unwrap();
    RecorderServiceClient::with_interceptor(channel, Who::Source("governance"))
}

/// Callers, and what they were told.
#[derive(Clone, Default)]
pub struct Caller {
    pub history: Arc<History>,
    /// Somebody was told that the ledger is made.
    created: Arc<Mutex<bool>>,
}

impl Caller {
    /// The same, to go on from here alone.
    pub fn again(&self) -> Self {
        let created = *self.created.lock().unwrap();
        Self { history: Arc::new(self.history.again()), created: Arc::new(Mutex::new(created)) }
    }

    pub async fn create(&self, address: SocketAddr) -> Result<(), Status> {
        let opened = Some(opened("acme", pledgebook::grpc::wire::Access::Open));
        let request = CreateLedgerRequest { name: LEDGER.into(), opened };
        let created =
            LedgerAdminServiceClient::new(endpoint(address).connect_lazy()).create_ledger(request).await;
        if created.is_ok() {
            *self.created.lock().unwrap() = true;
        }
        created.map(drop)
    }

    /// Appends, and keeps what came of it.
    pub async fn append(
        &self,
        recorder: &mut Recorder,
        events: Vec<Event>,
    ) -> Result<Vec<AppendResult>, Status> {
        let invoked = now();
        let answer = recorder.append(append(events.clone())).await.map(|answer| answer.into_inner().results);
        self.history.keep(invoked, Call::Append { events, outcome: Outcome::of(answer.clone()) });
        answer
    }

    /// Where the ledger stands.
    pub async fn head(&self, address: SocketAddr) -> Result<Ledger, Status> {
        let invoked = now();
        let mut admin = LedgerAdminServiceClient::new(endpoint(address).connect_lazy());
        let ledgers = admin.list_ledgers(ListLedgersRequest {}).await?.into_inner().ledgers;
        let ledger = ledgers.into_iter().next().ok_or_else(|| Status::not_found("no ledger"))?;
        self.history.keep(invoked, Call::Head { size: ledger.size, root: ledger.root_hash.clone() });
        Ok(ledger)
    }

    /// Everything, from the beginning.
    pub async fn read(&self, address: SocketAddr) -> Result<Vec<RecordedEvent>, Status> {
        let invoked = now();
        let mut reader = ReaderServiceClient::new(endpoint(address).connect_lazy());
        let request = ReadRequest { ledger: LEDGER.into(), ..Default::default() };
        let mut stream = reader.read(request).await?.into_inner();
        let mut events = Vec::new();
        while let Some(answer) = stream.message().await? {
            events.push(answer.event.unwrap());
        }
        self.history.keep(invoked, Call::Read { from: 0, events: events.clone() });
        Ok(events)
    }

    /// Whether an event is there.
    pub async fn look(&self, recorder: &mut Recorder, event: &Event) -> bool {
        let (invoked, event_id) = (now(), event.event_id.clone());
        let request =
            GetReceiptRequest { ledger: LEDGER.into(), event_id: event_id.clone(), ..Default::default() };
        let found = match recorder.get_receipt(request).await {
            Ok(answer) => answer.into_inner().receipt,
            Err(status) if status.code() == Code::NotFound => None,
            Err(status) => panic!("{status:?}"),
        };
        let there = found.is_some();
        self.history.keep(invoked, Call::Look { event_id, found });
        there
    }

    /// What must hold when the machine is well again: the server comes up, what was acknowledged is there and nothing
    /// else but what was sent, no batch is half there, a retry gets the first receipt, and every byte holds.
    pub async fn settle(&self, data: &Path) {
        let program = launch(data).start().expect("it does not come up again");
        let created = *self.created.lock().unwrap();
        match self.create(program.address).await {
            Ok(()) => assert!(!created, "the ledger was acknowledged, and is gone"),
            Err(status) => assert_eq!(reason(&status).1, "LEDGER_EXISTS"),
        }
        let mut recorder = recorder(program.address).await;
        let mut sent = Vec::new();
        for (events, outcome) in self.history.appends() {
            let mut there = Vec::new();
            for event in &events {
                there.push(self.look(&mut recorder, event).await);
            }
            assert!(there.iter().all(|it| *it == there[0]), "a batch is half there: {there:?}, {outcome:?}");
            sent.push(events);
        }
        for events in sent {
            self.append(&mut recorder, events).await.expect("a retry was refused");
        }
        let held = self.read(program.address).await.unwrap();
        let whole = held.iter().flat_map(|it| &it.words).all(|it| it.status() == WordsStatus::Held);
        assert!(whole, "words are lost");
        assert_eq!(self.head(program.address).await.unwrap().size, held.len() as u64);
        self.history.check(&held).unwrap();
        assert_eq!(held.len(), self.history.sent().len() + 1);
        assert!(program.terminate().success());
        verify(data);
    }
}

/// `pledgebook verify` says that every byte holds.
pub fn verify(data: &Path) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_pledgebook")).args(["verify", "--json"]).arg(data).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains(r#""integrity":"intact""#), "{said}");
}

/// A ledger is made and filled over several segments. Ends with the first call that is not answered; what was refused
/// is no reason to end.
pub async fn first_life(address: SocketAddr, caller: &Caller) -> Result<(), Status> {
    let made = caller.create(address).await;
    if made.as_ref().is_err_and(is_gone) {
        return made;
    }
    let mut recorder = recorder_of(address).await?;
    let words = |name: &str| vec![action(name, date(2025, 6, 1)), cancelled(name, "The office closed.")];
    for events in [pledge(), words("a"), posts("b", 4), posts("c", 1), words("d"), posts("e", 2)] {
        on(caller.append(&mut recorder, events).await)?;
        on(caller.head(address).await)?;
    }
    Ok(())
}

/// A ledger that is there gets some more.
pub async fn second_life(address: SocketAddr, caller: &Caller) -> Result<(), Status> {
    let mut recorder = recorder_of(address).await?;
    let words = vec![action("z", date(2025, 6, 1)), cancelled("z", "Nobody came.")];
    for events in [posts("x", 6), words, vec![post("y")]] {
        on(caller.append(&mut recorder, events).await)?;
        on(caller.head(address).await)?;
    }
    Ok(())
}

async fn recorder_of(address: SocketAddr) -> Result<Recorder, Status> {
    let channel = endpoint(address).connect().await.map_err(|why| Status::unknown(why.to_string()))?;
    Ok(RecorderServiceClient::with_interceptor(channel, Who::Source("governance")))
}

fn is_gone(status: &Status) -> bool {
    matches!(Outcome::of(Err(status.clone())), Outcome::Unknown(why) if why != "OUTCOME_UNKNOWN")
        && status.code() != Code::NotFound
}

fn on<T>(answer: Result<T, Status>) -> Result<(), Status> {
    match answer {
        Err(status) if is_gone(&status) => Err(status),
        _ => Ok(()),
    }
}

/// SIGTERM to what a tracer runs: the tracer itself keeps such a signal to itself.
pub fn terminate_traced(program: Program) -> ExitStatus {
    let children = format!("/proc/{0}/task/{0}/children", program.id());
    for child in std::fs::read_to_string(children).unwrap().split_whitespace() {
        super::run("kill", &["-TERM", child]);
    }
    program.wait(Duration::from_secs(60))
}
