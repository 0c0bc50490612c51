//! A server, as this command calls it: where it is, who calls, and what its refusals mean.
//!
//! Invariant: a token is sent to the server and goes nowhere else: not into an error, not through `{:?}`.

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use std::{net::IpAddr, time::Duration};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt as _;

use crate::grpc::{
    SOURCE_HEADER,
    wire::{
        ListLedgersRequest, audit_service_client::AuditServiceClient,
        ledger_admin_service_client::LedgerAdminServiceClient, reader_service_client::ReaderServiceClient,
        recorder_service_client::RecorderServiceClient, report_service_client::ReportServiceClient,
    },
};
use crate::limits::{MAX_MESSAGE_IN, MAX_MESSAGE_OUT};

/// Where a server is expected.
pub(super) const DEFAULT_SERVER: &str = "http://127.0.0.1:8420";

/// How long we wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// Who calls.
#[derive(Args, Clone, Default)]
pub(super) struct Who {
    /// The posting system's name, on a server without tokens. With a token, it must be the token's own.
    #[arg(long, value_name = "NAME")]
    pub(super) source: Option<String>,
    /// A token, such as `token create` makes. Better given as `PLEDGEBOOK_TOKEN`: arguments can be seen by others.
    #[arg(long, value_name = "TOKEN", env = "PLEDGEBOOK_TOKEN", hide_env_values = true)]
    pub(super) token: Option<String>,
}

/// A connection on which every call says who calls.
pub(super) type Calls = InterceptedService<Channel, Identity>;

/// A server to which there is a connection.
#[derive(Clone)]
pub(super) struct Server {
    channel: Channel,
    identity: Identity,
}

/// Whether a call to this host stays on this machine.
pub(super) fn is_here(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
}

impl Server {
    /// Connects.
    pub(super) async fn connect(url: &str, who: &Who) -> anyhow::Result<Self> {
        let identity = Identity::of(who)?;
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        if url.starts_with("https://") {
            bail!(
                "--server {url}: this version speaks TLS through a proxy only; give the proxy's http:// address"
            );
        }
        let endpoint = Endpoint::from_shared(url.clone())
            .with_context(|| format!("--server {url}: not an address; write such as {DEFAULT_SERVER}"))?
            .connect_timeout(CONNECT)
            .tcp_nodelay(true);
        if who.token.is_some() && !endpoint.uri().host().is_some_and(is_here) {
            bail!(
                "--server {url}: a token would go over the network in clear, and whoever reads it there could post \
                 under its name; use a proxy or a tunnel on this machine that speaks TLS, and give its address"
            );
        }
        let channel = endpoint.connect().await.map_err(|_| {
            anyhow!("no server answers at {url}: start one with `pledgebook serve`, or say where it is with --server")
        })?;
        Ok(Self { channel, identity })
    }

    /// The same connection, for somebody else.
    pub(super) fn calling_as(&self, who: &Who) -> anyhow::Result<Self> {
        Ok(Self { channel: self.channel.clone(), identity: Identity::of(who)? })
    }

    pub(super) fn recorder(&self) -> RecorderServiceClient<Calls> {
        RecorderServiceClient::with_interceptor(self.channel.clone(), self.identity.clone())
            .max_encoding_message_size(MAX_MESSAGE_IN)
    }

    pub(super) fn reader(&self) -> ReaderServiceClient<Calls> {
        ReaderServiceClient::with_interceptor(self.channel.clone(), self.identity.clone())
            .max_decoding_message_size(MAX_MESSAGE_OUT)
    }

    pub(super) fn reports(&self) -> ReportServiceClient<Calls> {
        ReportServiceClient::with_interceptor(self.channel.clone(), self.identity.clone())
            .max_decoding_message_size(MAX_MESSAGE_OUT)
    }

    pub(super) fn audit(&self) -> AuditServiceClient<Calls> {
        AuditServiceClient::with_interceptor(self.channel.clone(), self.identity.clone())
            .max_decoding_message_size(MAX_MESSAGE_OUT)
    }

    pub(super) fn admin(&self) -> LedgerAdminServiceClient<Calls> {
        LedgerAdminServiceClient::with_interceptor(self.channel.clone(), self.identity.clone())
    }
}

/// The headers that say who calls.
#[derive(Clone)]
pub(super) struct Identity {
    authorization: Option<MetadataValue<Ascii>>,
    source: Option<MetadataValue<Ascii>>,
}

impl Identity {
    fn of(who: &Who) -> anyhow::Result<Self> {
        let authorization = who.token.as_ref().map(|token| {
            let mut value = MetadataValue::try_from(format!("Bearer {}", token.trim()))
                .map_err(|_| anyhow!("--token: not a token; it begins with `pbk_` and has no spaces"))?;
            value.set_sensitive(true);
            anyhow::Ok(value)
        });
        let source = who.source.as_ref().map(|name| {
            MetadataValue::try_from(name.as_str())
                .map_err(|_| anyhow!("--source: not a name; use letters, digits, '.', '_' or '-'"))
        });
        Ok(Self { authorization: authorization.transpose()?, source: source.transpose()? })
    }
}

impl Interceptor for Identity {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let headers = request.metadata_mut();
        if let Some(authorization) = &self.authorization {
            headers.insert("authorization", authorization.clone());
        }
        if let Some(source) = &self.source {
            headers.insert(SOURCE_HEADER, source.clone());
        }
        Ok(request)
    }
}

