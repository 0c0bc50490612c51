//! Pledgebook: an event-sourced, hash-chained audit ledger of public commitments.
//!
//! The rooms, in the order in which an append walks through them; ARCHITECTURE.md is the map.
//!
//! | Module | Is | Pure |
//! |---|---|---|
//! | [`grpc`] | the wire: alone knows tonic and wire messages | |
//! | [`web`] | pages over plain HTTP: alone knows HTTP | |
//! | [`auth`] | who is calling, and what they may call | |
//! | [`journal`] | the only door to storage: judge, commit, answer | |
//! | [`domain`] | what is legal: events, rules, life cycles | yes |
//! | [`projections`] | views: folds of dated facts | yes |
//! | [`reports`] | figures from views, and their printed forms | yes |
//! | [`notary`] | signs what the ledger holds, and proves receipts | |
//! | [`audit`] | five verdicts on a ledger, for whoever trusts neither it nor its keeper | yes |
//! | [`export`] | a ledger as plain files, up to one signed checkpoint | |
//! | [`ledgers`] | the ledgers of one server, and the threads that keep their views | |
//! | [`witness`] | holds other logs to their history, and asks others to hold ours | |
//! | `outward` | asks others over HTTP: alone knows how | |
//! | [`server`] | everything put together on one port | |
//! | [`cli`] | the command: alone knows argv and stdout | |

pub mod audit;
pub mod auth;
pub mod cli;
pub mod config;
pub mod domain;
pub mod export;
pub mod grpc;
pub mod journal;
mod keyfile;
pub mod ledgers;
pub mod limits;
pub mod notary;
mod outward;
pub mod projections;
pub mod reports;
pub mod server;
pub mod telemetry;
pub mod web;
pub mod witness;
