//! The faults of a plain machine, against the real program: killed at every call, disks that fail, fill up, dawdle and
//! lose their power, too few descriptors, a clock that jumps.
//!
//! They need a C compiler, and for the disks root, loop devices and the tools of ext4; `tests/setup` installs what can
//! be installed. Where something is missing they fail and say what, unless `PLEDGEBOOK_UNPRIVILEGED=1` is set: then
//! they say loudly what was left out. Each ends what it started and takes away what it mounted, also when it fails.

mod clock;
mod descriptors;
mod disk;
mod errors;
pub mod fault;
mod full;
mod kill;
mod power;
mod race;
mod read_only;
pub mod script;
mod slow;
mod storm;

use std::{ffi::OsString, path::Path, process::Command};

/// Whether everything is there that a test needs: programs, and root where `root` is set.
///
/// # Panics
///
/// If not, and it was not said that this is to be so.
fn have(root: bool, programs: &[&str]) -> bool {
    let there = |program: &&str| std::env::split_paths(&paths()).any(|it| it.join(program).exists());
    let mut missing: Vec<_> =
        programs.iter().filter(|program| !there(program)).map(|program| format!("`{program}`")).collect();
    if root && !is_root() {
        missing.push("root".into());
    }
    if root && !Path::new("/dev/loop-control").exists() {
        missing.push("loop devices (/dev/loop-control)".into());
    }
    if missing.is_empty() {
        return true;
    }
    let missing = missing.join(", ");
    assert!(
        std::env::var("PLEDGEBOOK_UNPRIVILEGED").is_ok_and(|it| it == "1"),
        "this test needs {missing}; run tests/setup as root, or set PLEDGEBOOK_UNPRIVILEGED=1 to leave it out"
    );
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    eprintln!("==== NOT TESTED, for want of {missing}: {test} ====");
    false
}

/// Where programs are: those of an administrator too.
fn paths() -> OsString {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::env::split_paths(&paths).chain(["/sbin".into(), "/usr/sbin".into()])).unwrap()
}

/// Runs a program that must succeed.
fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .env("PATH", paths())
        .output()
        .unwrap_or_else(|why| panic!("{program}: {why}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
}

/// A directory where syncs cost nothing, for faults that leave the page cache as it is.
pub fn memory() -> tempfile::TempDir {
    let room = Command::new("df").args(["--output=avail", "-B1", "/dev/shm"]).output().ok();
    let room = room.and_then(|df| String::from_utf8_lossy(&df.stdout).lines().last()?.trim().parse().ok());
    // Containers often have some 64 MiB there.
    if room.unwrap_or(0_u64) > 1 << 29 { tempfile::tempdir_in("/dev/shm") } else { tempfile::tempdir() }
        .unwrap()
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .any(|line| line.strip_prefix("Uid:").is_some_and(|ids| ids.split_whitespace().nth(1) == Some("0")))
}
