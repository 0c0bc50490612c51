//! Compiles `proto/` without a system `protoc`: protox parses, tonic-prost-build writes the code, and the same
//! descriptor set serves reflection and the proto3 JSON of the command line.

use prost::Message as _;
use std::{env, fs, path::PathBuf};

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
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let descriptors = protox::compile(PROTOS, ["proto"])?;
    fs::write(out.join("pledgebook_descriptor.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().build_client(true).build_server(true).compile_fds(descriptors)?;
    Ok(())
}
