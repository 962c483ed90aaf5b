//! Running the program as a person or a script does.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A path of the project.
pub(crate) fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs the program from the project's root, with nothing of the caller's surroundings that changes
/// its words.
pub(crate) fn portvakt<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portvakt"))
        .args(args)
        .current_dir(here(""))
        .env_remove("PORTVAKT_LANG")
        .env_remove("COLUMNS")
        .env_remove("CLICOLOR_FORCE")
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

/// What a run wrote on standard output.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}
