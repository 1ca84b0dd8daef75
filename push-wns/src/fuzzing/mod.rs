//! What the fuzzer runs: for each reader of foreign bytes a function that takes any bytes and
//! asserts what must hold for all of them. No part of the public API.
//!
//! The workspace `fuzz/` makes a target of each. The inputs kept in `fuzz/corpus/` go through the
//! same functions in the tests below.

mod answer;
mod channel;
mod notification;
#[cfg(test)]
mod replay;
mod secrets;

pub use self::answer::wns_answer;
pub use self::channel::wns_channel;
pub use self::notification::wns_notification;

/// Fit for a log: what a peer sends must not look like lines of our own.
fn is_one_line(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    mod what_is_promised_holds_for_every_kept_input_of {
        macro_rules! targets {
            ($($target:ident,)+) => {
                $(#[test]
                fn $target() {
                    crate::fuzzing::replay::replay(
                        stringify!($target),
                        crate::fuzzing::$target,
                    );
                })+
            };
        }

        targets! {
            wns_answer, wns_channel, wns_notification,
        }
    }
}
