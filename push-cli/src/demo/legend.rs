//! What stands below the table.

use std::fmt::Write as _;

use console::style;

use super::played::Played;
use crate::output::{VERDICTS, colour, grouped};

/// So wide are the verdicts and the services before what is said of them.
const VERDICT_CHARS: usize = 17;
const SERVICE_CHARS: usize = 14;

/// What the verdicts mean, and for each service what went wrong on purpose.
pub(super) fn legend(played: &[Played]) -> String {
    let mut text = String::new();
    for verdict in VERDICTS {
        let name = colour(verdict).apply_to(format!("{verdict:<VERDICT_CHARS$}"));
        let _ = writeln!(text, "  {name}{}", style(meaning(verdict)).dim());
    }
    let _ = writeln!(text, "\n{}\n", style(PURPOSE).dim());
    for played in played {
        let mut name = played.title;
        for line in notes(played).lines() {
            let _ = writeln!(text, "  {name:<SERVICE_CHARS$}{}", style(line).dim());
            name = "";
        }
    }
    text
}

/// What went wrong, and who was told of by feedback where there is some.
fn notes(played: &Played) -> String {
    let told = played.usual().and_then(|row| row.feedback);
    let told = told.map(|devices| format!(" Feedback told of {}.", grouped(devices)));
    format!("{}{}", played.notes, told.unwrap_or_default())
}

const PURPOSE: &str = "  \
What was refused was refused on purpose. Every device has one outcome, and each simulator
  took just as many as were accepted, replaced or unknown.";

fn meaning(verdict: &str) -> &'static str {
    match verdict {
        "accepted" => "the service took it",
        "replace-token" => "taken, and the device has another token by now: store that one",
        "remove-token" => "the device is gone for good: delete its token",
        "retry-after" => "not taken, since the service is busy or fails: send it again later",
        "unknown" => "perhaps taken: the answer was lost, so sending again can show it twice",
        "fix-credentials" => "the sender's key may not push to this device: it is another app's",
        _ => "this can't be sent as it is: mostly the token is none at all",
    }
}
