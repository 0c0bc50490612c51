//! The command `pledgebook`: alone knows argv and stdout.
//!
//! | File | Is |
//! |---|---|
//! | [`out`] | what people see: paragraphs, tables, a little colour |
//! | [`client`] | a server, as a posting system or a reader calls it |
//! | [`offline`] | a ledger's files, read without a server |
//! | [`ndjson`] | events as proto3 JSON, one a line |
//! | [`sheet`] | a spreadsheet's rows as events |
//! | [`posting`] | events on their way to a server: requests, answers, patience |
//! | [`judging`] | what would come of them, asked of the server |
//! | [`receipts`], [`proofs`] | what was answered, kept in files |
//! | [`summary`] | what became of a file, for people and for programs |
//! | [`answer`] | a report as it came over the wire, to be rendered here |
//! | the others | one command each |
//!
//! Invariant: a command exits 0 when it is done and found nothing wrong, 1 when it looked and found something wrong,
//! and 2 when it could not look. An error says what happened, to which file or field, and what to do next; it never
//! holds words or a token. It must not know what is legal in a ledger.

#![allow(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "pages are put together piece by piece, once a command"
)]

mod answer;
mod append;
mod check;
mod client;
pub mod demo;
mod export;
mod grant;
mod judging;
mod key;
mod ledger;
mod ndjson;
mod ocel;
mod offline;
mod out;
mod posting;
mod proofs;
mod prove;
mod receipts;
mod report;
mod restore;
mod serve;
mod sheet;
mod summary;
mod token;
mod trace;
mod verify;
mod verify_report;
mod witness;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done; nothing is wrong.
    Done,
    /// It looked, and something is wrong.
    FoundWrong,
}

/// A ledger of promises: every action taken on a commitment, and every policy changed because someone spoke up, is
/// recorded once, in order, so that nobody can quietly alter it later.
#[derive(Parser)]
#[command(name = "pledgebook", version, max_term_width = 100, after_help = EXAMPLE)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLE: &str = "Exit status: 0 done and intact, 1 looked and found something wrong,
2 could not look.

Example, on a machine that has nothing yet:
  pledgebook demo";

#[derive(Subcommand)]
enum Command {
    /// Publish a real pledge, post an invented year through gRPC, print the reports, verify the files.
    Demo(demo::Demo),
    /// Run the service.
    Serve(serve::Serve),
    /// Post events from a file: a spreadsheet's CSV with a mapping, or proto3 JSON, one event a line.
    Append(append::Append),
    /// Print a report, from a server or from a data directory.
    Report(report::Report),
    /// Trace a policy change or an action back to the feedback behind it, and forward to what was told.
    Trace(trace::Trace),
    /// Read every byte of a ledger and give five verdicts: what holds, what is broken, what is not established.
    Verify(verify::Verify),
    /// Work an issued report out again from files, and say whether it is the same.
    VerifyReport(verify_report::VerifyReport),
    /// Write a ledger as plain files that are verified without it, and can be published in part.
    Export(export::Export),
    /// Write a ledger as an object-centric event log, for process-mining tools.
    Ocel(ocel::ToOcel),
    /// Put a copy of a ledger back into service.
    Restore(restore::Restore),
    /// Write the proof of a record, which can be checked without a server.
    Prove(prove::Prove),
    /// Check proofs with a ledger's key, and say what they prove.
    Check(check::Check),
    /// Show and rotate the keys that sign for a ledger.
    Key(key::Key),
    /// Create and list ledgers.
    Ledger(ledger::Ledger),
    /// Say what a posting system may post.
    Grant(grant::Grant),
    /// Make and revoke the tokens that callers show.
    Token(token::Token),
    /// Hold other organisations' ledgers to their history.
    Witness(witness::Serve),
}

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Demo(demo) => demo.run(),
        Command::Serve(serve) => serve.run(),
        Command::Append(append) => append.run(),
        Command::Report(report) => report.run(),
        Command::Trace(trace) => trace.run(),
        Command::Verify(verify) => verify.run(),
        Command::VerifyReport(verify) => verify.run(),
        Command::Export(export) => export.run(),
        Command::Ocel(ocel) => ocel.run(),
        Command::Restore(restore) => restore.run(),
        Command::Prove(prove) => prove.run(),
        Command::Check(check) => check.run(),
        Command::Key(key) => key.run(),
        Command::Ledger(ledger) => ledger.run(),
        Command::Grant(grant) => grant.run(),
        Command::Token(token) => token.run(),
        Command::Witness(witness) => witness.run(),
    };
    match done {
        // An answer that was not written was not given.
        Ok(_) if out::lost() => ExitCode::from(2),
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::FoundWrong) => ExitCode::from(1),
        Err(error) => {
            out::complain(&format!("pledgebook: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Runs what waits for a network.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_make_sense_and_every_command_shows_an_example() {
        let mut cli = Cli::command();
        cli.clone().debug_assert();
        cli.build();
        let mut waiting = vec![cli];
        while let Some(mut command) = waiting.pop() {
            let name = command.get_name().to_owned();
            let help = command.render_long_help().to_string();
            assert!(name == "help" || help.contains("Example"), "{name} shows no example");
            // A longer line is wrapped, and what is copied from there does not work.
            let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in examples.lines() {
                assert!(line.chars().count() <= 80, "{name}: {line}");
                assert!(help.contains(line), "{name}: not shown as it is: {line}");
            }
            waiting.extend(command.get_subcommands().filter(|it| it.get_name() != "help").cloned());
        }
    }
}
