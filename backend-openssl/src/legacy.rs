use std::sync::{PoisonError, RwLock};

use openssl::error::ErrorStack;

/// Shared by those who do without the provider, alone for who has it loaded: OpenSSL would keep an
/// algorithm that one thread looks up while another unloads its provider.
static TURN: RwLock<()> = RwLock::new(());

/// Does something that may need an algorithm of OpenSSL's legacy provider: without it, and once
/// more with it where that is what was lacking.
///
/// Before OpenSSL 3 there were no providers, and the old algorithms are always there.
pub(crate) fn with_fallback<T>(
    is_lacking: fn(&ErrorStack) -> bool,
    action: impl Fn() -> Result<T, ErrorStack>,
) -> Result<T, ErrorStack> {
    let shared = TURN.read().unwrap_or_else(PoisonError::into_inner);
    let outcome = action();
    drop(shared);
    match outcome {
        Err(error) if is_lacking(&error) => {
            let _alone = TURN.write().unwrap_or_else(PoisonError::into_inner);
            again(error, action)
        }
        outcome => outcome,
    }
}

#[cfg(openssl3)]
fn again<T>(
    error: ErrorStack,
    action: impl Fn() -> Result<T, ErrorStack>,
) -> Result<T, ErrorStack> {
    use openssl::provider::Provider;

    // The default provider stays: it is the fallback that is retained.
    match Provider::try_load(None, "legacy", true) {
        Ok(provider) => {
            let outcome = action();
            drop(provider);
            outcome
        }
        // That an algorithm is lacking says more than that a file is.
        Err(_) => Err(error),
    }
}

#[cfg(not(openssl3))]
fn again<T>(error: ErrorStack, _: impl Fn() -> Result<T, ErrorStack>) -> Result<T, ErrorStack> {
    Err(error)
}
