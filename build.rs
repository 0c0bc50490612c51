//! Compiles `proto/` without a system `protoc`: protox parses, tonic-prost-build writes the code, and the same
//! descriptor set serves reflection and the proto3 JSON of the command line. And says by what code views are folded, so
//! that a snapshot of views that other code folded is not taken.

use prost::Message as _;
use std::hash::{DefaultHasher, Hasher as _};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// What decides which views the same records give: how events are opened and what is kept of them.
const FOLDS: [&str; 4] = ["src/domain", "src/journal/codec.rs", "src/projections", "Cargo.lock"];

/// Every file of the wire, one a service, and the messages they share.
const PROTOS: [&str; 6] = [
    "pledgebook/v1/event.proto",
    "pledgebook/v1/recorder.proto",
    "pledgebook/v1/reader.proto",
    "pledgebook/v1/audit.proto",
    "pledgebook/v1/report.proto",
    "pledgebook/v1/admin.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let mut folds = DefaultHasher::new();
    for path in FOLDS {
        println!("cargo:rerun-if-changed={path}");
        take_in(Path::new(path), &mut folds)?;
    }
    println!("cargo:rustc-env=PLEDGEBOOK_FOLDS={:016x}", folds.finish());
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let descriptors = protox::compile(PROTOS, ["proto"])?;
    fs::write(out.join("pledgebook_descriptor.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().build_client(true).build_server(true).compile_fds(descriptors)?;
    Ok(())
}

/// Takes in the names and contents of files, in the order of their names; not of tests, which decide nothing.
fn take_in(path: &Path, digest: &mut DefaultHasher) -> io::Result<()> {
    if path.is_dir() {
        let mut inside: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(path)? {
            inside.push(entry?.path());
        }
        inside.sort();
        for path in inside.iter().filter(|path| path.file_stem().is_none_or(|stem| stem != "tests")) {
            take_in(path, digest)?;
        }
        return Ok(());
    }
    digest.write(path.to_string_lossy().as_bytes());
    digest.write(&fs::read(path)?);
    Ok(())
}
