use crate::notification::checker::Checker;
use crate::notification::element::element;
use crate::notification::words::words;
use crate::notification::xml::{Tag, Xml};

element! {
    /// A text on a tile, or in a column of a toast.
    ///
    /// Characters that XML can't have are left out: the control characters but tab and line breaks, U+FFFE
    /// and U+FFFF.
    pub struct Text {
        needs {
            /// The text.
            text: String,
        }
        holds {}
        owns []
        /// Its language, as a tag such as `en-GB`. Default: that of what is around it.
        lang as "lang": text,
        /// Its size and weight. Default: [`TextStyle::Caption`].
        style as "hint-style": value<TextStyle>,
        /// Whether it goes on in a further line. Default: no.
        wrap as "hint-wrap": value<bool>,
        /// The most lines that it takes. Default: any number.
        max_lines as "hint-maxLines": value<u32>,
        /// The fewest lines that it takes. Default: 1.
        min_lines as "hint-minLines": value<u32>,
        /// On which side it stands. Default: as the language has it.
        align as "hint-align": value<TextAlign>,
    }
}

impl Text {
    /// A text.
    pub fn new(text: impl Into<String>) -> Self {
        Self::bare(text.into())
    }

    pub(in crate::notification) fn check(&self, at: &mut Checker) {
        self.check_extra(at);
        at.lines("max_lines", self.max_lines);
        at.lines("min_lines", self.min_lines);
        if let (Some(min), Some(max)) = (self.min_lines, self.max_lines)
            && min > max
        {
            at.unexpected("min_lines", &min.to_string(), "at most max_lines");
        }
    }

    pub(in crate::notification) fn write(&self, xml: &mut Xml) {
        xml.text(self.tag(Tag::new("text")), &self.text);
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

words! {
    /// The size and weight of a text. What is subtle has an opacity of 60 %, numerals have no space above
    /// and below.
    pub enum TextStyle ("text style") {
        /// Smaller than that of paragraphs: 12 effective pixels.
        Caption = "caption",
        /// The same, subtle.
        CaptionSubtle = "captionSubtle",
        /// That of paragraphs.
        Body = "body",
        /// The same, subtle.
        BodySubtle = "bodySubtle",
        /// That of paragraphs, bold.
        Base = "base",
        /// The same, subtle.
        BaseSubtle = "baseSubtle",
        /// That of headings of the fourth rank.
        Subtitle = "subtitle",
        /// The same, subtle.
        SubtitleSubtle = "subtitleSubtle",
        /// That of headings of the third rank.
        Title = "title",
        /// The same, subtle.
        TitleSubtle = "titleSubtle",
        /// The same, for numbers.
        TitleNumeral = "titleNumeral",
        /// The same, for numbers, subtle.
        TitleNumeralSubtle = "titleNumeralSubtle",
        /// That of headings of the second rank.
        Subheader = "subheader",
        /// The same, subtle.
        SubheaderSubtle = "subheaderSubtle",
        /// The same, for numbers.
        SubheaderNumeral = "subheaderNumeral",
        /// The same, for numbers, subtle.
        SubheaderNumeralSubtle = "subheaderNumeralSubtle",
        /// That of headings of the first rank: 46 effective pixels.
        Header = "header",
        /// The same, subtle.
        HeaderSubtle = "headerSubtle",
        /// The same, for numbers.
        HeaderNumeral = "headerNumeral",
        /// The same, for numbers, subtle.
        HeaderNumeralSubtle = "headerNumeralSubtle",
    }
}

words! {
    /// On which side a text stands.
    pub enum TextAlign ("alignment") {
        /// On the left.
        Left = "left",
        /// In the middle.
        Center = "center",
        /// On the right.
        Right = "right",
    }
}
