//! Secrets into files.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file that only its owner can read, and none that is there already.
pub(super) fn create(path: &Path, secret: &str) -> io::Result<()> {
    let mut file = open_new(path)?;
    let written = file
        .write_all(secret.as_bytes())
        .and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a key is none, and would be in the way.
        let _ = fs::remove_file(path);
    }
    written
}

/// Likewise, in place of what is there: at any time there is the old file or the new one.
pub(super) fn replace(path: &Path, secret: &str) -> io::Result<()> {
    let beside = beside(path);
    create(&beside, secret)?;
    let moved = fs::rename(&beside, path);
    if moved.is_err() {
        let _ = fs::remove_file(&beside);
    }
    moved
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    path.with_file_name(name)
}

fn open_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}
