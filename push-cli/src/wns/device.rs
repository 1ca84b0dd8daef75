//! A line as a channel of WNS.

use std::borrow::Cow;

use anypush::wns::{Channel, Device, InvalidChannel};

use crate::lines::Line;

impl Device for Line {
    fn channel(&self) -> Result<Cow<'_, Channel>, InvalidChannel> {
        // What was cut ends with an ellipsis, which no URI has.
        self.as_str().parse().map(Cow::Owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_channel_as_it_was_given_and_what_was_cut_is_none() {
        let uri = "https://db5p.notify.windows.com/?token=AwYAAAB%2b%3d";
        let line = Line::Whole(uri.into());
        assert_eq!(line.channel().unwrap().uri().url(), uri);
        let cut = Line::Cut(format!("{uri}…").into());
        assert!(cut.channel().is_err());
        assert!(Line::Whole("".into()).channel().is_err());
    }
}
