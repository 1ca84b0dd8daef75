//! What an Apple notification says.

use anypush::apns::InterruptionLevel;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::Value;

use super::value;

const LEVELS: [&str; 4] = ["passive", "active", "time-sensitive", "critical"];

/// The payload, option by option.
#[derive(Debug, Default, PartialEq, Args)]
#[command(next_help_heading = "Message")]
pub(crate) struct Message {
    /// The title
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,

    /// The line below the title
    #[arg(long, value_name = "TEXT")]
    pub(crate) subtitle: Option<String>,

    /// The text
    #[arg(long, value_name = "TEXT")]
    pub(crate) body: Option<String>,

    /// The number on the app's icon; 0 takes it away
    #[arg(long, value_name = "N")]
    pub(crate) badge: Option<u32>,

    /// A sound file of the app, or `default`
    #[arg(long, value_name = "NAME")]
    pub(crate) sound: Option<String>,

    /// Notifications of one thread are shown together
    #[arg(long, value_name = "ID")]
    pub(crate) thread_id: Option<String>,

    /// The category, with its actions, that the app registered
    #[arg(long, value_name = "NAME")]
    pub(crate) category: Option<String>,

    /// Wake the app in the background; push type background does so of itself
    #[arg(long)]
    pub(crate) content_available: bool,

    /// Let the app's service extension change the notification before it is shown
    #[arg(long)]
    pub(crate) mutable_content: bool,

    /// How much it may interrupt
    #[arg(
        long,
        value_name = "LEVEL",
        value_parser = PossibleValuesParser::new(LEVELS).map(|level| InterruptionLevel::from(&*level))
    )]
    pub(crate) interruption_level: Option<InterruptionLevel>,

    /// From 0 to 1: which notification stands out in a summary
    #[arg(long, value_name = "SCORE")]
    pub(crate) relevance_score: Option<f64>,

    /// A key of the app's own beside `aps`, and its value as JSON; may be repeated
    #[arg(long, value_name = "KEY=JSON", value_parser = value::custom)]
    pub(crate) custom: Vec<(String, Value)>,

    /// The window that is brought forward
    #[arg(long, value_name = "ID")]
    pub(crate) target_content_id: Option<String>,

    /// What the system compares with the current Focus
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter_criteria: Option<String>,

    /// The launch image that the app shows when it is opened by the alert
    #[arg(long, value_name = "FILE")]
    pub(crate) launch_image: Option<String>,

    /// The text as a key among the app's localised strings
    #[arg(long, value_name = "KEY")]
    pub(crate) loc_key: Option<String>,

    /// What replaces a placeholder of the localised text; may be repeated
    #[arg(long = "loc-arg", value_name = "TEXT", requires = "loc_key")]
    pub(crate) loc_args: Vec<String>,

    /// The title as a key among the app's localised strings
    #[arg(long, value_name = "KEY")]
    pub(crate) title_loc_key: Option<String>,

    /// What replaces a placeholder of the localised title; may be repeated
    #[arg(
        long = "title-loc-arg",
        value_name = "TEXT",
        requires = "title_loc_key"
    )]
    pub(crate) title_loc_args: Vec<String>,

    /// The subtitle as a key among the app's localised strings
    #[arg(long, value_name = "KEY")]
    pub(crate) subtitle_loc_key: Option<String>,

    /// What replaces a placeholder of the localised subtitle; may be repeated
    #[arg(
        long = "subtitle-loc-arg",
        value_name = "TEXT",
        requires = "subtitle_loc_key"
    )]
    pub(crate) subtitle_loc_args: Vec<String>,

    /// The push magic of a managed device, for push type mdm
    #[arg(long, value_name = "TEXT")]
    pub(crate) push_magic: Option<String>,

    /// Shorten the text, with … at its end, where the payload would be too large
    #[arg(long)]
    pub(crate) truncate: bool,
}
