//! `anypush keys vapid`.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use anypush::web::VapidKey;
use console::style;
use serde::Serialize;

use super::write::{create, replace};
use crate::args::{KeysVapid, OutputFormat};
use crate::exit::Exit;
use crate::output::is_for_people;
use crate::web::key_of_file;

pub(crate) fn run(args: &KeysVapid) -> Result<Exit> {
    let key = match &args.from {
        Some(path) => key_of_file("--from", path)?,
        None => VapidKey::generate()?,
    };
    let pem = key.to_pem()?;
    if let Some(path) = &args.out {
        write(path, &pem, args.force)?;
    }
    let shown = Shown {
        application_server_key: key.application_server_key(),
        file: args.out.as_deref(),
        private_key_pem: (args.out.is_none() && args.from.is_none()).then_some(pem.trim_end()),
    };
    let text = match args.output {
        Some(OutputFormat::Json) => format!("{}\n", serde_json::to_string(&shown)?),
        other if is_for_people(other) => shown.for_people(),
        _ => shown.bare(),
    };
    let mut out = io::stdout();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("can't write the key")?;
    Ok(Exit::Success)
}

fn write(path: &Path, pem: &str, force: bool) -> Result<()> {
    let written = match force {
        true => replace(path, pem),
        false => create(path, pem),
    };
    match written {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!(
            "--out {}: there is such a file, and subscriptions may belong to the key in it: give another \
             name, or --force to write over it",
            path.display()
        ),
        written => written.with_context(|| format!("--out {}: can't write it", path.display())),
    }
}

/// What there is to tell of a key.
#[derive(Serialize)]
struct Shown<'a> {
    application_server_key: String,
    /// Where the private key was written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a Path>,
    /// Where it was written nowhere, and was made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key_pem: Option<&'a str>,
}

impl Shown<'_> {
    fn for_people(&self) -> String {
        let mut text = String::new();
        if let Some(path) = self.file {
            text.push_str(&format!(
                "{} {}\n{}\n\n",
                style("Private key, in PEM, written to").dim(),
                path.display(),
                style("Keep it, and keep it secret: send web --vapid needs it.").dim()
            ));
        }
        if let Some(pem) = self.private_key_pem {
            text.push_str(&format!(
                "{}\n{pem}\n\n",
                style("Private key: keep it, and keep it secret. --out FILE writes it to a file.")
                    .dim()
            ));
        }
        text.push_str(&format!(
            "{}\n{}\n",
            style("Application server key, for pushManager.subscribe in the page:").dim(),
            self.application_server_key
        ));
        text
    }

    /// The application server key stands last, where a PEM's reader does not look.
    fn bare(&self) -> String {
        match self.private_key_pem {
            Some(pem) => format!("{pem}\n{}\n", self.application_server_key),
            None => format!("{}\n", self.application_server_key),
        }
    }
}
