use std::time::Duration;

use super::config::{config, plain};

config! {
    /// The colour and rhythm of a device's light. All three have to be there.
    pub struct LightSettings {
        /// The colour.
        color: one<Color>,
        /// How long the light is on.
        light_on_duration ("lightOnDuration"): duration,
        /// How long the light is off.
        light_off_duration ("lightOffDuration"): duration,
    }
}

impl LightSettings {
    /// A light that is on and off for so long, by turns.
    pub fn new(color: impl Into<Color>, on: Duration, off: Duration) -> Self {
        Self::default()
            .color(color)
            .light_on_duration(on)
            .light_off_duration(off)
    }
}

config! {
    /// A colour of light; each part from 0 to 1, and 0 where it is absent.
    pub struct Color {
        /// The red part.
        red: real,
        /// The green part.
        green: real,
        /// The blue part.
        blue: real,
        /// How much of it covers what is below, from 0 to 1. Defaults to 1.
        alpha: real,
    }
}

impl Color {
    /// The colour of these parts, each from 0 to 1.
    pub fn new(red: f64, green: f64, blue: f64) -> Self {
        Self::default().red(red).green(green).blue(blue)
    }

    /// The colour of these parts, each from 0 to 255.
    pub fn rgb(red: u8, green: u8, blue: u8) -> Self {
        let part = |byte: u8| f64::from(byte) / 255.0;
        Self::new(part(red), part(green), part(blue))
    }
}

impl From<(u8, u8, u8)> for Color {
    fn from((red, green, blue): (u8, u8, u8)) -> Self {
        Self::rgb(red, green, blue)
    }
}

plain!(LightSettings, Color);
