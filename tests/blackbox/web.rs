//! gRPC-Web: HTTP/1.1 as a browser writes it, byte by byte, on the same port.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pledgebook::grpc::wire::{Access, AppendRequest, AppendResponse, ReadRequest, ReadResponse};
use prost::Message;
use std::{collections::HashMap, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic_types::StatusExt as _;

use crate::seed::{append, post, posts};
use crate::server::{LEDGER, Server};

const APPEND: &str = "/pledgebook.v1.RecorderService/Append";
const READ: &str = "/pledgebook.v1.ReaderService/Read";
const NAMED: (&str, &str) = ("pledgebook-source", "governance");
const PAGE: &str = "https://dashboard.example";

/// An answer in HTTP/1.1.
#[derive(Debug)]
struct Answer {
    http: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    /// The messages, and what stands behind them; or, without a body, what stands in the head.
    fn grpc(&self) -> (Vec<Vec<u8>>, HashMap<String, String>) {
        let (mut messages, mut rest) = (Vec::new(), self.body.as_slice());
        while let [flag, a, b, c, d, behind @ ..] = rest {
            let (frame, after) = behind.split_at(u32::from_be_bytes([*a, *b, *c, *d]) as usize);
            rest = after;
            if flag & 0x80 == 0 {
                messages.push(frame.to_vec());
                continue;
            }
            assert!(rest.is_empty(), "something stands behind the trailers");
            let trailers = String::from_utf8(frame.to_vec()).unwrap();
            let trailers = trailers.lines().filter_map(|line| line.split_once(':'));
            return (messages, trailers.map(|(k, v)| (k.to_owned(), v.trim().to_owned())).collect());
        }
        (messages, self.headers.clone())
    }

    /// Code and reason.
    fn status(&self) -> (String, String) {
        let (_, trailers) = self.grpc();
        let mut headers = http::HeaderMap::new();
        for (name, value) in &trailers {
            if name.starts_with("grpc-") {
                headers
                    .insert(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
            }
        }
        let reason = tonic::Status::from_header_map(&headers)
            .and_then(|status| status.get_error_details().error_info().map(|info| info.reason.clone()));
        (trailers.get("grpc-status").cloned().unwrap_or_default(), reason.unwrap_or_default())
    }
}

fn head(method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{method} {path} HTTP/1.1\r\nhost: ledger.example\r\n{headers}")
}

/// Sends bytes and reads one whole answer.
async fn exchange(stream: &mut TcpStream, bytes: &[u8]) -> Answer {
    stream.write_all(bytes).await.unwrap();
    let reading = read(stream);
    tokio::time::timeout(Duration::from_secs(30), reading).await.expect("no whole answer came")
}

async fn read(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break at + 4;
        }
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "ended in the head: {bytes:?}");
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8(bytes).unwrap();
    let mut lines = head.lines();
    let http = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    if headers.get("transfer-encoding").is_some_and(|it| it == "chunked") {
        while !body.ends_with(b"0\r\n\r\n") {
            assert!(stream.read_buf(&mut body).await.unwrap() > 0, "ended in the body");
        }
        body = chunks(&body);
    } else {
        let length = headers.get("content-length").map_or(0, |it| it.parse().unwrap());
        while body.len() < length {
            assert!(stream.read_buf(&mut body).await.unwrap() > 0, "ended in the body");
        }
    }
    Answer { http, headers, body }
}

fn chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|it| it == b"\r\n").unwrap();
        let length = usize::from_str_radix(str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return body;
        }
        body.extend(&rest[end + 2..end + 2 + length]);
        rest = &rest[end + 4 + length..];
    }
}

fn framed(message: &impl Message) -> Vec<u8> {
    let mut frame = vec![0];
    frame.extend((message.encoded_len() as u32).to_be_bytes());
    message.encode(&mut frame).unwrap();
    frame
}

fn request(path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let kind = [("content-type", "application/grpc-web+proto"), ("x-grpc-web", "1")];
    let mut bytes = head("POST", path, &[&kind[..], headers].concat()).into_bytes();
    bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
    bytes.extend(body);
    bytes
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address).await.unwrap()
}

