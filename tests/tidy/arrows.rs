//! Who may see whom. The table is the map of ARCHITECTURE.md in a form that fails: a module without a row fails too, so
//! that nothing grows outside it.

use super::Finding;
use super::source::{Named, Source};

/// One room of `src/`: the rooms that it may see beside itself.
struct Room {
    name: &'static str,
    sees: &'static [&'static str],
    /// Paths of the storage crate that it may name. `storage` alone: all of them.
    storage: &'static [&'static str],
}

const ROOMS: &[Room] = &[
    Room { name: "domain", sees: &[], storage: &[] },
    Room { name: "limits", sees: &[], storage: &["storage::limits"] },
    Room { name: "config", sees: &["limits"], storage: &[] },
    Room { name: "telemetry", sees: &["limits"], storage: &[] },
    Room { name: "auth", sees: &["domain", "limits"], storage: &[] },
    Room { name: "journal", sees: &["domain"], storage: &["storage"] },
    Room { name: "projections", sees: &["domain"], storage: &[] },
    Room { name: "reports", sees: &["projections", "domain"], storage: &[] },
    // Of `journal`: how a stored record is opened, and found again; nothing of how one is written.
    Room {
        name: "audit",
        sees: &[
            "domain",
            "journal::codec",
            "journal::keys",
            "journal::erasure",
            "journal::receipt::commitment",
        ],
        storage: &[
            "storage::Digest",
            "storage::Keys",
            "storage::Record",
            "storage::integrity",
            "storage::note",
        ],
    },
    Room {
        name: "notary",
        sees: &["domain", "journal", "keyfile", "witness::client"],
        storage: &["storage"],
    },
    // Of `journal`: how a stored record is opened, and what it says is erased.
    Room { name: "export", sees: &["domain", "journal::codec", "journal::erasure"], storage: &["storage"] },
    Room {
        name: "ledgers",
        sees: &["audit", "journal", "notary", "projections", "reports", "domain"],
        storage: &["storage"],
    },
    Room {
        name: "grpc",
        sees: &[
            "audit",
            "auth",
            "export",
            "journal",
            "ledgers",
            "notary",
            "projections",
            "reports",
            "domain",
            "limits",
        ],
        storage: &[
            "storage::Digest",
            "storage::Head",
            "storage::note",
            "storage::Error",
            "storage::MAX_RECORD",
        ],
    },
    Room {
        name: "web",
        sees: &["auth", "journal", "ledgers", "projections", "reports", "domain", "limits"],
        storage: &["storage::Digest", "storage::Head", "storage::merkle::tile"],
    },
    Room {
        name: "server",
        sees: &[
            "auth",
            "config",
            "domain",
            "grpc",
            "journal",
            "ledgers",
            "limits",
            "notary",
            "projections",
            "reports",
            "telemetry",
            "web",
        ],
        storage: &["storage"],
    },
    Room {
        name: "cli",
        // Of `grpc`: what is on the wire, and nothing of how it is served.
        sees: &[
            "audit",
            "auth",
            "config",
            "domain",
            "export",
            "grpc::wire",
            "grpc::SOURCE_HEADER",
            "journal",
            "ledgers",
            "limits",
            "notary",
            "outward",
            "projections",
            "reports",
            "server",
            "telemetry",
            "witness",
        ],
        storage: &["storage"],
    },
    Room { name: "keyfile", sees: &[], storage: &["storage::note"] },
    Room { name: "outward", sees: &[], storage: &[] },
    // A log is an origin, keys and checkpoints to it: it sees no ledger.
    Room {
        name: "witness",
        sees: &["keyfile", "limits", "outward"],
        storage: &[
            "storage::backend::LockError",
            "storage::Backend",
            "storage::Digest",
            "storage::FileBackend",
            "storage::limits",
            "storage::Malformed",
            "storage::merkle",
            "storage::note",
        ],
    },
    Room { name: "main", sees: &["cli"], storage: &[] },
];

