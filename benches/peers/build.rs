//! Compiles the limit server's wire and Pledgebook's own.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rerun-if-changed=../../proto");
    let limit = protox::compile(["limit.proto"], ["proto"])?;
    tonic_prost_build::configure().compile_fds(limit)?;
    let pledgebook = protox::compile(
        ["pledgebook/v1/recorder.proto", "pledgebook/v1/admin.proto", "pledgebook/v1/event.proto"],
        ["../../proto"],
    )?;
    tonic_prost_build::configure().build_server(false).compile_fds(pledgebook)?;
    Ok(())
}
