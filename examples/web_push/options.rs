//! What was asked for on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::Result;

pub(crate) const HELP: &str = "\
Serves a page that subscribes browsers, and pushes to them.

    cargo run --example web_push -- [OPTIONS]

    --listen ADDR      where the page is served; default 127.0.0.1:8000
    --subject CONTACT  where push services can turn to: mailto:… or https://…
    --vapid FILE       the key, as PEM; made when it is missing; default vapid.pem
    --ca FILE          roots to trust instead of the system's, as PEM
    --allow-private    lets subscriptions lead to any address, port and scheme: never where
                       strangers can subscribe
";

pub(crate) struct Options {
    pub(crate) listen: SocketAddr,
    pub(crate) subject: String,
    pub(crate) vapid: PathBuf,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) allow_private: bool,
}

impl Options {
    /// `None`: help is wanted.
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Option<Self>> {
        let mut options = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            subject: "mailto:you@example.org".to_owned(),
            vapid: PathBuf::from("vapid.pem"),
            ca: None,
            allow_private: false,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--listen" => options.listen = value()?.parse()?,
                "--subject" => options.subject = value()?,
                "--vapid" => options.vapid = value()?.into(),
                "--ca" => options.ca = Some(value()?.into()),
                "--allow-private" => options.allow_private = true,
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("{word} is no option; --help lists them").into()),
            }
        }
        Ok(Some(options))
    }
}
