//! Deadlines: told as such, and nothing is begun after them.

use std::time::{Duration, Instant};
use tonic::{Code, Request};

use crate::seed::{append, post};
use crate::server::{LEDGER, Server};
use crate::transport::Raw;

#[tokio::test(flavor = "multi_thread")]
async fn given_a_deadline_that_has_passed_when_a_request_comes_then_nothing_is_recorded() {
    let server = Server::start().await;
    let mut raw = Raw::connect(&server).await;
    let body = Raw::message(&append(vec![post("x")]));
    let headers = [("pledgebook-source", "governance"), ("grpc-timeout", "0m")];
    let answer = raw.call("/pledgebook.v1.RecorderService/Append", &headers, Some(body)).await;
    assert_eq!(answer.code, Code::DeadlineExceeded as i32, "{answer:?}");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.size(LEDGER).await, 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_handler_that_waits_when_the_deadline_comes_then_the_code_is_deadline_exceeded() {
    let server = Server::start().await;
    let mut raw = Raw::connect(&server).await;
    // The body never comes, so the handler never begins.
    let headers = [("pledgebook-source", "governance"), ("grpc-timeout", "300m")];
    let began = Instant::now();
    let answer = raw.call("/pledgebook.v1.RecorderService/Append", &headers, None).await;
    assert_eq!(answer.code, Code::DeadlineExceeded as i32, "{answer:?}");
    assert!(began.elapsed() < Duration::from_secs(2));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_generous_deadline_when_it_is_kept_then_nobody_notices() {
    let server = Server::start().await;
    let mut request = Request::new(append(vec![post("x")]));
    request.set_timeout(Duration::from_secs(20));
    assert!(server.recorder("governance").append(request).await.is_ok());
    server.stop().await;
}
