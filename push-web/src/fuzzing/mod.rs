//! What the fuzzer runs: for each reader of foreign bytes a function that takes any bytes and
//! asserts what must hold for all of them. No part of the public API.
//!
//! The workspace `fuzz/` makes a target of each. The inputs kept in `fuzz/corpus/` go through the
//! same functions in the tests below.

mod answer;
mod coding;
mod decrypt;
mod message;
#[cfg(test)]
mod replay;
mod secrets;
mod subscription;
mod vapid_key;

pub use self::answer::web_answer;
pub use self::decrypt::web_decrypt;
pub use self::message::web_message;
pub use self::subscription::web_subscription;
pub use self::vapid_key::web_vapid_key;

/// Fit for a log: what a peer sends must not look like lines of our own.
fn is_one_line(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

/// The browser of RFC 8291, appendix A.
fn browser() -> crate::Receiver {
    let decode = |text| crate::base64::decode(text).unwrap_or_default();
    let private = decode("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94");
    let auth = decode("BTBZMqHH6r4Tts7J_aSIgg");
    crate::Receiver::new(&private, &auth).expect("the keys of the RFC are keys")
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
            web_answer, web_decrypt, web_message, web_subscription, web_vapid_key,
        }
    }
}
