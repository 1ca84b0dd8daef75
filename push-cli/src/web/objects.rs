//! Subscriptions out of a list, as JSON objects: one on each line, over many lines, or in an array.

use super::{Broken, Given, read};
use crate::lines::Split;

/// No subscription has more text than this, whatever a program has put beside it.
pub(super) const MAX_OBJECT_BYTES: usize = 8192;

/// Makes subscriptions of bytes as they come. Keeps no more of an object than a subscription can have.
///
/// What stands between objects in an array is skipped. An object that does not end costs no other one: it
/// ends with its line where a text in it does not end, and else where the next one begins a line.
#[derive(Debug)]
pub(crate) struct Objects {
    place: Place,
    /// The one that has begun.
    begun: Vec<u8>,
    state: State,
    /// At the start of a line.
    fresh: bool,
    line: u64,
    /// The line on which it began.
    began: u64,
}

/// What its devices are called where they have no endpoint.
#[derive(Clone, Copy, Debug)]
enum Place {
    Line,
    /// The number of an argument.
    Argument(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Between,
    /// In so many objects, and in a text of theirs, perhaps behind a backslash.
    Object {
        depth: u32,
        text: Text,
    },
    /// In something that is no object; up to the end of the line.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Outside,
    Inside,
    Escaped,
}

const OBJECT: State = State::Object {
    depth: 1,
    text: Text::Outside,
};

const NONE: &str =
    "there is no subscription in it: give one as the browser gave it, or an array of some";

impl Objects {
    /// Of a list, whose lines are counted.
    pub(crate) fn of_list() -> Self {
        Self::new(Place::Line)
    }

    /// All of an argument, by its number.
    pub(crate) fn of_argument(number: usize, text: &str) -> Vec<Given> {
        let mut objects = Self::new(Place::Argument(number));
        let mut given = objects.split(text.as_bytes());
        given.extend(objects.end());
        if given.is_empty() {
            // It was not meant to be blank, and an array not to be empty.
            given.push(Given::Broken(Broken {
                device: objects.place(),
                why: NONE.to_owned(),
            }));
        }
        given
    }

    fn new(place: Place) -> Self {
        Self {
            place,
            begun: Vec::new(),
            state: State::Between,
            fresh: true,
            line: 1,
            began: 1,
        }
    }

    fn place(&self) -> String {
        match self.place {
            Place::Line => format!("line {}", self.began),
            Place::Argument(number) => format!("argument {number}"),
        }
    }

    fn begin(&mut self, byte: u8, state: State) {
        self.state = state;
        self.began = self.line;
        self.begun.push(byte);
    }

    fn keep(&mut self, byte: u8) {
        // One byte more than is allowed tells that there was more.
        if self.begun.len() <= MAX_OBJECT_BYTES {
            self.begun.push(byte);
        }
    }

    /// What has begun, which ends here.
    fn take(&mut self) -> Option<Given> {
        self.state = State::Between;
        let text = String::from_utf8_lossy(self.begun.trim_ascii());
        let given = (!text.is_empty()).then(|| read(&text, self.place()));
        self.begun.clear();
        given
    }

    fn step(&mut self, byte: u8) -> Option<Given> {
        match self.state {
            State::Between => {
                match byte {
                    b'{' => self.begin(byte, OBJECT),
                    b'[' | b']' | b',' | 0xef | 0xbb | 0xbf => {}
                    _ if byte.is_ascii_whitespace() => {}
                    _ => self.begin(byte, State::Other),
                }
                None
            }
            State::Other if byte == b'\n' => self.take(),
            State::Other => {
                self.keep(byte);
                None
            }
            State::Object { depth, text } => self.step_inside(byte, depth, text),
        }
    }

    fn step_inside(&mut self, byte: u8, depth: u32, text: Text) -> Option<Given> {
        // No JSON has the end of a line in a text.
        if byte == b'\n' && (text != Text::Outside || self.begun.len() > MAX_OBJECT_BYTES) {
            return self.take();
        }
        if byte == b'{' && self.fresh {
            let broken = self.take();
            self.begin(byte, OBJECT);
            return broken;
        }
        self.keep(byte);
        let (depth, text) = match (text, byte) {
            (Text::Escaped, _) => (depth, Text::Inside),
            (Text::Inside, b'\\') => (depth, Text::Escaped),
            (Text::Inside, b'"') => (depth, Text::Outside),
            (Text::Inside, _) => (depth, Text::Inside),
            (Text::Outside, b'"') => (depth, Text::Inside),
            (Text::Outside, b'{') => (depth.saturating_add(1), text),
            (Text::Outside, b'}') if depth == 1 => return self.take(),
            (Text::Outside, b'}') => (depth - 1, text),
            (Text::Outside, _) => (depth, text),
        };
        self.state = State::Object { depth, text };
        None
    }
}

impl Split for Objects {
    type Device = Given;

