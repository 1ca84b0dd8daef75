//! A line as a device of the legacy protocol.

use anypush::gcm::Device;

use crate::lines::Line;

impl Device for Line {
    fn registration_id(&self) -> &str {
        match self {
            Self::Whole(text) => text,
            // What was cut is none; an empty one is refused.
            Self::Cut(_) => "",
        }
    }
}
