//! `anypush keys`.

use std::path::PathBuf;

use clap::Args;

use super::common::OutputFormat;

const MANUAL: &str = "\
Examples:
  A key for a site, once and for all; without it no subscription can be pushed to any more:
    anypush keys vapid --out vapid.pem

  What pages subscribe with, of a key that there is:
    anypush keys vapid --from vapid.pem

  A key of the web-push package of npm, as PEM:
    web-push generate-vapid-keys --json > keys.json
    anypush keys vapid --from keys.json --out vapid.pem

In a page:
  registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: \"B…\" })

What is printed where no terminal shows it: the key in PEM, unless it goes to a file or comes from
one, and on the last line the application server key alone. With --output json one object:
  {\"application_server_key\":\"B…\",\"private_key_pem\":\"-----BEGIN PRIVATE KEY-----\\n…\"}
  {\"application_server_key\":\"B…\",\"file\":\"vapid.pem\"}

Exit status: 0; 2 where the file exists, or can't be read or written.";

/// Make the key by which push services know a sender (VAPID, RFC 8292), or show its public part
///
/// Pages subscribe with the public part, the application server key; who sends to those subscriptions
/// signs with the private part: send web --vapid FILE. Another key needs another subscription in every
/// browser.
#[derive(Debug, Args)]
#[command(after_help = MANUAL)]
pub(crate) struct KeysVapid {
    /// Write the key to this file, as PEM, readable for its owner only
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Write over a file that is there. The subscriptions that were made with the key in it are lost,
    /// unless it is kept elsewhere
    #[arg(long, requires = "out")]
    pub(crate) force: bool,

    /// Take the key from this file and make none: PEM, DER, base64url, or the JSON of the web-push
    /// package
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,

    /// How to tell it [default: human on a terminal, else bare lines]
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) output: Option<OutputFormat>,
}