/// Names that only some places may say: everything that begins with the first is kept for the others.
const KEPT: &[(&str, &[&str])] = &[
    ("tonic", &["src/grpc/", "src/cli/", "src/server.rs"]),
    ("tonic_health", &["src/grpc/", "src/cli/", "src/server.rs"]),
    ("tonic_reflection", &["src/grpc/", "src/cli/", "src/server.rs"]),
    ("tonic_types", &["src/grpc/", "src/cli/", "src/server.rs"]),
    ("prost", &["src/grpc/", "src/cli/"]),
    ("prost_types", &["src/grpc/", "src/cli/"]),
    ("prost_reflect", &["src/grpc/", "src/cli/"]),
    ("crate::grpc::wire", &["src/grpc/", "src/cli/"]),
    ("axum", &["src/web/"]),
    ("rmp_serde", &["src/journal/codec.rs", "src/projections/snapshot.rs"]),
    ("ureq", &["src/outward.rs", "src/witness/client.rs", "src/cli/verify/source.rs"]),
    ("rustls", &["src/outward.rs"]),
    ("clap", &["src/cli/", "src/cli.rs"]),
    ("std::env::args", &["src/cli/", "src/cli.rs"]),
];

/// What a pure part may not name: clocks, input and output, async, randomness.
const IMPURE: &[&str] = &[
    "tokio",
    "tokio_stream",
    "futures_util",
    "tonic",
    "rand",
    "getrandom",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "Timestamp::now",
    "Zoned::now",
    "Instant::now",
    "SystemTime::now",
    "Uuid::new_v4",
    "Uuid::now_v7",
    "uuid::Uuid::new_v4",
    "uuid::Uuid::now_v7",
];

/// Places that must be pure.
const PURE: &[&str] = &[
    "src/domain/",
    "src/projections/",
    "src/reports/",
    "src/audit/",
    "storage/src/format/",
    "storage/src/merkle/",
    "storage/src/note/",
];

/// What the log engine knows nothing of.
const NOT_FOR_STORAGE: &[&str] = &[
    "tokio",
    "tonic",
    "prost",
    "rand",
    "uuid",
    "jiff",
    "pledgebook",
    "serde",
    "std::time::SystemTime",
    "std::time::Instant",
    "std::net",
    "std::env",
];

/// The only files of the log engine that do input and output.
const BACKEND: &str = "storage/src/backend/";

/// Imports that point the wrong way.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let names = source.names();
    let mut found = pure(source, &names);
    if source.path.starts_with("src/") {
        found.extend(kept(source, &names));
        found.extend(rooms(source, &names));
    }
    if source.path.starts_with("storage/src/") {
        found.extend(engine(source, &names));
    }
    found
}

