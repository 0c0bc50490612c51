//! A real server in this process: its own data directory, a port of its own, and callers with names or tokens.

use pledgebook::config::Config;
use pledgebook::grpc::wire::{
    self, Access, CreateLedgerRequest, Event, LedgerOpened,
    ledger_admin_service_client::LedgerAdminServiceClient, reader_service_client::ReaderServiceClient,
    recorder_service_client::RecorderServiceClient, report_service_client::ReportServiceClient,
};
use pledgebook::journal::clock::{Clock, SystemClock};
use pledgebook::server;
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};
use tonic::{
    Code, Request, Status,
    metadata::MetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt as _;

pub const LEDGER: &str = "ledgers/acme";

/// Who calls.
#[derive(Clone)]
pub enum Who {
    Nobody,
    Source(&'static str),
    Token(String),
    Both(String, &'static str),
}

impl Interceptor for Who {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let (token, source) = match self {
            Self::Nobody => (None, None),
            Self::Source(source) => (None, Some(*source)),
            Self::Token(token) => (Some(token.as_str()), None),
            Self::Both(token, source) => (Some(token.as_str()), Some(*source)),
        };
        if let Some(token) = token {
            let value = MetadataValue::try_from(format!("Bearer {token}")).unwrap();
            request.metadata_mut().insert("authorization", value);
        }
        if let Some(source) = source {
            request.metadata_mut().insert("pledgebook-source", MetadataValue::try_from(source).unwrap());
        }
        Ok(request)
    }
}

pub type Calls = InterceptedService<Channel, Who>;

pub struct Server {
    pub address: SocketAddr,
    pub data: Arc<TempDir>,
    config: Config,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<Result<(), server::Error>>,
}

impl Server {
    /// A server with nothing in it.
    pub async fn empty() -> Self {
        Self::with(|_| {}).await
    }

    /// A server with the ledger `acme`, open to every source.
    pub async fn start() -> Self {
        let server = Self::empty().await;
        server.create("acme", Access::Open).await.unwrap();
        server
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::on(Arc::new(tempfile::tempdir().unwrap()), change).await
    }

    pub async fn on(data: Arc<TempDir>, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            data: data.path().to_owned(),
            ..Config::default()
        };
        change(&mut config);
        Self::run(data, config, Arc::new(SystemClock::new())).await
    }

    async fn run(data: Arc<TempDir>, config: Config, clock: Arc<dyn Clock>) -> Self {
        let (ready, listening) = oneshot::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async move { drop(stopped.await) };
        let ended = tokio::spawn(server::serve(config.clone(), clock, ready, stopped));
        let address = listening.await.expect("the server did not start");
        Self { address, data, config, stop: Some(stop), ended }
    }

    /// Stops in order.
    pub async fn stop(mut self) -> (Arc<TempDir>, Config) {
        self.begin_to_stop();
        self.ended.await.unwrap().unwrap();
        (self.data, self.config)
    }

    pub fn begin_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops in order, and starts again on the same files.
    pub async fn restart(self) -> Self {
        let (data, config) = self.stop().await;
        Self::run(data, config, Arc::new(SystemClock::new())).await
    }

    pub fn path(&self) -> &Path {
        self.data.path()
    }

    pub fn channel(&self) -> Channel {
        endpoint(self.address).connect_lazy()
    }

    fn calls(&self, who: Who) -> Calls {
        InterceptedService::new(self.channel(), who)
    }

    pub fn recorder(&self, source: &'static str) -> RecorderServiceClient<Calls> {
        self.recorder_as(Who::Source(source))
    }

    pub fn recorder_as(&self, who: Who) -> RecorderServiceClient<Calls> {
        RecorderServiceClient::new(self.calls(who))
    }

    pub fn reader(&self) -> ReaderServiceClient<Calls> {
        self.reader_as(Who::Nobody)
    }

    pub fn reader_as(&self, who: Who) -> ReaderServiceClient<Calls> {
        ReaderServiceClient::new(self.calls(who))
    }

    pub fn reports(&self) -> ReportServiceClient<Calls> {
        self.reports_as(Who::Nobody)
    }

    pub fn reports_as(&self, who: Who) -> ReportServiceClient<Calls> {
        ReportServiceClient::new(self.calls(who))
    }

    pub fn admin(&self) -> LedgerAdminServiceClient<Calls> {
        self.admin_as(Who::Nobody)
    }

    pub fn admin_as(&self, who: Who) -> LedgerAdminServiceClient<Calls> {
        LedgerAdminServiceClient::new(self.calls(who))
    }

    pub async fn create(&self, name: &str, access: Access) -> Result<wire::Ledger, Status> {
        let request =
            CreateLedgerRequest { name: format!("ledgers/{name}"), opened: Some(opened(name, access)) };
        self.admin().create_ledger(request).await.map(|answer| answer.into_inner().ledger.unwrap())
    }

    /// How many events a ledger holds.
    pub async fn size(&self, ledger: &str) -> u64 {
        let ledgers =
            self.admin().list_ledgers(wire::ListLedgersRequest {}).await.unwrap().into_inner().ledgers;
        ledgers.into_iter().find(|one| one.name == ledger).unwrap().size
    }

    pub async fn append(
        &self,
        source: &'static str,
        events: Vec<Event>,
    ) -> Result<Vec<wire::AppendResult>, Status> {
        self.append_to(LEDGER, source, events).await
    }

    /// Appends; but first it asks what would come of it, which must be what comes of it.
    pub async fn append_to(
        &self,
        ledger: &str,
        source: &'static str,
        events: Vec<Event>,
    ) -> Result<Vec<wire::AppendResult>, Status> {
        let mut recorder = self.recorder(source);
        let request = wire::AppendRequest { ledger: ledger.into(), events, ..Default::default() };
        let judge = wire::AppendRequest { validate_only: true, ..request.clone() };
        let judged = recorder.append(judge).await.map(tonic::Response::into_inner);
        let appended = recorder.append(request).await.map(tonic::Response::into_inner);
        assert_same_verdict(&judged, &appended);
        appended.map(|answer| answer.results)
    }

    /// Everything in the ledger, by `Read`.
    pub async fn everything(&self) -> Vec<wire::RecordedEvent> {
        let request = wire::ReadRequest { ledger: LEDGER.into(), ..Default::default() };
        let mut stream = self.reader().read(request).await.unwrap().into_inner();
        let mut events = Vec::new();
        while let Some(answer) = stream.message().await.unwrap() {
            events.push(answer.event.unwrap());
        }
        events
    }
}

/// What was said would come of a request is what came of it: the same refusal, or the same answer for each event.
pub fn assert_same_verdict(
    judged: &Result<wire::AppendResponse, Status>,
    appended: &Result<wire::AppendResponse, Status>,
) {
    use wire::judgement::Verdict;
    let (judged, appended) = match (judged, appended) {
        (Ok(judged), Ok(appended)) => (judged, appended),
        (Err(judged), Err(refused)) => {
            // How long the message was is told, too; the question is a little longer than what it asks about.
            let long = judged.message().contains("message length too large");
            assert!(long || judged.message() == refused.message(), "{judged:?} {refused:?}");
            assert_eq!(reason(judged), reason(refused));
            return;
        }
        other => panic!("another verdict: {other:?}"),
    };
    assert!(judged.results.is_empty() && appended.judgements.is_empty());
    assert_eq!(judged.judgements.len(), appended.results.len());
    for (judged, appended) in judged.judgements.iter().zip(&appended.results) {
        let receipt = appended.receipt.as_ref().unwrap();
        match judged.verdict.as_ref().unwrap() {
            Verdict::Repeat(first) => assert!(appended.repeated && first == receipt),
            Verdict::Recordable(it) => {
                assert!(!appended.repeated);
                assert_eq!(
                    (it.subject_version, &it.irregularities),
                    (receipt.subject_version, &receipt.irregularities)
                );
            }
        }
    }
}

pub fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint::from_shared(format!("http://{address}")).unwrap().connect_timeout(Duration::from_secs(5))
}

pub fn opened(name: &str, access: Access) -> LedgerOpened {
    LedgerOpened {
        organisation: "Acme".into(),
        origin: format!("ledger.example/{name}"),
        time_zone: "Europe/London".into(),
        example_data: true,
        simulated_clock: false,
        access: access.into(),
    }
}

/// The reason that a program goes by, and what stands beside it.
pub fn reason(status: &Status) -> (Code, String, std::collections::HashMap<String, String>) {
    let details = status.get_error_details();
    let info = details.error_info().unwrap_or_else(|| panic!("no reason in {status:?}"));
    assert_eq!(info.domain, "pledgebook");
    (status.code(), info.reason.clone(), info.metadata.clone())
}

/// The field that a refusal names.
pub fn field(status: &Status) -> String {
    let details = status.get_error_details();
    let request = details.bad_request().unwrap_or_else(|| panic!("no field in {status:?}"));
    request.field_violations[0].field.clone()
}
