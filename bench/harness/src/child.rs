use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;

/// This program once more, or another, in a process of its own, which answers in lines of JSON.
///
/// It is told to end by the end of its input; dropping it waits for that.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Child {
    /// Starts this program with other arguments, and with more in its environment.
    ///
    /// # Errors
    /// It can't be started.
    pub fn start<'a>(
        arguments: impl IntoIterator<Item = String>,
        environment: impl IntoIterator<Item = (&'a str, String)>,
    ) -> Result<Self> {
        let program = std::env::current_exe().context("this program can't find itself")?;
        Self::start_other(&program, arguments, environment)
    }

    /// Starts another program, which has to answer likewise.
    ///
    /// # Errors
    /// It can't be started.
    pub fn start_other<'a>(
        program: &Path,
        arguments: impl IntoIterator<Item = String>,
        environment: impl IntoIterator<Item = (&'a str, String)>,
    ) -> Result<Self> {
        let mut process = Command::new(program)
            .args(arguments)
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} can't be started", program.display()))?;
        let input = process.stdin.take();
        let output = process.stdout.take().context("the child has no output")?;
        Ok(Self {
            process,
            input,
            output: BufReader::new(output),
        })
    }

    /// Sends it a line.
    ///
    /// # Errors
    /// It has ended.
    pub fn tell(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().context("the child takes no input")?;
        writeln!(input, "{line}")?;
        Ok(input.flush()?)
    }

    /// Waits for its next line.
    ///
    /// # Errors
    /// It ended instead, or said something else.
    pub fn hear<T: DeserializeOwned>(&mut self) -> Result<T> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            bail!(
                "the child ended without an answer: {}",
                self.process.wait()?
            );
        }
        serde_json::from_str(&line).with_context(|| format!("not an answer: {line:?}"))
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It failed.
    pub fn end(mut self) -> Result<()> {
        self.input = None;
        let status = self.process.wait()?;
        if !status.success() {
            bail!("the child failed: {status}");
        }
        Ok(())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.input = None;
        // What went wrong was told by the call that found it.
        let _ = self.process.wait();
    }
}
