//! The port itself: what is answered before a body is read, and what the standard services say.

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use pledgebook::config::Config;
use pledgebook::journal::clock::SystemClock;
use prost::Message;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
};
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::{v1, v1alpha};
use tonic_types::StatusExt as _;

use crate::seed::{append, post};
use crate::server::{LEDGER, Server};

/// A caller that speaks HTTP/2 and nothing above it.
pub struct Raw(SendRequest<Bytes>);

#[derive(Debug)]
pub struct Answer {
    pub code: i32,
    pub message: String,
    pub reason: String,
}

impl Raw {
    pub async fn connect(server: &Server) -> Self {
        Self::to(server.address).await
    }

    pub async fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (send, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        Self(send.ready().await.unwrap())
    }

    pub fn message(message: &impl Message) -> Bytes {
        let mut frame = vec![0];
        frame.extend((message.encoded_len() as u32).to_be_bytes());
        message.encode(&mut frame).unwrap();
        frame.into()
    }

    /// Sends the head of a request; its body is still to come.
    pub async fn begin(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (ResponseFuture, h2::SendStream<Bytes>) {
        let mut request = http::Request::post(format!("http://server{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.0.send_request(request.body(()).unwrap(), false).unwrap()
    }

    /// Calls; without a body, the body never comes.
    pub async fn call(&mut self, path: &str, headers: &[(&str, &str)], body: Option<Bytes>) -> Answer {
        let (answer, mut send) = self.begin(path, headers).await;
        if let Some(body) = body {
            // Who is refused by the head of the request may be told before its body is sent, and then cannot send it. What
            // the answer was, is read below.
            let _ = send.send_data(body, true);
        }
        let answer = tokio::time::timeout(Duration::from_secs(5), answer).await.expect("no answer").unwrap();
        let (head, mut body) = answer.into_parts();
        let mut headers = head.headers;
        if !headers.contains_key("grpc-status") {
            while let Some(chunk) = body.data().await {
                let chunk = chunk.unwrap();
                body.flow_control().release_capacity(chunk.len()).unwrap();
            }
            headers = body.trailers().await.unwrap().unwrap();
        }
        let reason = tonic::Status::from_header_map(&headers).unwrap();
        let reason = reason.get_error_details().error_info().map(|info| info.reason.clone());
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        Answer {
            code: text("grpc-status").unwrap().parse().unwrap(),
            message: text("grpc-message").unwrap_or_default(),
            reason: reason.unwrap_or_default(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_caller_that_is_nobody_when_it_sends_only_a_head_then_it_is_refused_without_its_body() {
    let server = Server::start().await;
    let mut raw = Raw::connect(&server).await;
    let answer = raw.call("/pledgebook.v1.RecorderService/Append", &[], None).await;
    assert_eq!(answer.code, Code::Unauthenticated as i32);
    assert!(answer.message.contains("pledgebook-source"), "{answer:?}");
    // Nor is what cannot be decoded looked at.
    let rubbish = Bytes::from_static(&[0, 0, 0, 0, 2, 0xff, 0xff]);
    let answer = raw.call("/pledgebook.v1.RecorderService/Append", &[], Some(rubbish.clone())).await;
    assert_eq!(answer.code, Code::Unauthenticated as i32);
    let named = [("pledgebook-source", "tracker")];
    let answer = raw.call("/pledgebook.v1.RecorderService/Append", &named, Some(rubbish)).await;
    assert_eq!(
        (answer.code, answer.reason.as_str()),
        (Code::InvalidArgument as i32, "UNREADABLE_REQUEST"),
        "{answer:?}"
    );
    let answer = raw.call("/pledgebook.v1.RecorderService/Append", &named, Some(Bytes::new())).await;
    assert_eq!((answer.code, answer.reason.as_str()), (Code::InvalidArgument as i32, "UNREADABLE_REQUEST"));
    // `ledger` with a byte that is no UTF-8.
    let latin = Bytes::from_static(&[0, 0, 0, 0, 3, 0x0a, 1, 0xe9]);
    let answer = raw.call("/pledgebook.v1.RecorderService/Append", &named, Some(latin)).await;
    assert_eq!((answer.code, answer.reason.as_str()), (Code::InvalidArgument as i32, "UNREADABLE_REQUEST"));
    // Said to be compressed, which nobody agreed on.
    let packed = Bytes::from_static(&[1, 0, 0, 0, 1, 0]);
    let answer = raw.call("/pledgebook.v1.RecorderService/Append", &named, Some(packed)).await;
    assert_eq!((answer.code, answer.reason.as_str()), (Code::Internal as i32, "TRANSPORT"));
    // Four gigabytes are announced; the answer comes without them.
    let claim = Bytes::from_static(&[0, 0xff, 0xff, 0xff, 0xff, 1]);
    let answer = raw.call("/pledgebook.v1.RecorderService/Append", &named, Some(claim)).await;
    assert_eq!((answer.code, answer.reason.as_str()), (Code::InvalidArgument as i32, "REQUEST_TOO_LARGE"));
    for path in ["/pledgebook.v1.VaultService/Erase", "/nothing", "/"] {
        assert_eq!(raw.call(path, &named, Some(Bytes::new())).await.code, Code::Unimplemented as i32);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_health_that_anybody_may_ask_when_a_message_is_long_then_it_is_refused_before_it_is_read() {
    let server = Server::start().await;
    let mut raw = Raw::connect(&server).await;
    let claim = Bytes::from_static(&[0, 0, 0, 0x10, 1, 1]);
    let answer = raw.call("/grpc.health.v1.Health/Check", &[], Some(claim)).await;
    assert_eq!(answer.reason, "REQUEST_TOO_LARGE", "{answer:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_no_tokens_when_a_proxy_calls_for_somebody_then_that_is_nobody_on_this_machine() {
    let server = Server::start().await;
    let mut raw = Raw::connect(&server).await;
    let body = Raw::message(&append(vec![post("x")]));
    for name in ["forwarded", "x-forwarded-for", "x-real-ip", "via"] {
        let headers = [("pledgebook-source", "governance"), (name, "192.0.2.1")];
        let answer = raw.call("/pledgebook.v1.RecorderService/Append", &headers, Some(body.clone())).await;
        assert_eq!((answer.code, answer.reason.as_str()), (Code::Unauthenticated as i32, "NOT_LOCAL"));
    }
    assert_eq!(server.size(LEDGER).await, 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_half_sent_request_when_its_caller_leaves_then_nothing_is_recorded_and_others_go_on() {
    let server = Server::start().await;
    let mut raw = Raw::connect(&server).await;
    let whole = Raw::message(&append(vec![post("x")]));
    let (answer, mut send) =
        raw.begin("/pledgebook.v1.RecorderService/Append", &[("pledgebook-source", "a")]).await;
    send.send_data(whole.slice(..whole.len() / 2), false).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    send.send_reset(h2::Reason::CANCEL);
    drop((answer, send, raw));
    assert!(server.append("governance", vec![post("y")]).await.is_ok());
    assert_eq!(server.size(LEDGER).await, 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_connection_that_says_nothing_when_it_is_waited_for_then_it_is_let_go() {
    let server = Server::start().await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    silent.write_all(b"PRI * HT").await.unwrap();
    let wait = pledgebook::limits::HANDSHAKE + Duration::from_secs(3);
    let mut buffer = [0; 64];
    let ended = tokio::time::timeout(wait, async {
        while silent.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    });
    assert!(ended.await.is_ok(), "it was kept");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_no_token_when_health_is_asked_then_every_service_and_the_whole_are_serving() {
    let server = Server::start().await;
    let mut health = HealthClient::new(server.channel());
    for service in [
        "",
        "pledgebook.v1.RecorderService",
        "pledgebook.v1.ReaderService",
        "pledgebook.v1.ReportService",
        "pledgebook.v1.LedgerAdminService",
    ] {
        let answer = health.check(HealthCheckRequest { service: service.into() }).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving);
    }
    let request = HealthCheckRequest { service: String::new() };
    let mut watch = health.watch(request).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let stopped = tokio::spawn(server.stop());
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    drop((watch, health));
    stopped.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn given_no_schema_when_reflection_is_asked_then_both_versions_know_services_and_error_details() {
    let server = Server::start().await;
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(server.channel());
    for symbol in ["pledgebook.v1.RecorderService", "google.rpc.ErrorInfo", "grpc.health.v1.Health"] {
        let request = v1::ServerReflectionRequest {
            host: String::new(),
            message_request: Some(v1::server_reflection_request::MessageRequest::FileContainingSymbol(
                symbol.into(),
            )),
        };
        let answer = client.server_reflection_info(tokio_stream::iter([request])).await.unwrap().into_inner();
        let answer = { answer }.message().await.unwrap().unwrap().message_response.unwrap();
        assert!(matches!(answer, v1::server_reflection_response::MessageResponse::FileDescriptorResponse(_)));
    }
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(server.channel());
    let request = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(
            v1alpha::server_reflection_request::MessageRequest::ListServices(String::new()),
        ),
    };
    let answer = client.server_reflection_info(tokio_stream::iter([request])).await.unwrap().into_inner();
    let answer = { answer }.message().await.unwrap().unwrap().message_response.unwrap();
    let v1alpha::server_reflection_response::MessageResponse::ListServicesResponse(list) = answer else {
        panic!("not a list: {answer:?}");
    };
    assert!(list.service.iter().any(|service| service.name == "pledgebook.v1.ReportService"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_address_that_others_can_reach_when_it_is_to_be_listened_on_then_it_is_refused_with_what_to_do()
 {
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
        let data = tempfile::tempdir().unwrap();
        let config =
            Config { listen: listen.parse().unwrap(), data: data.path().join("none"), ..Config::default() };
        let (ready, _listening) = oneshot::channel();
        let refused =
            pledgebook::server::serve(config, Arc::new(SystemClock::new()), ready, std::future::pending())
                .await;
        let why = refused.unwrap_err().to_string();
        assert!(why.contains("TLS") && why.contains("127.0.0.1") && why.contains("make a token"), "{why}");
        assert!(!data.path().join("none").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_more_connections_than_there_may_be_when_some_leave_then_the_others_come_in() {
    let server = Server::start().await;
    let mut held = Vec::new();
    for _ in 0..pledgebook::limits::MAX_CONNECTIONS {
        held.push(Raw::connect(&server).await);
    }
    let mut recorder = server.recorder("governance");
    let request = append(vec![post("x")]);
    let waiting = tokio::spawn(async move { recorder.append(request).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    held.clear();
    assert!(waiting.await.unwrap().is_ok());
    server.stop().await;
}
