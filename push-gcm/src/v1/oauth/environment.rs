use std::fmt::Debug;
use std::io::{self, Read};
use std::path::Path;

/// Where credentials look around: environment variables and files.
///
/// [`ProcessEnvironment`] is the usual one; tests, and programs that keep their settings elsewhere,
/// bring another.
pub trait Environment: Debug + Send + Sync + 'static {
    /// The value of a variable; `None` where it is not set. An empty one counts as not set.
    fn variable(&self, name: &str) -> Option<String>;

    /// The contents of a file. It is called from within tasks, and must not take long.
    ///
    /// # Errors
    /// As [`std::fs::read`].
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
}

/// The variables of this process, and the file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

/// Key files and tokens are a few thousand bytes long.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

impl Environment for ProcessEnvironment {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path)?;
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "the file is longer than a million bytes",
            ));
        }
        Ok(bytes)
    }
}

/// A variable that is set to something.
pub(super) fn variable(environment: &dyn Environment, name: &str) -> Option<String> {
    environment.variable(name).filter(|value| !value.is_empty())
}

/// The first of these variables that is set to something.
pub(super) fn first_variable(environment: &dyn Environment, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| variable(environment, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_end_is_not_read_for_ever() {
        let Ok(true) = std::fs::exists("/dev/zero") else {
            return;
        };
        let error = ProcessEnvironment.read(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
