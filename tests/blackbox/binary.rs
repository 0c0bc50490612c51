//! The real program: started, asked, killed, started again.

use pledgebook::grpc::wire::{
    AppendStreamRequest, CreateLedgerRequest, ReadRequest, append_stream_response::Outcome,
    ledger_admin_service_client::LedgerAdminServiceClient, reader_service_client::ReaderServiceClient,
    recorder_service_client::RecorderServiceClient,
};
use std::{
    collections::BTreeSet,
    ffi::OsString,
    io::{BufRead as _, BufReader, Read as _, Seek as _},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};

use crate::seed::{append, post};
use crate::server::{LEDGER, Who, endpoint, opened};

/// A program that is told nothing by the environment of the tests: what is set for them is not set for a server.
pub fn bare(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PLEDGEBOOK_") {
            command.env_remove(name);
        }
    }
    command
}

/// How a server, or a witness, is started in a process of its own.
pub struct Launch {
    arguments: Vec<OsString>,
    under: Vec<String>,
    environment: Vec<(String, OsString)>,
}

/// A server that did not come up: how it ended, and what it said.
#[derive(Debug)]
pub struct NotServing {
    pub status: ExitStatus,
    pub said: String,
}

impl Launch {
    pub fn on(data: &Path) -> Self {
        let serve = ["serve", "--json", "--listen", "127.0.0.1:0", "--log-level", "warn", "--data"];
        Self::of(serve.iter().map(OsString::from).chain([data.into()]))
    }

    /// With these arguments: it says its address on its first line.
    pub fn of(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { arguments, under: Vec::new(), environment: Vec::new() }
    }

    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Runs it by another program, which becomes it.
    pub fn under(mut self, program: &[&str]) -> Self {
        self.under = program.iter().map(|&part| part.to_owned()).collect();
        self
    }

    pub fn start(self) -> Result<Program, NotServing> {
        let mut words = self.under;
        words.push(env!("CARGO_BIN_EXE_pledgebook").into());
        let mut errors = tempfile::tempfile().unwrap();
        let mut process = bare(&words[0])
            .args(&words[1..])
            .args(self.arguments)
            .envs(self.environment)
            .stdout(Stdio::piped())
            .stderr(errors.try_clone().unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", words[0]));
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line.is_empty() {
            let status = process.wait().unwrap();
            let mut said = String::new();
            errors.rewind().unwrap();
            errors.read_to_string(&mut said).unwrap();
            return Err(NotServing { status, said });
        }
        let greeting: serde_json::Value = serde_json::from_str(&line).expect("no greeting");
        let address = greeting["address"].as_str().unwrap().trim_start_matches("http://").parse().unwrap();
        Ok(Program { process, address, greeting })
    }
}

/// A server in a process of its own, which ends with it.
pub struct Program {
    process: Child,
    pub address: SocketAddr,
    pub greeting: serde_json::Value,
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Program {
    pub fn start(data: &Path) -> Self {
        Launch::on(data).start().unwrap()
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// How it ends by itself, within a time.
    pub fn wait(mut self, patience: Duration) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < patience, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// SIGTERM, as a service manager sends it. If it has been killed meanwhile, that is how it ended.
    pub fn terminate(mut self) -> ExitStatus {
        if let Some(status) = self.process.try_wait().unwrap() {
            return status;
        }
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.process.wait().unwrap()
    }

    pub async fn create(&self) {
        let request = CreateLedgerRequest {
            name: LEDGER.into(),
            opened: Some(opened("acme", pledgebook::grpc::wire::Access::Open)),
        };
        LedgerAdminServiceClient::new(endpoint(self.address).connect_lazy())
            .create_ledger(request)
            .await
            .unwrap();
    }

    /// The ids that the ledger holds; each once.
    async fn ids(&self) -> BTreeSet<String> {
        let request = ReadRequest { ledger: LEDGER.into(), ..Default::default() };
        let mut reader = ReaderServiceClient::new(endpoint(self.address).connect_lazy());
        let mut stream = reader.read(request).await.unwrap().into_inner();
        let mut ids = BTreeSet::new();
        for sequence in 0.. {
            let Some(answer) = stream.message().await.unwrap() else { break };
            let recorded = answer.event.unwrap();
            assert_eq!(recorded.sequence, sequence);
            assert!(ids.insert(recorded.event.unwrap().event_id), "an id stands twice");
        }
        ids
    }
}

/// Posts on one stream until the server is gone. Returns what was acknowledged.
async fn post_until_gone(address: SocketAddr, prefix: String) -> Vec<String> {
    let channel = endpoint(address).connect().await.unwrap();
    let mut recorder = RecorderServiceClient::with_interceptor(channel, Who::Source("governance"));
    let (send, requests) = tokio::sync::mpsc::channel(32);
    let ids = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let posted = ids.clone();
    tokio::spawn(async move {
        for number in 0.. {
            let event = post(format!("{prefix}-{number}"));
            posted.lock().unwrap().push(event.event_id.clone());
            let request = AppendStreamRequest { correlation: number, append: Some(append(vec![event])) };
            if send.send(request).await.is_err() {
                break;
            }
        }
    });
    let mut answers = recorder.append_stream(ReceiverStream::new(requests)).await.unwrap().into_inner();
    let mut acknowledged = Vec::new();
    while let Some(Ok(answer)) = answers.next().await {
        if let Some(Outcome::Appended(_)) = answer.outcome {
            acknowledged.push(ids.lock().unwrap()[answer.correlation as usize].clone());
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
async fn given_busy_posters_when_the_program_is_killed_then_every_acknowledged_event_is_there_afterwards() {
    let data = tempfile::tempdir().unwrap();
    let mut program = Program::start(data.path());
    program.create().await;
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let posters: Vec<_> = (0..4)
            .map(|poster| tokio::spawn(post_until_gone(program.address, format!("r{round}-p{poster}"))))
            .collect();
        tokio::time::sleep(Duration::from_millis(400 + 170 * round)).await;
        program.kill();
        for poster in posters {
            acknowledged.extend(poster.await.unwrap());
        }
        program = Program::start(data.path());
    }
    assert!(acknowledged.len() > 50, "{}", acknowledged.len());
    let held = program.ids().await;
    let lost = acknowledged.iter().filter(|id| !held.contains(*id)).count();
    assert_eq!(lost, 0, "of {}", acknowledged.len());
    assert!(program.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_busy_posters_when_the_program_is_told_to_end_then_it_ends_well_and_loses_nothing() {
    let data = tempfile::tempdir().unwrap();
    let program = Program::start(data.path());
    program.create().await;
    let poster = tokio::spawn(post_until_gone(program.address, "p".into()));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(program.terminate().success());
    let acknowledged = poster.await.unwrap();
    assert!(!acknowledged.is_empty());
    let program = Program::start(data.path());
    let held = program.ids().await;
    assert!(acknowledged.iter().all(|id| held.contains(id)));
    assert!(program.terminate().success());
}

#[test]
fn given_an_address_that_others_can_reach_when_the_program_is_to_listen_there_then_it_says_what_to_do() {
    let data = tempfile::tempdir().unwrap();
    let output = bare(env!("CARGO_BIN_EXE_pledgebook"))
        .args(["serve", "--listen", "0.0.0.0:0", "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("127.0.0.1") && said.contains("TLS"), "{said}");
}
