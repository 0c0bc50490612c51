//! One fault at one call: `fault.c`, compiled and preloaded into a server, and what it says of the calls it saw.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;

use super::{have, kill, run, script};
use crate::binary::Launch;

pub const EIO: i32 = 5;
pub const EMFILE: i32 = 24;
pub const ENOSPC: i32 = 28;

/// Calls that change something. `open` opens what is there.
pub const CHANGES: [&str; 9] =
    ["create", "mkdir", "write", "pwrite", "fdatasync", "fsync", "ftruncate", "rename", "unlink"];

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    /// SIGKILL before it.
    Kill,
    /// The file system is shut down with all that it has not written, then SIGKILL.
    PowerLoss,
    /// It fails.
    Error(i32),
    /// It takes longer.
    Delay(Duration),
}

/// The compiled library, in a directory of its own.
pub struct Library {
    home: TempDir,
}

impl Library {
    /// Compiles it; none where that cannot be, and need not.
    pub fn compile() -> Option<Self> {
        if !have(false, &["cc"]) {
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/blackbox/machine/fault.c");
        let library = home.path().join("fault.so");
        run(
            "cc",
            &["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library.to_str().unwrap(), source, "-ldl"],
        );
        Some(Self { home })
    }

    pub fn fault(&self, act: Option<Act>) -> Fault {
        let set = match act {
            None => vec![],
            Some(Act::Kill) => vec![("FAULT_ACT", "kill".into())],
            Some(Act::PowerLoss) => vec![("FAULT_ACT", "power".into())],
            Some(Act::Error(number)) => {
                vec![("FAULT_ACT", "error".into()), ("FAULT_VALUE", number.to_string())]
            }
            Some(Act::Delay(time)) => {
                vec![("FAULT_ACT", "delay".into()), ("FAULT_VALUE", time.as_millis().to_string())]
            }
        };
        Fault { library: self.home.path().join("fault.so"), set }
    }
}

/// A fault to be.
#[derive(Clone)]
pub struct Fault {
    library: PathBuf,
    set: Vec<(&'static str, String)>,
}

impl Fault {
    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.set.push((name, value.into()));
        self
    }

    /// Strikes the calls from the one to the other, counted from 1.
    pub fn at(self, from: usize, to: usize) -> Self {
        self.with("FAULT_FROM", from.to_string()).with("FAULT_TO", to.to_string())
    }

    /// Counts these calls only.
    pub fn calls(self, calls: &[&str]) -> Self {
        self.with("FAULT_CALLS", format!(",{},", calls.join(",")))
    }

    /// Counts calls only on paths that hold this.
    pub fn named(self, part: &str) -> Self {
        self.with("FAULT_NAME", part)
    }

    /// Counts only while that file is there.
    pub fn armed(self, file: &Path) -> Self {
        self.with("FAULT_ARMED", file.to_str().unwrap())
    }

    /// The wall clock is ahead by the seconds in that file.
    pub fn clock(self, file: &Path) -> Self {
        self.with("FAULT_CLOCK", file.to_str().unwrap())
    }

    /// Puts it into a server; its calls below `root` go to `log`.
    pub fn into(self, launch: Launch, root: &Path, log: &Path) -> Launch {
        let launch = launch.with("LD_PRELOAD", self.library).with("FAULT_ROOT", root).with("FAULT_LOG", log);
        self.set.into_iter().fold(launch, |launch, (name, value)| launch.with(name, value))
    }
}

/// A call that was counted.
#[derive(Clone, Debug)]
pub struct Seen {
    pub call: String,
    pub thread: String,
    pub path: String,
    pub struck: bool,
}

/// What a log says.
pub fn seen(log: &Path) -> Vec<Seen> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let seen = text.lines().map(|line| {
        let [_, call, thread, path, struck] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let (call, thread, path) = (call.into(), thread.into(), path.into());
        Seen { call, thread, path, struck: struck == "1" }
    });
    seen.collect()
}

/// Calls that could change a file and that `fault.c` does not know. If one of them is made, it has to learn it.
const FOREIGN: &str = "pwritev,pwritev2,writev,sync_file_range,fallocate,copy_file_range,sendfile,splice,renameat,\
    renameat2,linkat,link,symlink,symlinkat,mkdirat,truncate,syncfs,sync,io_uring_setup,io_uring_enter";
const KNOWN: &str = "openat,write,pwrite64,fdatasync,fsync,ftruncate,rename,unlink,unlinkat,mkdir,rmdir";

#[test]
fn given_the_script_when_strace_counts_its_calls_too_then_the_faults_have_missed_none() {
    let Some(library) = Library::compile() else { return };
    if !have(false, &["strace"]) {
        return;
    }
    let home = super::memory();
    let (data, log, trace) = (home.path().join("data"), home.path().join("calls"), home.path().join("trace"));
    let calls = format!("trace={KNOWN},{FOREIGN}");
    let under = [
        "strace",
        "-f",
        "-y",
        "-s",
        "0",
        "-o",
        trace.to_str().unwrap(),
        "-e",
        &calls,
        "-e",
        "signal=none",
        "--",
    ];
    let launch = script::launch(&data).with("FAULT_NAME", "data").under(&under);
    // The traced program's own environment is what strace passes on; strace itself is not counted: nothing of its is below.
    let program = library.fault(None).into(launch, home.path(), &log).start().unwrap();
    kill::within(script::first_life(program.address, &script::Caller::default())).unwrap();
    assert!(script::terminate_traced(program).success());
    let root = data.to_str().unwrap();
    let text = std::fs::read_to_string(&trace).unwrap();
    let mut by_strace = std::collections::BTreeMap::<String, usize>::new();
    for line in text.lines().filter(|line| line.contains(root) && !line.contains("resumed>")) {
        let call = line.split_once(' ').unwrap().1.trim_start().split('(').next().unwrap();
        let call = match call {
            "openat" if line.contains("O_CREAT") => "create",
            // Directories are listed by a call inside the C library; nothing changes by it.
            "openat" => continue,
            // Room is asked for past the C library, and changes neither bytes nor length: being killed around it is being
            // killed before the next call. Disks that have none are real ones, in `full`.
            "fallocate" => continue,
            "pwrite64" => "pwrite",
            "unlinkat" | "rmdir" => "unlink",
            other => other,
        };
        *by_strace.entry(call.into()).or_default() += 1;
    }
    let mut by_us = std::collections::BTreeMap::<String, usize>::new();
    for seen in seen(&log).into_iter().filter(|seen| seen.path.starts_with(root) && seen.call != "open") {
        *by_us.entry(seen.call).or_default() += 1;
    }
    println!("{by_us:?}");
    assert_eq!(by_us, by_strace);
    assert!(by_us["pwrite"] > 20 && by_us["fdatasync"] > 10 && by_us["rename"] > 2, "{by_us:?}");
}