async fn call(server: &Server, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    exchange(&mut connect(server).await, &request(path, headers, body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_caller_over_http_1_when_it_appends_and_reads_then_it_is_answered_as_over_http_2() {
    let server = Server::start().await;
    let mut stream = connect(&server).await;
    let events = posts("w", 3);
    let answer = exchange(&mut stream, &request(APPEND, &[NAMED], &framed(&append(events.clone())))).await;
    assert_eq!((answer.http, answer.headers["content-type"].as_str()), (200, "application/grpc-web+proto"));
    let (messages, trailers) = answer.grpc();
    assert_eq!(trailers["grpc-status"], "0");
    let appended = AppendResponse::decode(messages[0].as_slice()).unwrap();
    assert_eq!(appended.results.len(), 3);
    let again = server.append("governance", events).await.unwrap();
    assert_eq!(again[0].receipt, appended.results[0].receipt);
    assert!(again[0].repeated);
    // The same connection; many messages.
    let everything = ReadRequest { ledger: LEDGER.into(), ..Default::default() };
    let answer = exchange(&mut stream, &request(READ, &[], &framed(&everything))).await;
    let (messages, trailers) = answer.grpc();
    assert_eq!(trailers["grpc-status"], "0");
    let read: Vec<_> = messages
        .iter()
        .map(|message| ReadResponse::decode(message.as_slice()).unwrap().event.unwrap().sequence)
        .collect();
    assert_eq!(read, [0, 1, 2, 3]);
    // As text, for browsers that know no other.
    let text = STANDARD.encode(framed(&AppendRequest { validate_only: true, ..append(vec![post("t")]) }));
    let kind =
        [("content-type", "application/grpc-web-text"), ("accept", "application/grpc-web-text"), NAMED];
    let mut bytes = head("POST", APPEND, &kind).into_bytes();
    bytes.extend(format!("content-length: {}\r\n\r\n{text}", text.len()).into_bytes());
    let mut answer = exchange(&mut stream, &bytes).await;
    answer.body =
        answer.body.split_inclusive(|it| *it == b'=').flat_map(|it| STANDARD.decode(it).unwrap()).collect();
    let (messages, _) = answer.grpc();
    assert_eq!(AppendResponse::decode(messages[0].as_slice()).unwrap().judgements.len(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_refusals_over_http_1_when_they_come_then_code_and_details_stand_in_the_trailers_of_the_body() {
    let server = Server::start().await;
    server.append("governance", vec![post("a")]).await.unwrap();
    let refused = call(&server, APPEND, &[NAMED], &framed(&append(vec![post("a")]))).await;
    assert_eq!((refused.http, refused.status()), (200, ("9".into(), "POST_OVERLAP".into())), "{refused:?}");
    // A stream that has said something before it is refused: too late, in the middle of it.
    let beyond = ReadRequest { ledger: LEDGER.into(), from: Some(99), ..Default::default() };
    let refused = call(&server, READ, &[], &framed(&beyond)).await;
    assert_eq!(refused.status(), ("11".into(), "BEYOND_HEAD".into()));
    let subscribe = pledgebook::grpc::wire::SubscribeRequest { ledger: LEDGER.into(), ..Default::default() };
    let late = [("grpc-timeout", "300m")];
    let ended = call(&server, "/pledgebook.v1.ReaderService/Subscribe", &late, &framed(&subscribe)).await;
    let (messages, trailers) = ended.grpc();
    assert_eq!(
        (messages.len(), trailers["grpc-status"].as_str()),
        (3, "4"),
        "two events, the marker, the end"
    );
    assert_eq!(ended.status().1, "DEADLINE_PASSED");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_callers_over_http_1_when_they_may_not_or_send_too_much_then_they_are_refused_before_the_body()
{
    let server = Server::start().await;
    // Only the head is sent: the body never comes, and the answer does.
    let only_head = |path: &str, headers: &[(&str, &str)]| {
        let kind = [("content-type", "application/grpc-web+proto"), ("content-length", "1000")];
        format!("{}\r\n", head("POST", path, &[&kind[..], headers].concat()))
    };
    let answer = exchange(&mut connect(&server).await, only_head(APPEND, &[]).as_bytes()).await;
    assert_eq!(answer.status(), ("16".into(), "NO_SOURCE".into()));
    assert_eq!(answer.headers["content-type"], "application/grpc-web+proto");
    let answer =
        exchange(&mut connect(&server).await, only_head("/nothing/There", &[NAMED]).as_bytes()).await;
    assert_eq!(answer.status(), ("12".into(), "NO_SUCH_RPC".into()));
    let proxied = only_head(APPEND, &[NAMED, ("x-forwarded-for", "192.0.2.1")]);
    let answer = exchange(&mut connect(&server).await, proxied.as_bytes()).await;
    assert_eq!(answer.status(), ("16".into(), "NOT_LOCAL".into()));
    // Four gigabytes are announced; the answer comes without them.
    let answer = call(&server, APPEND, &[NAMED], &[0, 0xff, 0xff, 0xff, 0xff, 1]).await;
    assert_eq!(answer.status(), ("3".into(), "REQUEST_TOO_LARGE".into()));
    let answer = call(&server, APPEND, &[NAMED], &[0, 0, 0, 0, 2, 0xff, 0xff]).await;
    assert_eq!(answer.status(), ("3".into(), "UNREADABLE_REQUEST".into()));
    let long = "x".repeat(pledgebook::limits::MAX_HEADERS as usize);
    let answer = call(&server, APPEND, &[NAMED, ("x-long", &long)], &[]).await;
    assert_eq!(answer.http, 431);
    // What is no gRPC-Web is none of ours over HTTP/1.1.
    for (method, kind) in [("GET", "text/html"), ("POST", "application/grpc"), ("POST", "text/plain")] {
        let bytes =
            format!("{}content-length: 0\r\n\r\n", head(method, APPEND, &[("content-type", kind), NAMED]));
        assert_eq!(
            exchange(&mut connect(&server).await, bytes.as_bytes()).await.http,
            400,
            "{method} {kind}"
        );
    }
    assert_eq!(server.size(LEDGER).await, 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_no_origins_when_any_web_page_calls_then_it_is_refused_whatever_name_it_has() {
    let server = Server::start().await;
    let body = framed(&append(vec![post("x")]));
    // The last is a page whose own name was made to point here: to its browser, of the same origin.
    for origin in [PAGE, "null", "http://ledger.example"] {
        let answer = call(&server, APPEND, &[NAMED, ("origin", origin)], &body).await;
        assert_eq!(answer.status(), ("7".into(), "OTHER_ORIGIN".into()), "{answer:?}");
        assert_eq!(answer.headers["content-type"], "application/grpc-web+proto");
        let asks = [("origin", origin), ("access-control-request-method", "POST")];
        let bytes = format!("{}\r\n", head("OPTIONS", APPEND, &asks));
        let answer = exchange(&mut connect(&server).await, bytes.as_bytes()).await;
        assert_eq!(answer.http, 403);
        assert!(answer.headers.keys().all(|name| !name.starts_with("access-control")), "{answer:?}");
    }
    assert_eq!(server.size(LEDGER).await, 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_origin_that_an_operator_named_when_its_pages_call_then_they_may_and_no_other_does() {
    let server = Server::with(|config| config.web_origins = vec![PAGE.into()]).await;
    server.create("acme", Access::Open).await.unwrap();
    let asks = [("origin", PAGE), ("access-control-request-method", "POST")];
    let bytes = format!("{}\r\n", head("OPTIONS", APPEND, &asks));
    let answer = exchange(&mut connect(&server).await, bytes.as_bytes()).await;
    assert_eq!((answer.http, answer.headers["access-control-allow-origin"].as_str()), (204, PAGE));
    assert_eq!(answer.headers["access-control-allow-methods"], "POST");
    for name in ["authorization", "content-type", "pledgebook-source", "x-grpc-web", "grpc-timeout"] {
        assert!(answer.headers["access-control-allow-headers"].contains(name), "{name}");
    }
    let body = framed(&append(vec![post("x")]));
    let answer = call(&server, APPEND, &[NAMED, ("origin", PAGE)], &body).await;
    assert_eq!(answer.status().0, "0");
    assert_eq!(answer.headers["access-control-allow-origin"], PAGE);
    assert!(answer.headers["access-control-expose-headers"].contains("grpc-status"));
    assert_eq!(answer.headers["vary"], "origin");
    let other = call(&server, APPEND, &[NAMED, ("origin", "https://dashboard.example.org")], &body).await;
    assert_eq!(other.status().1, "OTHER_ORIGIN");
    // A page needs the same token as everybody.
    let nobody = call(&server, APPEND, &[("origin", PAGE)], &body).await;
    assert_eq!(nobody.status().1, "NO_SOURCE");
    server.stop().await;
}
