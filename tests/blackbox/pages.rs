//! Checkpoints and tiles over plain HTTP, as tools that know no gRPC ask for them: HTTP/1.1 byte by byte, and HTTP/2.

use bytes::Bytes;
use pledgebook::{
    auth::{Role, Roles, token::Book},
    grpc::wire::{Access, ListLedgersRequest},
};
use std::{collections::HashMap, time::Duration};
use storage::{
    Digest, leaf_hash,
    merkle::{
        Range,
        tile::{Level, Tile, tiles},
    },
    note::{SignedCheckpoint, Verifier},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

use crate::seed::{post, posts};
use crate::server::{LEDGER, Server};

const CHECKPOINT: &str = "/ledgers/acme/checkpoint";
const PAGE: &str = "https://dashboard.example";
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Page {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }
}

/// Asks as curl does: one request, and everything until the end of the connection.
pub async fn ask(server: &Server, method: &str, path: &str, headers: &[(&str, &str)]) -> Page {
    let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "host") {
        request += &format!("host: {}\r\n", server.address);
    }
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    let asking = async {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(format!("{request}\r\n").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    };
    let answer = tokio::time::timeout(PATIENCE, asking).await.expect("no whole answer came");
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n").expect("no head") + 4;
    let head = str::from_utf8(&answer[..end]).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let body = answer[end..].to_vec();
    if method != "HEAD" {
        let length = headers.get("content-length").map_or("0", String::as_str);
        assert_eq!(length, body.len().to_string(), "{path}: not the whole page");
    }
    Page { status, headers, body }
}

async fn get(server: &Server, path: &str) -> Page {
    ask(server, "GET", path, &[]).await
}