/// Whether `path` is `name` or stands below it.
fn below(path: &str, name: &str) -> bool {
    path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn rooms(source: &Source, names: &[Named]) -> Vec<Finding> {
    let place = source.path["src/".len()..].trim_end_matches(".rs");
    let name = place.split('/').next().unwrap_or(place);
    if name == "lib" {
        return Vec::new();
    }
    let Some(room) = ROOMS.iter().find(|room| room.name == name) else {
        return vec![Finding::at(
            source,
            1,
            format!("`{name}` has no row in the table of tests/tidy/arrows.rs"),
        )];
    };
    // How many modules stand above the items of this file: that many `super::` lead out of the crate's root.
    let depth = place.trim_end_matches("/mod").split('/').count();
    names
        .iter()
        .filter_map(|Named { line, path }| {
            let supers = path.split("::").take_while(|part| *part == "super").count();
            if supers >= depth && supers > 0 {
                return Some(Finding::at(
                    source,
                    *line,
                    format!("`{path}` leaves `{name}`: name it from `crate::`"),
                ));
            }
            let inward = path.strip_prefix("crate::").or_else(|| path.strip_prefix("pledgebook::"));
            let seen = match inward {
                Some(inward) => below(inward, name) || room.sees.iter().any(|sees| below(inward, sees)),
                None => !below(path, "storage") || room.storage.iter().any(|sees| below(path, sees)),
            };
            (!seen).then(|| Finding::at(source, *line, format!("`{name}` may not see `{path}`")))
        })
        .collect()
}

fn kept(source: &Source, names: &[Named]) -> Vec<Finding> {
    let mut found = Vec::new();
    for Named { line, path } in names {
        for (name, places) in KEPT {
            if below(path, name) && !places.iter().any(|place| source.path.starts_with(place)) {
                let places = places.join(", ");
                found.push(Finding::at(source, *line, format!("`{path}` is named outside {places}")));
            }
        }
    }
    found
}

fn pure(source: &Source, names: &[Named]) -> Vec<Finding> {
    let Some(place) = PURE.iter().find(|place| source.path.starts_with(**place)) else {
        return Vec::new();
    };
    names
        .iter()
        .filter(|named| IMPURE.iter().any(|name| below(&named.path, name)))
        .map(|Named { line, path }| Finding::at(source, *line, format!("`{path}` in {place}, which is pure")))
        .collect()
}

fn engine(source: &Source, names: &[Named]) -> Vec<Finding> {
    let files = |path: &str| ["std::fs", "rustix", "std::os"].iter().any(|name| below(path, name));
    names
        .iter()
        .filter_map(|Named { line, path }| {
            let why = if NOT_FOR_STORAGE.iter().any(|name| below(path, name)) {
                "the log engine knows nothing of it"
            } else if files(path) && !source.path.starts_with(BACKEND) {
                "files are touched in its backend alone"
            } else {
                return None;
            };
            Some(Finding::at(source, *line, format!("`{path}`: {why}")))
        })
        .collect()
}

mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Source::new(path, text)).len()
    }

    #[test]
    fn an_upward_import_is_found() {
        for (path, text) in [
            ("src/domain/id.rs", "use crate::journal::Journal;"),
            ("src/domain/mod.rs", "fn f() { crate::reports::f(); }"),
            ("src/domain/id.rs", "use storage::Digest;"),
            ("src/domain/deep/id.rs", "use super::super::super::journal::Journal;"),
            ("src/domain/mod.rs", "use super::journal;"),
            ("src/auth/mod.rs", "use crate::{domain::id, journal::Journal};"),
            ("src/journal/mod.rs", "use crate::projections::Views;"),
            ("src/projections/actions.rs", "use crate::journal::Journal;"),
            ("src/projections/mod.rs", "use crate::ledgers::Ledgers;"),
            ("src/reports/mod.rs", "use crate::journal::Journal;"),
            ("src/grpc/mod.rs", "use crate::web::page;"),
            ("src/web/mod.rs", "use crate::grpc::convert;"),
            ("src/grpc/mod.rs", "use storage::{Digest, Log};"),
            ("src/server.rs", "use crate::cli::run;"),
            ("src/cli/mod.rs", "use crate::grpc::convert::event;"),
            ("src/limits.rs", "use crate::domain::id;"),
            ("src/limits.rs", "use storage::Log;"),
            ("src/config.rs", "use crate::server::Server;"),
            ("src/ledgers/mod.rs", "use crate::auth::Principal;"),
            ("src/audit/mod.rs", "use crate::journal::Journal;"),
            ("src/audit/mod.rs", "use storage::Log;"),
            ("src/journal/mod.rs", "use crate::audit::Audit;"),
            ("src/main.rs", "fn main() { pledgebook::server::run() }"),
            ("src/manager/mod.rs", "fn f() {}"),
        ] {
            assert_eq!(found(path, text), 1, "{path}: {text}");
        }
    }

    #[test]
    fn a_downward_import_passes() {
        for (path, text) in [
            ("src/domain/decide/action.rs", "use super::super::id; use crate::domain::event::Event;"),
            (
                "src/journal/mod.rs",
                "use storage::{Head, Reader}; use tokio::sync::watch; use crate::domain::event;",
            ),
            ("src/ledgers/projector.rs", "use crate::journal::Journal; use tokio::sync::watch;"),
            ("src/grpc/mod.rs", "use crate::{auth, ledgers::Ledger}; use storage::Digest;"),
            ("src/cli/mod.rs", "use crate::{grpc::wire, server}; use tonic::Request;"),
            ("src/domain/id.rs", "#[cfg(test)]\nmod tests { use crate::reports::report; }"),
            (
                "src/domain/id.rs",
                "// crate::reports would be wrong\nfn f() -> &'static str { \"crate::reports::x\" }",
            ),
        ] {
            assert_eq!(found(path, text), 0, "{path}: {text}");
        }
    }

    #[test]
    fn a_name_out_of_its_place_is_found() {
        for (path, text) in [
            ("src/journal/mod.rs", "use tonic::Status;"),
            ("src/ledgers/mod.rs", "fn f(s: tonic::Status) {}"),
            ("src/reports/mod.rs", "use prost::Message;"),
            ("src/journal/writer.rs", "use rmp_serde::to_vec;"),
            ("src/config.rs", "use clap::Parser;"),
            ("src/grpc/mod.rs", "use axum::Router;"),
        ] {
            assert_eq!(found(path, text), 1, "{path}: {text}");
        }
        // Twice wrong: an arrow, and a name.
        assert_eq!(found("src/reports/mod.rs", "use crate::grpc::wire::Event;"), 2);
        assert_eq!(found("src/journal/codec.rs", "use rmp_serde::to_vec;"), 0);
        assert_eq!(found("src/grpc/convert/mod.rs", "use tonic::Status; use crate::grpc::wire;"), 0);
        assert_eq!(found("src/server.rs", "use tonic::transport::Server;"), 0);
    }

    #[test]
    fn an_impure_name_in_a_pure_part_is_found() {
        for (path, text) in [
            ("src/domain/id.rs", "use std::time::SystemTime;"),
            ("src/domain/decide.rs", "fn f() { jiff::Timestamp::now(); }"),
            ("src/domain/decide.rs", "use jiff::Timestamp;\nfn f() { Timestamp::now(); }"),
            ("src/domain/id.rs", "fn f() { uuid::Uuid::new_v4(); }"),
            ("src/projections/mod.rs", "use std::{fmt, fs};"),
            ("src/projections/actions.rs", "use tokio::sync::watch;"),
            ("src/reports/mod.rs", "use std::time::Instant;"),
            ("storage/src/merkle/range.rs", "use std::fs::File;"),
        ] {
            assert!(found(path, text) >= 1, "{path}: {text}");
        }
        assert_eq!(
            found("src/domain/id.rs", "use std::time::Duration; use jiff::Timestamp; use uuid::Uuid;"),
            0
        );
    }

    #[test]
    fn the_log_engine_keeps_to_itself() {
        for (path, text) in [
            ("storage/src/log/mod.rs", "use std::time::Instant;"),
            ("storage/src/log/mod.rs", "use std::fs::File;"),
            ("storage/src/words/mod.rs", "fn f() { rustix::fs::fsync(); }"),
            ("storage/src/log/mod.rs", "use tokio::sync::watch;"),
            ("storage/src/error.rs", "use pledgebook::domain;"),
        ] {
            assert_eq!(found(path, text), 1, "{path}: {text}");
        }
        assert_eq!(found("storage/src/backend/file.rs", "use std::fs::File; use rustix::fs::fsync;"), 0);
        assert_eq!(
            found("storage/src/log/mod.rs", "use std::{io, path::Path}; use crate::format::Record;"),
            0
        );
    }
}