/// A refusal, as far as this command acts on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// For programs, such as `NOT_GRANTED`.
    pub(super) reason: String,
    /// For people.
    pub(super) message: String,
    /// Which of the request's events, if it was one of them.
    pub(super) index: Option<usize>,
    /// The same request may be recorded later.
    pub(super) passing: bool,
    /// It is about who calls, or whether anybody is there: nothing else that is sent would fare better.
    pub(super) hopeless: bool,
    /// After how long the server would like to be asked again.
    pub(super) pause: Option<Duration>,
}

impl Refusal {
    pub(super) fn of(status: &Status) -> Self {
        use tonic::Code::{
            Cancelled, DeadlineExceeded, Internal, InvalidArgument, ResourceExhausted, Unauthenticated,
            Unavailable, Unimplemented,
        };
        let info = status.get_details_error_info();
        let reason = info.as_ref().map_or_else(|| format!("{:?}", status.code()), |info| info.reason.clone());
        let index = info.as_ref().and_then(|info| info.metadata.get("index")?.parse().ok());
        let passing = matches!(status.code(), ResourceExhausted | Unavailable | DeadlineExceeded | Cancelled);
        let hopeless = matches!(status.code(), Unauthenticated | Unimplemented | Internal)
            || index.is_none() && !passing && status.code() != InvalidArgument;
        let pause = status.get_details_retry_info().and_then(|info| info.retry_delay);
        Self { reason, message: status.message().to_owned(), index, passing, hopeless, pause }
    }

    /// The message without the place in the request, which only this command knows, and without the reason, which
    /// stands beside it.
    pub(super) fn what(&self) -> &str {
        let mut message = self.message.as_str();
        if let Some(index) = self.index {
            let place = format!("events[{index}]");
            message = message.strip_prefix(&place).unwrap_or(message).trim_start_matches(['.', ':', ' ']);
        }
        message.strip_prefix(&self.reason).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(message)
    }
}

/// A failed call, as an error of this command.
pub(super) fn failed(status: &Status) -> anyhow::Error {
    let refusal = Refusal::of(status);
    // What is a header to a program is an argument here.
    match (status.code(), refusal.reason.as_str()) {
        // Our own statuses are never UNKNOWN: it is how a connection ends that was cut.
        (tonic::Code::Unavailable | tonic::Code::Unknown, _) => {
            anyhow!("the connection to the server was lost ({})", refusal.message)
        }
        (_, "NO_SOURCE") => {
            anyhow!("the server asks which posting system this is: say so with --source NAME")
        }
        (_, "NO_TOKEN") => anyhow!(
            "the server asks for a token: put it into PLEDGEBOOK_TOKEN, or give --token; an operator makes one with \
             `pledgebook token create`"
        ),
        (_, reason) => anyhow!("the server refused: {} ({reason})", refusal.what()),
    }
}

/// The name of a ledger as the wire has it, whether or not it was given with `ledgers/`.
/// `argument` is where it was given.
pub(super) fn ledger_name(argument: &str, name: &str) -> anyhow::Result<String> {
    let name =
        crate::domain::id::LedgerName::parse(name).map_err(|why| anyhow!("{argument} {name}: {why}"))?;
    Ok(name.to_string())
}

/// Whether everything in a ledger is invented; nothing if this caller may not know.
pub(super) async fn is_example(server: &Server, ledger: &str) -> Option<bool> {
    // Not every poster may list; what it came for does not depend on it.
    let ledgers = server.admin().list_ledgers(ListLedgersRequest {}).await.ok()?.into_inner().ledgers;
    ledgers.into_iter().find(|it| it.name == ledger)?.opened.map(|opened| opened.example_data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_without_the_place_in_the_request() {
        let refusal = |message: &str| Refusal {
            reason: "MALFORMED".into(),
            message: message.into(),
            index: Some(3),
            passing: false,
            hopeless: false,
            pause: None,
        };
        assert_eq!(refusal("events[3].occurred: not a day").what(), "occurred: not a day");
        assert_eq!(refusal("events[3]: closed already").what(), "closed already");
        assert_eq!(refusal("events[3]: MALFORMED: no").what(), "no");
        assert_eq!(refusal("the queue is full").what(), "the queue is full");
    }

    #[tokio::test]
    async fn a_token_does_not_go_in_clear_to_another_machine() {
        let who = Who { source: None, token: Some("pbk_secret".into()) };
        for url in [
            "http://192.0.2.1:8420",
            "ledger.example:8420",
            "http://localhost.example:1",
            "http://[2001:db8::1]:1",
        ] {
            let error = Server::connect(url, &who).await.err().map(|error| error.to_string());
            let error = error.unwrap_or_default();
            assert!(error.contains("in clear") && !error.contains("secret"), "{url}: {error}");
        }
        assert!(is_here("127.0.0.1") && is_here("[::1]") && is_here("localhost"));
    }

    #[test]
    fn a_bad_token_is_not_repeated_in_the_error() {
        let who = Who { source: None, token: Some("pbk_secret\n\u{7f}".into()) };
        let error = Identity::of(&who).err().map(|error| format!("{error:#}")).unwrap_or_default();
        assert!(error.contains("--token") && !error.contains("secret"), "{error}");
    }
}