async fn ask_by_http_2(server: &Server, method: &str, path: &str) -> Page {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (send, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let mut send: h2::client::SendRequest<Bytes> = send.ready().await.unwrap();
    let request = http::Request::builder().method(method).uri(format!("http://{}{path}", server.address));
    let (answer, _) = send.send_request(request.body(()).unwrap(), true).unwrap();
    let (head, mut from) = answer.await.unwrap().into_parts();
    let mut body = Vec::new();
    while let Some(chunk) = from.data().await {
        let chunk = chunk.unwrap();
        from.flow_control().release_capacity(chunk.len()).unwrap();
        body.extend(chunk);
    }
    assert!(from.trailers().await.unwrap().is_none(), "a page has no trailers");
    let headers = head.headers.iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    Page { status: head.status.as_u16(), headers, body }
}

async fn vkey(server: &Server) -> Verifier {
    let ledgers = server.admin().list_ledgers(ListLedgersRequest {}).await.unwrap().into_inner().ledgers;
    Verifier::parse(&ledgers.into_iter().find(|one| one.name == LEDGER).unwrap().vkey).unwrap()
}

/// The newest checkpoint, as soon as it covers so many records.
async fn signed(server: &Server, size: u64) -> SignedCheckpoint {
    let key = vkey(server).await;
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let page = get(server, CHECKPOINT).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let signed =
            SignedCheckpoint::open(&page.body, "ledger.example/acme", std::slice::from_ref(&key)).unwrap();
        if signed.checkpoint.size >= size {
            return signed;
        }
        assert!(tokio::time::Instant::now() < until, "no checkpoint of {size} records was published");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The ledger `acme` with 301 records, all of them signed for.
async fn full() -> Server {
    let server = Server::start().await;
    server.append("governance", posts("p", 300)).await.unwrap();
    signed(&server, 301).await;
    server
}

fn path(tile: Tile) -> String {
    format!("/ledgers/acme/{}", tile.path())
}

fn digests(bytes: &[u8]) -> Vec<Digest> {
    assert_eq!(bytes.len() % 32, 0);
    bytes.chunks(32).map(|hash| Digest(hash.try_into().unwrap())).collect()
}

fn records(mut bundle: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let [a, b, rest @ ..] = bundle {
        let (record, behind) = rest.split_at(usize::from(u16::from_be_bytes([*a, *b])));
        found.push(record);
        bundle = behind;
    }
    assert!(bundle.is_empty());
    found
}

fn root(leaves: &[Digest]) -> Digest {
    let mut range = Range::new();
    for leaf in leaves {
        range.push(*leaf, |_, _| {});
    }
    range.root()
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_ledger_when_its_tiles_are_put_together_then_they_have_the_root_of_the_checkpoint() {
    let server = full().await;
    let checkpoint = signed(&server, 301).await.checkpoint;
    assert_eq!(checkpoint.size, 301);
    let (mut leaves, mut hashed) = (Vec::new(), Vec::new());
    for tile in tiles(checkpoint.size, Level::Hashes(0)) {
        let page = get(&server, &path(tile)).await;
        assert_eq!((page.status, page.body.len()), (200, usize::from(tile.width) * 32));
        leaves.extend(digests(&page.body));
        let entries = get(&server, &path(Tile { level: Level::Entries, ..tile })).await;
        assert_eq!(entries.status, 200);
        hashed.extend(records(&entries.body).into_iter().map(leaf_hash));
    }
    assert_eq!(root(&leaves), checkpoint.root);
    assert_eq!(hashed, leaves, "the bundles are not what the hashes are of");
    let above = get(&server, "/ledgers/acme/tile/1/000.p/1").await;
    assert_eq!(digests(&above.body), [root(&leaves[..256])]);
    // Of any width that was ever signed: a full tile, too.
    let part = get(&server, "/ledgers/acme/tile/0/000.p/17").await;
    assert_eq!(digests(&part.body), leaves[..17]);
    let part = get(&server, "/ledgers/acme/tile/0/001.p/44").await;
    assert_eq!(digests(&part.body), leaves[256..300]);
    let part = get(&server, "/ledgers/acme/tile/entries/000.p/1").await;
    assert_eq!(records(&part.body).into_iter().map(leaf_hash).collect::<Vec<_>>(), leaves[..1]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_pages_when_they_are_asked_for_by_either_http_then_head_and_body_are_what_the_specification_says()
 {
    let server = full().await;
    let year = "private, max-age=31536000, immutable";
    for (path, kind, kept) in [
        (CHECKPOINT, "text/plain; charset=utf-8", "private, max-age=1, no-transform"),
        ("/ledgers/acme/tile/0/000", "application/octet-stream", year),
        ("/ledgers/acme/tile/0/001.p/45?why=not", "application/octet-stream", year),
        ("/ledgers/acme/tile/entries/000", "application/octet-stream", year),
    ] {
        let page = get(&server, path).await;
        assert_eq!((page.status, page.header("content-type")), (200, kind), "{path}");
        assert_eq!(page.header("cache-control"), kept, "{path}");
        assert_eq!((page.header("vary"), page.header("x-content-type-options")), ("origin", "nosniff"));
        assert!(page.headers.keys().all(|name| !name.starts_with("grpc") && !name.starts_with("access")));
        let head = ask(&server, "HEAD", path, &[]).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        let other = ask_by_http_2(&server, "GET", path).await;
        assert_eq!((other.status, &other.body), (200, &page.body), "{path}");
        let other_head = ask_by_http_2(&server, "HEAD", path).await;
        assert_eq!((other_head.status, other_head.body.len()), (200, 0));
        for name in ["content-type", "cache-control", "vary", "content-length", "x-content-type-options"] {
            for answer in [&head, &other, &other_head] {
                assert_eq!(answer.header(name), page.header(name), "{path}: {name}");
            }
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_one_connection_when_pages_and_calls_come_over_it_then_each_is_answered_in_its_own_form() {
    let server = Server::start().await;
    signed(&server, 1).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let call = "POST /pledgebook.v1.ReaderService/Read HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\
                content-type: application/grpc-web+proto\r\n\r\n\0\0\0\0\0";
    // All of it at once: what is answered stands in the order in which it was asked.
    let all =
        [get(CHECKPOINT), call.to_owned(), get("/nothing"), get("/ledgers/acme/tile/0/000.p/1")].concat();
    stream
        .write_all(
            all.replacen("/000.p/1 HTTP/1.1\r\n", "/000.p/1 HTTP/1.1\r\nconnection: close\r\n", 1).as_bytes(),
        )
        .await
        .unwrap();
    let mut answers = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answers)).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&answers);
    let heads: Vec<&str> = text.match_indices("HTTP/1.1 ").map(|(at, _)| &text[at + 9..at + 12]).collect();
    assert_eq!(heads, ["200", "200", "404", "200"], "{text}");
    assert!(text.contains("application/grpc-web+proto") && text.contains("grpc-status"), "{text}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_paths_of_nothing_when_they_are_asked_for_then_the_answer_is_404_in_plain_words() {
    let server = full().await;
    for path in [
        "/ledgers/acme/tile/0/001",
        "/ledgers/acme/tile/0/001.p/46",
        "/ledgers/acme/tile/0/002",
        "/ledgers/acme/tile/0/002.p/0",
        "/ledgers/acme/tile/0/000.p/0",
        "/ledgers/acme/tile/0/000.p/256",
        "/ledgers/acme/tile/0/000.p/017",
        "/ledgers/acme/tile/1/000",
        "/ledgers/acme/tile/1/000.p/2",
        "/ledgers/acme/tile/2/000.p/1",
        "/ledgers/acme/tile/63/000.p/1",
        "/ledgers/acme/tile/64/000",
        "/ledgers/acme/tile/00/000",
        "/ledgers/acme/tile/-1/000",
        "/ledgers/acme/tile/0/0",
        "/ledgers/acme/tile/0/x000/000",
        "/ledgers/acme/tile/0/000/",
        "/ledgers/acme/tile/0//000",
        "/ledgers/acme/tile/0/%30%30%30",
        "/ledgers/acme/tile/%65ntries/000",
        "/ledgers/acme/tile/ENTRIES/000",
        "/ledgers/acme/tile/entries/0/000",
        "/ledgers/acme/tile/entries/001.p/46",
        "/ledgers/acme/tile/entries/999",
        "/ledgers/acme/tile/entries/",
        "/ledgers/acme/tile/entries",
        "/ledgers/acme/tile/",
        "/ledgers/acme/tile",
        "/ledgers/acme/checkpoint/",
        "/ledgers/acme/Checkpoint",
        "/ledgers/acme/",
        "/ledgers/acme",
        "/ledgers/none/checkpoint",
        "/ledgers/none/tile/0/000",
        "/ledgers/ACME/checkpoint",
        "/ledgers/ledgers%2Facme/checkpoint",
        "/ledgers/acme/../acme/checkpoint",
        "/ledgers//checkpoint",
        "//ledgers/acme/checkpoint",
        "/ledgers",
        "/checkpoint",
        "/",
    ] {
        let page = get(&server, path).await;
        assert_eq!(page.status, 404, "{path}: {}", page.text());
        assert_eq!(page.header("content-type"), "text/plain; charset=utf-8", "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
        assert!(page.text().contains("here is no "), "{path}: {}", page.text());
    }
    let page = ask_by_http_2(&server, "GET", "/nothing").await;
    assert_eq!((page.status, page.header("grpc-status")), (404, ""));
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        for path in [CHECKPOINT, "/ledgers/acme/tile/0/000", "/ledgers/acme/tile/entries/000"] {
            let page = ask(&server, method, path, &[("content-length", "0")]).await;
            assert_eq!((page.status, page.header("allow")), (405, "GET, HEAD"), "{method} {path}");
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_records_that_nothing_is_signed_for_yet_when_their_tile_is_asked_for_then_it_is_not_there() {
    let server = Server::start().await;
    let mut unsigned = 0;
    for size in 2..40_u16 {
        server.append("governance", vec![post(format!("p{size}"))]).await.unwrap();
        for level in [Level::Hashes(0), Level::Entries] {
            let page = get(&server, &path(Tile { level, index: 0, width: size })).await;
            // What is signed grows only: what was given must be covered by now.
            let covered = signed(&server, 1).await.checkpoint.size >= u64::from(size);
            assert!(page.status == 404 || page.status == 200 && covered, "{size}: {page:?}");
            unsigned += usize::from(page.status == 404);
        }
    }
    assert!(unsigned > 0, "nothing was ever asked for before it was signed");
    let size = signed(&server, 39).await.checkpoint.size as u16;
    let page = get(&server, &path(Tile { level: Level::Hashes(0), index: 0, width: size })).await;
    assert_eq!(page.status, 200);
    server.stop().await;
}

/// One token a role, and their headers.
async fn tokens(server: &Server) -> Vec<(Role, String)> {
    let mut book = Book::default();
    let issue = |role: Role| {
        let source = (role == Role::Poster).then_some("poster");
        let secret = book.issue(role.as_str(), source, Roles::of(&[role]), "2026-01-01").unwrap();
        (role, format!("Bearer {}", secret.reveal()))
    };
    let headers = Role::ALL.map(issue).to_vec();
    book.save(&server.path().join("tokens.json")).unwrap();
    // Until the server has seen that there are tokens now.
    let until = tokio::time::Instant::now() + PATIENCE;
    while get(server, "/ledgers/acme/tile/entries/000.p/1").await.status == 200 {
        assert!(tokio::time::Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    headers
}

const ALL: [&str; 3] = [CHECKPOINT, "/ledgers/acme/tile/0/000.p/1", "/ledgers/acme/tile/entries/000.p/1"];

#[tokio::test(flavor = "multi_thread")]
async fn given_tokens_when_each_role_looks_then_it_sees_what_the_table_says_and_nobody_else_anything() {
    let server = Server::start().await;
    signed(&server, 1).await;
    let tokens = tokens(&server).await;
    for (role, token) in &tokens {
        let shown = [("authorization", token.as_str())];
        for path in ALL {
            let page = ask(&server, "GET", path, &shown).await;
            let may = !path.contains("entries") || *role == Role::Auditor;
            assert_eq!(page.status, if may { 200 } else { 403 }, "{role:?} {path}");
            assert!(may || page.text().contains("auditor"), "{}", page.text());
            assert!(may || page.header("cache-control") == "no-store");
            // A token is looked at whatever name the server was called by.
            let named = [shown[0], ("host", "ledger.example"), ("x-forwarded-for", "192.0.2.1")];
            assert_eq!(ask(&server, "GET", path, &named).await.status, page.status);
        }
    }
    for path in ALL {
        for shown in [&[][..], &[("authorization", "Bearer pbk_00")], &[("authorization", "Basic eDp5")]] {
            let page = ask(&server, "GET", path, shown).await;
            assert_eq!(page.status, 401, "{path} {shown:?}");
            assert_eq!(page.header("www-authenticate"), "Bearer realm=\"pledgebook\"");
            assert_eq!(page.header("content-type"), "text/plain; charset=utf-8");
            assert!(page.text().contains("token") && page.headers.keys().all(|it| !it.starts_with("grpc")));
        }
    }
    // Whoever is not let in does not learn which ledgers and tiles there are.
    let none = get(&server, "/ledgers/none/checkpoint").await;
    assert_eq!((none.status, none.text()), (401, get(&server, CHECKPOINT).await.text()));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_public_tiles_when_anybody_looks_then_checkpoint_and_hashes_are_there_and_records_are_not() {
    let server = Server::with(|config| config.public_tiles = true).await;
    server.create("acme", Access::Open).await.unwrap();
    signed(&server, 1).await;
    tokens(&server).await;
    let proxied = [("x-forwarded-for", "192.0.2.1"), ("host", "ledger.example")];
    for path in ALL {
        let page = ask(&server, "GET", path, &proxied).await;
        if path.contains("entries") {
            assert_eq!(page.status, 401);
            continue;
        }
        assert_eq!(page.status, 200);
        assert!(page.header("cache-control").starts_with("public, max-age="), "{page:?}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_no_tokens_when_somebody_comes_through_a_proxy_or_by_a_name_of_its_own_then_it_sees_nothing() {
    let server = Server::start().await;
    let port = server.address.port();
    // A page whose own name was made to point here says with a GET no more than that name.
    for shown in [
        ("x-forwarded-for", "192.0.2.1"),
        ("via", "1.1 proxy"),
        ("host", "rebound.example"),
        ("host", "localhost.rebound.example:8420"),
    ] {
        for path in ALL {
            let page = ask(&server, "GET", path, &[shown]).await;
            assert_eq!(page.status, 401, "{shown:?} {path}");
            assert!(page.text().contains("localhost"), "{}", page.text());
        }
    }
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}"), "[::1]".into()] {
        for path in ALL {
            assert_eq!(ask(&server, "GET", path, &[("host", &host)]).await.status, 200, "{host}");
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_origins_when_their_pages_look_then_those_that_an_operator_named_may_and_no_other() {
    let server = Server::with(|config| config.web_origins = vec![PAGE.into()]).await;
    server.create("acme", Access::Open).await.unwrap();
    signed(&server, 1).await;
    for path in ALL {
        let page = ask(&server, "GET", path, &[("origin", PAGE)]).await;
        assert_eq!((page.status, page.header("access-control-allow-origin")), (200, PAGE));
        assert_eq!(page.header("vary"), "origin");
        let asks = [("origin", PAGE), ("access-control-request-method", "GET")];
        let may = ask(&server, "OPTIONS", path, &[&asks[..], &[("content-length", "0")]].concat()).await;
        assert_eq!((may.status, may.header("access-control-allow-methods")), (204, "GET, HEAD"));
        assert!(may.header("access-control-allow-headers").contains("authorization"));
        for other in ["https://other.example", "null", "http://127.0.0.1"] {
            let page = ask(&server, "GET", path, &[("origin", other)]).await;
            assert_eq!((page.status, page.header("content-type")), (403, "text/plain; charset=utf-8"));
            assert!(page.text().contains("web_origins") && page.header("grpc-status").is_empty());
            assert!(page.headers.keys().all(|name| !name.starts_with("access-control")), "{page:?}");
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_caller_that_takes_nothing_of_a_bundle_when_others_ask_then_they_are_answered() {
    let server = Server::with(|config| config.limits.subscriber_stall = Duration::from_secs(1)).await;
    server.create("acme", Access::Open).await.unwrap();
    // Pledges, since their text stands in the record: so many that the system's own buffers do not hold the bundle.
    for number in 0..250 {
        server.append("governance", vec![crate::seed::long_pledge(number)]).await.unwrap();
    }
    signed(&server, 251).await;
    let bundle = "/ledgers/acme/tile/entries/000.p/251";
    let mut held = Vec::new();
    for _ in 0..2 * pledgebook::limits::MAX_BUNDLES {
        let socket = TcpSocket::new_v4().unwrap();
        // The system would take most of the bundle in the caller's place.
        socket.set_recv_buffer_size(16 << 10).unwrap();
        let mut stream = socket.connect(server.address).await.unwrap();
        let request = format!("GET {bundle} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        held.push(stream);
    }
    let page = get(&server, bundle).await;
    assert_eq!(page.status, 200);
    assert!(page.body.len() > 13 << 20, "{}", page.body.len());
    assert_eq!(records(&page.body).len(), 251);
    drop(held);
    server.stop().await;
}