    fn split(&mut self, bytes: &[u8]) -> Vec<Given> {
        let mut given = Vec::with_capacity(bytes.len() / 256);
        for &byte in bytes {
            given.extend(self.step(byte));
            self.fresh = byte == b'\n';
            self.line += u64::from(self.fresh);
        }
        given
    }

    fn end(&mut self) -> Option<Given> {
        self.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = r#""keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}"#;

    fn object(name: &str) -> String {
        format!(r#"{{"endpoint":"https://a.example/{name}",{KEYS}}}"#)
    }

    /// What each is called, with a mark before what is no subscription.
    fn names(reads: &[&[u8]]) -> Vec<String> {
        let mut objects = Objects::of_list();
        let mut given = Vec::new();
        for bytes in reads {
            given.extend(objects.split(bytes));
            assert!(objects.begun.len() <= MAX_OBJECT_BYTES + 1);
        }
        given.extend(objects.end());
        given.iter().map(name).collect()
    }

    fn name(given: &Given) -> String {
        match given {
            Given::Subscription(to) => to
                .endpoint()
                .url()
                .trim_start_matches("https://a.example/")
                .into(),
            Given::Broken(broken) => format!("!{}", broken.device),
        }
    }

    fn names_of(text: &str) -> Vec<String> {
        names(&[text.as_bytes()])
    }

    #[test]
    fn objects_are_found_on_lines_over_lines_and_in_arrays_however_the_reads_fall() {
        let pretty = object("b").replace('{', "{\n  ").replace(',', ",\n  ");
        let text = format!(
            "\u{feff}{}\r\n\n  {}\n[{},\n{}, {}]\n",
            object("a"),
            pretty,
            object("c"),
            object("d"),
            object("e").replace('"', "\" ").replace(" :", ":")
        );
        let text = text.replace("\" ", "\"");
        for at in 0..text.len() {
            let (one, other) = text.as_bytes().split_at(at);
            assert_eq!(names(&[one, other]), ["a", "b", "c", "d", "e"], "{at}");
        }
    }

    #[test]
    fn one_that_does_not_end_costs_no_other() {
        let whole = object("whole");
        for end in 1..whole.len() {
            let text = format!("{}\n{}\n", &whole[..end], object("next"));
            let names = names_of(&text);
            assert_eq!(names.len(), 2, "{end}: {names:?}");
            assert!(names[0].starts_with('!'), "{end}: {names:?}");
            assert_eq!(names[1], "next", "{end}");
        }
    }

    #[test]
    fn braces_in_texts_are_no_objects() {
        let odd = object("a").replacen('{', r#"{"note":"}{ \" } \\","#, 1);
        assert_eq!(names_of(&format!("{odd}\n{}", object("b"))), ["a", "b"]);
    }

    #[test]
    fn what_is_no_subscription_is_told_by_its_endpoint_or_by_its_line() {
        let text = format!(
            "{}\nhello\n\n{{\"endpoint\":\"https://a.example/x\",\"keys\":{{\"p256dh\":1}}}}\n{{\n}}\n\
             {{\"endpoint\": \"https:\\/\\/a.example\\/y\", \"ke\né {}",
            object("a"),
            object("b"),
        );
        assert_eq!(
            names_of(&text),
            [
                "a",
                "!line 2",
                "!https://a.example/x",
                "!line 5",
                "!https://a.example/y",
                "!https://a.example/b"
            ]
        );
    }

    #[test]
    fn an_endless_object_is_one_device_and_little_memory() {
        let mut objects = Objects::of_list();
        let mut given = objects.split(b"{\"a\":[");
        for _ in 0..1000 {
            given.extend(objects.split(&[b'1'; 4096]));
            assert!(objects.begun.len() <= MAX_OBJECT_BYTES + 1);
        }
        given.extend(objects.split(format!("\n{}", object("b")).as_bytes()));
        let Given::Broken(broken) = &given[0] else {
            panic!("it is none");
        };
        assert!(broken.why.contains("8192"), "{}", broken.why);
        assert_eq!(given.iter().map(name).collect::<Vec<_>>(), ["!line 1", "b"]);
    }

    #[test]
    fn an_argument_is_a_subscription_an_array_of_some_or_none() {
        let names = |text: &str| -> Vec<String> {
            Objects::of_argument(2, text).iter().map(name).collect()
        };
        assert_eq!(names(&object("a")), ["a"]);
        assert_eq!(
            names(&format!("[{},{}]", object("a"), object("b"))),
            ["a", "b"]
        );
        assert_eq!(names(" "), ["!argument 2"]);
        assert_eq!(names("[]"), ["!argument 2"]);
        assert_eq!(names("{"), ["!argument 2"]);
        for text in ["[]", " ", "[ ,]"] {
            let given = Objects::of_argument(2, text);
            let [Given::Broken(broken)] = given.as_slice() else {
                panic!("{text} is none");
            };
            assert!(broken.why.contains("no subscription in it"), "{text}");
        }
    }
}
