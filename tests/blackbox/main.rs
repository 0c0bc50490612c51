//! The service from outside: a real server, real files, real gRPC. Nothing here knows what is inside.

#![allow(clippy::pedantic, missing_docs, unreachable_pub, reason = "tests")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on panics")]

mod attack;
mod auditing;
mod auth;
mod binary;
mod commands;
mod crash;
mod deadline;
mod erase;
mod examples;
mod export;
mod history;
mod issuing;
mod judged;
mod limits;
mod machine;
mod pages;
mod reader;
mod receipts;
mod recorder;
mod report;
mod seed;
mod server;
mod shutdown;
mod stream;
mod transport;
mod web;
mod witness;
