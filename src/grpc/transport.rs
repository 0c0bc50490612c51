//! The services on one port: every limit set, health and reflection beside them, and an end that loses nothing.
//!
//! Why each limit is set: the transport's own defaults have no bound on streams, on what is sent, or on silence.
//! Why nothing is compressed: a small message can unpack to a large one before its size is known.

use tokio::net::TcpListener;
use tonic::server::NamedService;
use tonic_health::{ServingStatus, server::HealthReporter};
use tonic_web::GrpcWebLayer;
use tower::layer::util::{Identity, Stack};

use super::{
    House,
    admin::Admin,
    aside::Aside,
    audit::Audit,
    browser::Browsers,
    door::Door,
    incoming,
    reader::Reader,
    recorder::Recorder,
    report::Reports,
    wire::{
        DESCRIPTOR, audit_service_server::AuditServiceServer,
        ledger_admin_service_server::LedgerAdminServiceServer, reader_service_server::ReaderServiceServer,
        recorder_service_server::RecorderServiceServer, report_service_server::ReportServiceServer,
    },
};
use crate::limits::{
    CONNECTION_WINDOW, KEEPALIVE, KEEPALIVE_ANSWER, MAX_HEADERS, MAX_MESSAGE_IN, MAX_MESSAGE_OUT,
    MAX_OPEN_MESSAGE_IN, MAX_OWN_RESETS, MAX_PENDING_RESETS, MAX_REQUESTS, MAX_STREAMS, STREAM_WINDOW,
};

/// Why the services could not be offered.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The schema that reflection shows is broken.
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The transport gave up.
    #[error("the port: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// Every service of ours, by its full name.
const SERVICES: [&str; 5] = [
    <RecorderServiceServer<Recorder> as NamedService>::NAME,
    <ReaderServiceServer<Reader> as NamedService>::NAME,
    <AuditServiceServer<Audit> as NamedService>::NAME,
    <ReportServiceServer<Reports> as NamedService>::NAME,
    <LedgerAdminServiceServer<Admin> as NamedService>::NAME,
];

/// Offers the services of a house on a port, until it stops; then takes no more connections, and returns when the
/// requests that were being answered are answered. What is no gRPC is answered by `pages`. Web pages of `origins` may
/// call, and of no other.
pub async fn serve(
    house: House,
    listener: TcpListener,
    origins: &[String],
    pages: Aside,
) -> Result<(), Failed> {
    macro_rules! bounded {
        ($service:expr) => {
            $service.max_decoding_message_size(MAX_MESSAGE_IN).max_encoding_message_size(MAX_MESSAGE_OUT)
        };
    }
    let (reporter, health) = tonic_health::server::health_reporter();
    for service in SERVICES {
        reporter.set_service_status(service, ServingStatus::Serving).await;
    }
    let stopped = {
        let house = house.clone();
        async move {
            house.stopped().await;
            close(&reporter).await;
        }
    };
    transport(Browsers::new(origins), pages, Door::new(house.gate.clone()))
        .add_service(bounded!(RecorderServiceServer::new(Recorder::new(house.clone()))))
        .add_service(bounded!(ReaderServiceServer::new(Reader::new(house.clone()))))
        .add_service(bounded!(AuditServiceServer::new(Audit::new(house.clone()))))
        .add_service(bounded!(ReportServiceServer::new(Reports::new(house.clone()))))
        .add_service(bounded!(LedgerAdminServiceServer::new(Admin::new(house))))
        .add_service(health.max_decoding_message_size(MAX_OPEN_MESSAGE_IN))
        .add_service(described().build_v1()?.max_decoding_message_size(MAX_OPEN_MESSAGE_IN))
        .add_service(described().build_v1alpha()?.max_decoding_message_size(MAX_OPEN_MESSAGE_IN))
        .serve_with_incoming_shutdown(incoming::connections(listener), stopped)
        .await
        .map_err(Failed::from)
}

/// From the outside in: which page calls; what is no gRPC goes aside; gRPC-Web as gRPC, message by message, as the body
/// is asked for; the door.
type Layers = Stack<Door, Stack<GrpcWebLayer, Stack<Aside, Stack<Browsers, Identity>>>>;

/// HTTP/1.1 is for gRPC-Web and for pages: an RPC that is called otherwise is answered with 400, and nothing of it is
/// read. A caller makes us hold less there than over HTTP/2: one request a connection at a time, and a head of some 400 KiB until it is
/// whole, which must be so within 30 seconds.
fn transport(browsers: Browsers, pages: Aside, door: Door) -> tonic::transport::Server<Layers> {
    tonic::transport::Server::builder()
        .accept_http1(true)
        .max_concurrent_streams(MAX_STREAMS)
        .concurrency_limit_per_connection(MAX_REQUESTS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_max_header_list_size(MAX_HEADERS)
        .http2_max_pending_accept_reset_streams(Some(MAX_PENDING_RESETS))
        .http2_max_local_error_reset_streams(Some(MAX_OWN_RESETS))
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_ANSWER))
        .layer(browsers)
        .layer(pages)
        .layer(GrpcWebLayer::new())
        .layer(door)
}

/// Everything that a caller without our schema needs, error details included.
fn described() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTOR)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}

/// Tells those who watch, and lets them go: a watch would keep the server from ending.
async fn close(health: &HealthReporter) {
    let mut health = health.clone();
    for service in SERVICES.into_iter().chain([""]) {
        health.set_service_status(service, ServingStatus::NotServing).await;
        health.clear_service_status(service).await;
    }
}
