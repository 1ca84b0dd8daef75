//! Who is sent to, and what goes wrong.

use std::time::{Duration, SystemTime};

use push_sim::{Action, Answer, Fault, GoAway, Service, Sim};

/// So many of each kind fail, at most: faults cost the simulator time.
const MOST: u64 = 10;

/// The kinds of devices that fail: those of `arrange` and the malformed ones.
const KINDS: u64 = 7;

/// The devices of a demo. Of each block of devices the first ones fail, each in its own way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene {
    devices: u64,
    block: u64,
}

impl Scene {
    pub(super) fn new(devices: u64) -> Self {
        Self {
            devices,
            block: (devices / MOST).max(KINDS + 3),
        }
    }

    /// Whether all that can go wrong has somebody to go wrong for.
    pub(super) fn is_complete(&self) -> bool {
        self.devices > self.block
    }

    pub(super) fn devices(&self) -> u64 {
        self.devices
    }

    pub(super) fn tokens(&self) -> impl Iterator<Item = String> + Send + 'static {
        let scene = *self;
        (0..self.devices).map(move |number| scene.token(number))
    }

    fn token(&self, number: u64) -> String {
        match number % self.block {
            0 => format!("device {number}"),
            _ => valid(number),
        }
    }

    /// Lets the simulator fail.
    pub(super) fn arrange(&self, sim: &Sim) -> push_sim::Result<()> {
        let answer = |status, reason: &str| Answer::new(status).reason(reason);
        let actions = [
            Action::Answer(answer(410, "Unregistered").timestamp_ms(yesterday_ms())),
            Action::Answer(answer(400, "DeviceTokenNotForTopic")),
            Action::Answer(answer(403, "Forbidden")),
            Action::Answer(answer(429, "TooManyRequests").retry_after("120")),
            Action::Answer(answer(500, "InternalServerError")),
            Action::DropAnswer,
        ];
        for start in (0..self.devices).step_by(usize::try_from(self.block).unwrap_or(usize::MAX)) {
            for (number, action) in (start + 1..self.devices).zip(&actions) {
                let fault = Fault::new(Service::Apns, action.clone());
                sim.fault(fault.token(valid(number)))?;
            }
        }
        // Two that no device notices: it is sent again where that is surely right.
        let expired = Action::Answer(answer(403, "ExpiredProviderToken"));
        let goodbye = Action::GoAway(GoAway::new());
        for (part, action) in [(3, expired), (2, goodbye)] {
            let fault = Fault::new(Service::Apns, action);
            sim.fault(fault.after(self.devices / part).times(1))?;
        }
        Ok(())
    }
}

/// A token of 32 bytes that looks like one (the numbers of a splitmix generator).
fn valid(number: u64) -> String {
    let mut state = number;
    let mut word = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    format!(
        "{:016x}{:016x}{:016x}{:016x}",
        word(),
        word(),
        word(),
        word()
    )
}

fn yesterday_ms() -> u64 {
    let day = Duration::from_secs(24 * 60 * 60);
    let since_1970 = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(day);
    u64::try_from(since_1970.saturating_sub(day).as_millis()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_differ_and_few_are_malformed() {
        let scene = Scene::new(5000);
        let tokens: HashSet<String> = scene.tokens().collect();
        assert_eq!(tokens.len(), 5000);
        let malformed = tokens.iter().filter(|token| token.len() != 64).count();
        assert_eq!(malformed, 10);
    }
}
