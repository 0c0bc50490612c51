//! The command `pledgebook`.

use std::process::ExitCode;

// An append of a hundred events makes some thousands of small values that one thread frees after another has made
// them; measured, this allocator gives the batch figures a half more (README, "Figures").
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    pledgebook::cli::run()
}
