//! The command `pledgebook`.

use std::process::ExitCode;

// An append of a hundred events makes some thousands of small values that one thread frees after another has made
// them: with the system's allocator, making and freeing them stood at the top of the writer's profile.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    pledgebook::cli::run()
}
